"""Kinds, modes, times, sizes and attributes that are not what they should be."""

from __future__ import annotations

from typing import Any

from hostile.scene import TIME_NS, Case, Scene, chunk_id, edited, folder, forged, kept
from journeyman.workspace.archive.model import Manifest, Node

EMPTY = b"nothing"
SMALL = b"src/tool.sh"


def node(name: str, match: str, *fields: Any) -> Case:
    return edited(name, match, lambda _, body: body["nodes"].append(list(fields)))


def small(name: str, match: str, **change: Any) -> Case:
    return forged(name, match, lambda scene: scene.swapped(SMALL, **change))


def empty(name: str, match: str, **change: Any) -> Case:
    return forged(name, match, lambda scene: scene.swapped(EMPTY, **change))


def file(path: bytes, **fields: Any) -> Node:
    return Node(path, "file", 0o644, TIME_NS, digest=chunk_id(b""))._replace(**fields)


def _later(scene: Scene) -> Manifest:
    return scene.swapped(SMALL, size=scene.node(SMALL).size + 1)


def _hash_of_content(scene: Scene) -> Manifest:
    return scene.swapped(EMPTY, digest=b"y" * 32)


def _three_times(scene: Scene) -> Manifest:
    return scene.swapped(SMALL, chunks=scene.node(SMALL).chunks * 3)


def _other_file(scene: Scene) -> Manifest:
    return scene.swapped(
        SMALL, chunks=scene.node(b"src/main.py").chunks, size=scene.node(b"src/main.py").size
    )


KINDS = [
    node("an entry without a kind", "no known kind"),
    node("a device", "no known kind", "b", "dev", 0o600, 0, {}, 8, 1, []),
    node("a terminal", "no known kind", "c", "tty", 0o666, 0, {}, 5, 0, []),
    node("a pipe", "no known kind", "p", "pipe", 0o644, 0, {}),
    node("a socket", "no known kind", "s", "sock", 0o644, 0, {}),
    node("a kind by its whole name", "no known kind", "file", "zzz", 0o644, 0, {}, 0, "0" * 64, []),
    node("a kind in capitals", "no known kind", "D", "zzz", 0o755, 0, {}),
    node("a kind that is a number", "no known kind", 1, "zzz", 0o755, 0, {}),
    node("a kind that is a list", "no known kind", ["d"], "zzz", 0o755, 0, {}),
    node("a directory with content", "list", "d", "zzz", 0o755, 0, {}, 5, "0" * 64, []),
    node("a link with attributes", "list", "l", "zzz", 0o777, 0, {}, "x"),
    node("a file without chunks", "fields", "f", "zzz", 0o644, 0, {}, 0, "0" * 64),
    node("too many fields", "list", "d", "zzz", 0o755, 0, {}, 1, 2, 3, 4),
    node("too few fields", "fields", "d", "zzz"),
    edited("an entry that is no list", "list", lambda _, body: body["nodes"].append(5)),
    edited("an entry that is an object", "list", lambda _, body: body["nodes"].append({"d": "zzz"})),
    edited("no entries", "counts other", lambda _, body: body["nodes"].clear()),
]

TEXTS = [
    node("a path that is a number", "text", "d", 5, 0o755, 0, {}),
    node("a path that is null", "text", "d", None, 0o755, 0, {}),
    node("a path that is a list of parts", "text", "d", ["..", "x"], 0o755, 0, {}),
    node("a path beyond bytes", "no byte", "d", "z\u1234", 0o755, 0, {}),
    node("a path with half a character", "no byte", "d", "z\ud800", 0o755, 0, {}),
    node("a path far too long", "longer", "d", "z" * 5000, 0o755, 0, {}),
    node("a target that is an object", "text", "l", "zzz", 0o777, 0, {"to": "x"}),
    node("a target beyond bytes", "no byte", "l", "zzz", 0o777, 0, "\u2025/x"),
]

MODES = [
    small("setuid", "not between", mode=0o4755),
    small("setgid", "not between", mode=0o2755),
    small("a mode with the bits of a device", "not between", mode=0o060644),
    small("a mode of sixteen bits and one", "not between", mode=0o200644),
    small("a negative mode", "not between", mode=-1),
    node("a mode that is text", "number", "d", "zzz", "0755", 0, {}),
    node("a mode that is true", "number", "d", "zzz", True, 0, {}),
    kept("a directory nobody may enter", folder(b"zzz", 0), folder(b"zzz/x", 0)),
    kept("a file nobody may read", file(b"zzz", mode=0)),
    kept("a sticky directory for all", folder(b"zzz", 0o1777)),
]

