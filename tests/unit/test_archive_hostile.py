"""Manifests made to do harm are refused before one byte is written.

Every checksum in them is right, and each case says which check it must meet, so that none is refused by
accident.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.archive_forgery import KEY, bomb, current, edited, fitting, opened, plant, sealed, with_nodes
from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.workspace.archive import codec, strict
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.model import Manifest, Node
from journeyman.workspace.archive.zstd import compress

Forge = Callable[[Manifest], Manifest]
Edit = Callable[[dict[str, Any], dict[str, Any]], None]

PLAIN = r"not a plain one"


def _link(path: bytes, target: bytes = b"x") -> Node:
    return Node(path, "symlink", 0o777, 0, target=target)


def _folder(path: bytes) -> Node:
    return Node(path, "directory", 0o755, 0)


def _hard(path: bytes, target: bytes) -> Node:
    return Node(path, "hardlink", 0o644, 0, target=target)


def _added(*nodes: Node) -> Forge:
    return lambda manifest: with_nodes(manifest, *nodes)


def _file(manifest: Manifest) -> Node:
    return next(node for node in manifest.nodes if len(node.chunks) == 1)


def _swap(manifest: Manifest, old: Node, **change: Any) -> Manifest:
    nodes = tuple(node._replace(**change) if node is old else node for node in manifest.nodes)
    return fitting(replace(manifest, nodes=nodes))


def _chunk(manifest: Manifest, **change: Any) -> Manifest:
    return replace(manifest, chunks=(replace(manifest.chunks[0], **change), *manifest.chunks[1:]))


def _frame(manifest: Manifest, **change: Any) -> Manifest:
    return replace(manifest, frames=(replace(manifest.frames[0], **change), *manifest.frames[1:]))


def _pack(manifest: Manifest, **change: Any) -> Manifest:
    return replace(manifest, packs=(replace(manifest.packs[0], **change), *manifest.packs[1:]))


FORGED: list[tuple[str, Forge, str]] = [
    ("parent", _added(_folder(b"..")), PLAIN),
    ("up and out", _added(_link(b"zzz/../../etc/x")), PLAIN),
    ("through dots", _added(_link(b"zzz/./x")), PLAIN),
    ("absolute", _added(_link(b"/etc/passwd")), PLAIN),
    ("root", _added(_folder(b"/")), PLAIN),
    ("empty path", _added(_folder(b"")), PLAIN),
    ("double slash", _added(_link(b"zzz//x")), PLAIN),
    ("trailing slash", _added(_folder(b"zzz/")), PLAIN),
    ("zero byte", _added(_link(b"zzz\0/x")), "zero byte"),
    ("zero byte hides a parent", _added(_link(b"zzz\0..")), "zero byte"),
    ("long name", _added(_link(b"z" * 256)), PLAIN),
    ("too deep", _added(_link(b"/".join([b"z"] * 300))), "too deep"),
    ("no parent", _added(_link(b"zzz/x")), "no directory"),
    ("twice", _added(_folder(b"zzz"), _folder(b"zzz")), "twice or out of order"),
    ("file and directory of one name", _added(_link(b"zzz"), _folder(b"zzz")), "twice or out of order"),
    ("out of order", _added(_folder(b"zzzz"), _folder(b"zzz")), "twice or out of order"),
    ("child first", _added(_link(b"zzz/x"), _folder(b"zzz")), "no directory"),
    ("child of a link", _added(_link(b"zzz", b"/etc"), _link(b"zzz/passwd")), "no directory"),
    ("child of a link out", _added(_link(b"zzz", b"../.."), _folder(b"zzz/x")), "no directory"),
    ("child of a file", lambda m: with_nodes(m, _link(_file(m).path + b"/x"), sort=True), "no directory"),
    ("link without target", _added(_link(b"zzz", b"")), "no usable target"),
    ("link with a zero byte", _added(_link(b"zzz", b"a\0b")), "no usable target"),
    ("link with a long target", _added(_link(b"zzz", b"x" * 4096)), "longer than"),
    ("hard link out", _added(_hard(b"zzz", b"../../etc/passwd")), "no earlier file"),
    ("hard link to an absolute path", _added(_hard(b"zzz", b"/etc/passwd")), "no earlier file"),
    ("hard link to nothing", _added(_hard(b"zzz", b"no-such")), "no earlier file"),
    ("hard link to itself", _added(_hard(b"zzz", b"zzz")), "no earlier file"),
    ("hard links in a circle", _added(_hard(b"zzz1", b"zzz2"), _hard(b"zzz2", b"zzz1")), "no earlier file"),
    ("hard link to a directory", _added(_hard(b"zzz", b"src")), "no earlier file"),
    ("hard link to a symlink", _added(_hard(b"zzz", b"dangling")), "no earlier file"),
    ("hard link to a hard link", _added(_hard(b"zzzz", b"zz-same")), "no earlier file"),
    ("size too large", lambda m: _swap(m, _file(m), size=_file(m).size + 1), "do not make up"),
    ("size too small", lambda m: _swap(m, _file(m), size=0), "do not make up"),
    ("size without chunks", lambda m: _swap(m, _file(m), chunks=()), "do not make up"),
    ("enormous size", lambda m: _swap(m, _file(m), size=2**62), "bytes of files"),
    ("chunk repeated", lambda m: _swap(m, _file(m), chunks=_file(m).chunks * 3), "do not make up"),
    ("chunk that is not there", lambda m: _swap(m, _file(m), chunks=(99999,)), "chunk that is not there"),
    ("another file's content", lambda m: _swap(m, _file(m), digest=b"x" * 32), "does not match its hash"),
    ("setuid", lambda m: _swap(m, _file(m), mode=0o4755), "not between"),
    ("negative mode", lambda m: _swap(m, _file(m), mode=-1), "not between"),
    ("foreign attribute", lambda m: _swap(m, _file(m), xattrs=(("security.capability", b"x"),)), "attribute"),
    ("trusted attribute", lambda m: _swap(m, _file(m), xattrs=(("trusted.x", b"y"),)), "attribute"),
    ("attribute with a zero byte", lambda m: _swap(m, _file(m), xattrs=(("user.a\0b", b""),)), "attribute"),
    ("large attribute", lambda m: _swap(m, _file(m), xattrs=(("user.a", b"x" * 70000),)), "longer than"),
    ("pack elsewhere", lambda m: _pack(m, name="../../../other/packs/" + "0" * 50), "is not one"),
    ("pack of another project", lambda m: _pack(m, name="a/b"), "is not one"),
    ("pack of enormous size", lambda m: _pack(m, size=2**40), "is not one"),
    ("pack of no size", lambda m: _pack(m, size=0), "is not one"),
    ("pack named twice", lambda m: replace(m, packs=m.packs * 2), "named twice"),
    ("frame beyond its pack", lambda m: _frame(m, offset=m.packs[0].size), "beyond its pack"),
    ("frame over the beginning", lambda m: _frame(m, offset=0), "beyond its pack"),
    ("frame of no bytes", lambda m: _frame(m, stored=0), "size it may not"),
    ("frame that explodes", lambda m: _frame(m, raw=2**40), "size it may not"),
    ("frame in no pack", lambda m: _frame(m, pack=7), "not there"),
    ("chunk beyond its frame", lambda m: _chunk(m, offset=2**30), "beyond its frame"),
    ("chunk in no frame", lambda m: _chunk(m, frame=10**6), "not there"),
    ("chunk of no bytes", lambda m: _chunk(m, length=0), "size it may not"),
    ("chunk too large", lambda m: _chunk(m, length=2**40), "size it may not"),
    ("chunk listed twice", lambda m: replace(m, chunks=(*m.chunks, m.chunks[0])), "listed twice"),
    ("unknown chunker", lambda m: replace(m, chunker="magic"), "does not know"),
    ("root hash of something else", lambda m: replace(m, summary=replace(m.summary, root=b"r" * 32)), "root"),
    ("wrong count", lambda m: replace(m, summary=replace(m.summary, files=0)), "counts other"),
    ("wrong bytes", lambda m: replace(m, summary=replace(m.summary, bytes=1)), "counts other"),
]  # fmt: skip


def _of(body: str, value: Any) -> Edit:
    return lambda _, fields: fields.__setitem__(body, value)


def _summary(name: str, value: Any) -> Edit:
    return lambda fields, _: fields.__setitem__(name, value)


def _node(*fields: Any) -> Edit:
    return lambda _, body: body["nodes"].append(list(fields))


EDITED: list[tuple[str, Edit, str]] = [
    ("nodes missing", lambda _, body: body.pop("nodes") and None, "other fields"),
    ("more fields", _of("extra", 1), "other fields"),
    ("nodes no list", _of("nodes", {"a": 1}), "list"),
    ("nodes null", _of("nodes", None), "list"),
    ("entry no list", lambda _, body: body["nodes"].append(5), "list"),
    ("entry empty", _node(), "no known kind"),
    ("device", _node("b", "dev", 0o600, 0, {}, 8, 1, []), "no known kind"),
    ("too many fields", _node("d", "zzz", 0o755, 0, {}, 1, 2, 3, 4), "list"),
    ("too few fields", _node("d", "zzz"), "fields"),
    ("path a number", _node("d", 5, 0o755, 0, {}), "text"),
    ("path beyond bytes", _node("d", "z\u1234", 0o755, 0, {}), "no byte"),
    ("path far too long", _node("d", "z" * 5000, 0o755, 0, {}), "longer"),
    ("mode a text", _node("d", "zzz", "0755", 0, {}), "number"),
    ("mode true", _node("d", "zzz", True, 0, {}), "number"),
    ("time beyond the clock", _node("d", "zzz", 0o755, 2**70, {}), "number"),
    ("attributes a list", _node("d", "zzz", 0o755, 0, []), "object"),
    ("very many attributes", _node("d", "zzz", 0o755, 0, {f"user.{n}": "" for n in range(65)}), "object"),
    ("hash too short", _node("f", "zzz", 0o644, 0, {}, 0, "ab", []), "hash"),
    ("hash no hex", _node("f", "zzz", 0o644, 0, {}, 0, "g" * 64, []), "hash"),
    ("negative size", _node("f", "zzz", 0o644, 0, {}, -1, "0" * 64, []), "number"),
    ("negative chunk", _node("f", "zzz", 0o644, 0, {}, 0, "0" * 64, [-1]), "number"),
    ("pack short of a field", _of("packs", [["a"]]), "fields"),
    ("frame with text", _of("frames", [[0, 0, 0, "1"]]), "number"),
    ("chunk with half a number", lambda _, body: body["chunks"][0].__setitem__(1, 0.5), "not whole"),
    ("skipped a text", _of("skipped", "x"), "list"),
    ("very many skipped", _of("skipped", ["x"] * 2000), "list"),
    ("later version", _summary("version", 2), "number"),
    ("another project", _summary("project_id", "other"), "another project"),
    ("sequence zero", _summary("seq", 0), "number"),
    ("another sequence", _summary("seq", 77), "another archive"),
    ("another archive", _summary("archive_id", "other"), "another archive"),
    ("negative epoch", _summary("epoch", -1), "number"),
    ("no time", _summary("created_at", "yesterday"), "time"),
    ("time without zone", _summary("created_at", "2026-01-01T00:00:00"), "zone"),
    ("very long tool", _summary("tool", "t" * 300), "text"),
]


@pytest.fixture
async def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    await made.archive()
    return made


async def _refused(kit: Kit, match: str, engine: ArchiveEngine | None = None) -> None:
    into = kit.target()
    with pytest.raises(Failure, match=match) as caught:
        await (engine or kit.engine).restore(PROJECT, into.as_guest())
    assert caught.value.kind == "archive_corrupt"
    assert into.writes == 0
    assert not into.aborted, "not even begun"


@pytest.mark.parametrize(("forge", "match"), [pytest.param(f, m, id=n) for n, f, m in FORGED])
async def test_a_forged_manifest(kit: Kit, forge: Forge, match: str) -> None:
    manifest = forge(current(kit))
    plant(kit, manifest, codec.encode(manifest, KEY))
    await _refused(kit, match)


@pytest.mark.parametrize(("edit", "match"), [pytest.param(e, m, id=n) for n, e, m in EDITED])
async def test_an_edited_manifest(kit: Kit, edit: Edit, match: str) -> None:
    manifest = current(kit)
    plant(kit, manifest, edited(manifest, edit))
    await _refused(kit, match)


def _bodies() -> list[tuple[str, bytes, str]]:
    claims = bytearray(compress(b"x" * 1000))
    return [
        ("no zstd", b"hello", "damaged"),
        ("nothing", b"", "damaged"),
        ("no json", compress(b"hello"), "canonical JSON"),
        ("a thousand million zeros", bomb(600 * 2**20), "another number of bytes"),
        ("very deep", compress(b"[" * 100_000), "canonical JSON"),
        ("a number of many digits", compress(b'{"a":' + b"9" * 10_000 + b"}"), "canonical JSON"),
        ("infinity", compress(b'{"a":Infinity}'), "not whole"),
        ("a key twice", compress(b'{"a":1,"a":2}'), "twice"),
        ("utf-8", compress('{"ä":1}'.encode()), "canonical JSON"),
        ("two frames", compress(b"{}") + compress(b"{}"), "damaged"),
        ("cut", bytes(claims[:-3]), "damaged"),
        ("size not said", bytes(claims[:4] + b"\x00\x58" + claims[7:]), "damaged|number of bytes|window"),
    ]


@pytest.mark.parametrize(("body", "match"), [pytest.param(b, m, id=n) for n, b, m in _bodies()])
async def test_a_body_that_is_none(kit: Kit, body: bytes, match: str) -> None:
    manifest = current(kit)
    summary = strict.dump(codec._summary_out(manifest.summary))
    plant(kit, manifest, sealed(summary, body))
    await _refused(kit, match)


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        (Limits(entries=3), "more than 3 entries"),
        (Limits(bytes=1000), "more than 1000 bytes"),
        (Limits(depth=1), "too deep"),
        (Limits(name_bytes=5), PLAIN),
        (Limits(path_bytes=6), "longer than 6"),
        (Limits(manifest_bytes=100), "number of bytes"),
        (Limits(ratio=2, ratio_free_bytes=0), "far more bytes"),
        (Limits(chunk_bytes=1000), "size it may not"),
        (Limits(frame_bytes=1000), "size it may not"),
        (Limits(pack_bytes=100), "is not one"),
    ],
    ids=str,
)
async def test_what_goes_beyond_the_limits(kit: Kit, limits: Limits, match: str) -> None:
    """What a limit keeps from being restored it keeps from being archived, too."""
    engine = ArchiveEngine(kit.memory, clock=kit.clock, ids=kit.ids, limits=limits)
    await _refused(kit, match, engine)
    if limits.manifest_bytes == LIMITS.manifest_bytes:
        with pytest.raises(Failure) as caught:
            await engine.archive("other", kit.guest().as_guest(), epoch=1, journal=kit.note)
        assert caught.value.kind == "archive_failed"
        assert await engine.newest("other") is None


async def test_a_frame_that_holds_more_than_the_manifest_says(kit: Kit) -> None:
    """The manifest is in order; the pack it names holds a bomb."""
    manifest = current(kit)
    zeros = bomb(500 * 2**20)
    frame = replace(manifest.frames[0], stored=len(zeros))
    (pack,) = [key for key in kit.memory.objects if "/packs/" in key]
    data = kit.memory.objects[pack]
    kit.memory.objects[pack] = data[: frame.offset] + zeros + data
    size = len(kit.memory.objects[pack])
    forged = replace(
        manifest, frames=(frame, *manifest.frames[1:]), packs=(replace(manifest.packs[0], size=size),)
    )
    plant(kit, forged, codec.encode(forged, KEY))
    into = kit.target()
    with pytest.raises(Failure, match="another number of bytes") as caught:
        await kit.restore(into=into)
    assert caught.value.kind == "archive_corrupt"
    assert into.aborted


def _mutate(chance: random.Random, value: Any) -> Any:
    """`value` (JSON) with one thing somewhere in it changed."""
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        roll = chance.random()
        if roll < 0.1:
            return value[:at] + value[at + 1 :]
        if roll < 0.2:
            return [*value, value[at]]
        return [*value[:at], _mutate(chance, value[at]), *value[at + 1 :]]
    if isinstance(value, dict) and value and chance.random() < 0.95:
        name = chance.choice(sorted(value))
        return {**value, name: _mutate(chance, value[name])}
    if isinstance(value, str) and value and chance.random() < 0.7:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice(["", "/", "..", "\0", "\xff", "0", "../"]) + value[at + 1 :]
    if isinstance(value, int) and chance.random() < 0.7:
        return chance.choice([value + 1, value - 1, -value, 0, 2**31, 2**63, 2**64, value ^ 1])
    return chance.choice([None, True, 0, -1, "", "..", "/", [], {}, "\0", 10**30])


async def test_mutated_manifests(kit: Kit, tmp_path: Path) -> None:
    """Five hundred with one to three random changes: refused, or (where nothing was said that is not
    so) the very tree. Nothing appears outside."""
    chance = random.Random(20260101)
    manifest, tree = current(kit), snapshot(kit.source)
    summary, body = opened(codec.encode(manifest, KEY))
    refused = 0
    for _ in range(500):
        forged: Any = [summary, body]
        for _ in range(chance.choice([1, 1, 2, 3])):
            forged = [_mutate(chance, forged[0]), forged[1]] if chance.random() < 0.1 else [
                forged[0], _mutate(chance, forged[1])
            ]  # fmt: skip
        plant(kit, manifest, sealed(strict.dump(forged[0]), compress(strict.dump(forged[1]))))
        into = kit.target()
        try:
            _, folder = await kit.restore(into=into)
            assert snapshot(folder) == tree
        except Failure as failure:
            refused += failure.kind == "archive_corrupt"
            assert not into.finished
    assert refused > 450
    outside = {path.name for path in tmp_path.iterdir()}
    assert all(name == "source" or name.startswith("restored-") for name in outside)


def test_there_are_enough_cases() -> None:
    assert len(FORGED) + len(EDITED) >= 60
    assert len({name for name, _, _ in FORGED}) == len(FORGED)