TIMES = [
    node("a time beyond 64 bits", "number", "d", "zzz", 0o755, 2**70, {}),
    node("a time at the end of 64 bits", "number", "d", "zzz", 0o755, -(2**63), {}),
    node("a time with a fraction", "not whole", "d", "zzz", 0o755, 1.5, {}),
    node("a time that is text", "number", "d", "zzz", 0o755, "now", {}),
    kept("a time before the beginning", folder(b"zzz")._replace(mtime_ns=-1)),
    kept("the time zero", folder(b"zzz")._replace(mtime_ns=0)),
]

UNKEPT_TIMES = [
    Case(
        f"the year {year}, which no file system keeps",
        lambda scene, ns=ns: scene.plant(scene.sorted_with(folder(b"zzz")._replace(mtime_ns=ns))),
        "another mtime",
        begun=True,
        either=True,
    )
    for year, ns in (("1677", -(2**63) + 1), ("2262", 2**63 - 1))
]

SIZES = [
    forged("a size too large", "do not make up", _later),
    small("a size too small", "do not make up", size=0),
    small("a size without chunks", "do not make up", chunks=()),
    small("an enormous size", "bytes of files", size=2**62),
    forged("chunks three times", "do not make up", _three_times),
    forged("the chunks of another file", "does not match its hash", _other_file),
    small("a chunk that is not there", "chunk that is not there", chunks=(99999,)),
    small("a hash of something else", "does not match its hash", digest=b"x" * 32),
    forged("an empty file with a hash of content", "reads back", _hash_of_content, begun=True),
    node("a hash too short", "hash", "f", "zzz", 0o644, 0, {}, 0, "ab", []),
    node("a hash that is no hex", "hash", "f", "zzz", 0o644, 0, {}, 0, "g" * 64, []),
    node("a hash in capitals", "hash", "f", "zzz", 0o644, 0, {}, 0, "A" * 64, []),
    node("a hash with a new line after it", "text|hash", "f", "zzz", 0o644, 0, {}, 0, "0" * 63 + "\n", []),
    node("a negative size", "number", "f", "zzz", 0o644, 0, {}, -1, "0" * 64, []),
    node("a size beyond 64 bits", "number", "f", "zzz", 0o644, 0, {}, 2**63, "0" * 64, []),
    node("a negative chunk", "number", "f", "zzz", 0o644, 0, {}, 0, "0" * 64, [-1]),
    node("a chunk that is true", "number", "f", "zzz", 0o644, 0, {}, 1, "0" * 64, [True]),
    node("chunks that are an object", "list", "f", "zzz", 0o644, 0, {}, 0, "0" * 64, {"0": 0}),
]

ATTRIBUTES = [
    empty("an attribute that gives capabilities", "attribute", xattrs=(("security.capability", b"x"),)),
    empty("an attribute of the overlay", "attribute", xattrs=(("trusted.overlay.redirect", b"/"),)),
    empty("an access list", "attribute", xattrs=(("system.posix_acl_access", b"\2\0\0\0"),)),
    empty("an attribute without a name", "attribute", xattrs=(("user.", b"x"),)),
    empty("an attribute with a zero byte", "attribute", xattrs=(("user.a\0b", b""),)),
    empty("an attribute nobody can spell", "attribute", xattrs=(("user.\ud800", b""),)),
    empty("an attribute with a long name", "attribute|longer", xattrs=(("user." + "\xe4" * 200, b""),)),
    empty("a large attribute", "longer than", xattrs=(("user.a", b"x" * 70000),)),
    empty(
        "attributes too large together",
        "too large",
        xattrs=tuple((f"user.{n:02}", b"x" * 60000) for n in range(10)),
    ),
    node("attributes that are a list", "object", "d", "zzz", 0o755, 0, []),
    node("very many attributes", "object", "d", "zzz", 0o755, 0, {f"user.{n}": "" for n in range(65)}),
    node("an attribute beyond bytes", "no byte", "d", "zzz", 0o755, 0, {"user.a": "\u1234"}),
    node("an attribute that is a number", "text", "d", "zzz", 0o755, 0, {"user.a": 1}),
]

CASES = KINDS + TEXTS + MODES + TIMES + UNKEPT_TIMES + SIZES + ATTRIBUTES
