"""Links that lead out or in circles, names that are there twice, entries in the wrong order."""

from __future__ import annotations

from components.archive_forgery import sealed
from hostile.scene import TIME_NS, Case, Scene, added, chunk_id, edited, folder, forged, hard, kept, link
from journeyman.workspace.archive import strict
from journeyman.workspace.archive.model import Manifest, Node
from journeyman.workspace.archive.zstd import compress

EMPTY = Node(b"zzz", "file", 0o644, TIME_NS, digest=chunk_id(b""))
JOINS = "joins what is no earlier file"
INSIDE = "in what is no directory"
TWICE = "twice or out of order"


def _below_a_file(scene: Scene) -> Manifest:
    return scene.sorted_with(link(b"nothing/x"))


def _below_a_hard_link(scene: Scene) -> Manifest:
    return scene.sorted_with(folder(b"zz-same/x"))


def _reversed(scene: Scene) -> None:
    summary, body = scene.json()
    body["nodes"].reverse()
    scene.plant_bytes(sealed(strict.dump(summary), compress(strict.dump(body))))


def _through(scene: Scene) -> Manifest:
    return scene.with_nodes(link(b"zzz", scene.canary), link(b"zzz/planted"))


def _through_two(scene: Scene) -> Manifest:
    return scene.with_nodes(link(b"zzz1", scene.canary), link(b"zzz2", b"zzz1"), folder(b"zzz2/planted"))


def _hard_outside(scene: Scene) -> Manifest:
    return scene.with_nodes(hard(b"zzz", scene.canary + b"/secret"))


def _link_outside(scene: Scene) -> Manifest:
    return scene.sorted_with(link(b"zzz", scene.canary + b"/secret"), link(b"zzzz", scene.canary))


SYMBOLIC = [
    added("a child of a link", INSIDE, link(b"zzz", b"/etc"), link(b"zzz/passwd")),
    added("a child of a link up", INSIDE, link(b"zzz", b"../.."), folder(b"zzz/x")),
    added("a child of a link to a directory here", INSIDE, link(b"zzz", b"src"), folder(b"zzz/x")),
    added("a child of a link to itself", INSIDE, link(b"zzz", b"zzz"), folder(b"zzz/x")),
    added("a grandchild of a link", INSIDE, link(b"zzz", b"."), folder(b"zzz/src/x")),
    forged("a child of a link outside", INSIDE, _through),
    forged("a child of a link to a link outside", INSIDE, _through_two),
    added(
        "a link, then a directory of its name", TWICE, link(b"zzz", b"/"), folder(b"zzz"), folder(b"zzz/x")
    ),
    added(
        "a directory, then a link of its name", TWICE, folder(b"zzz"), link(b"zzz", b"/"), folder(b"zzz/x")
    ),
    added("a link, then a file of its name", TWICE, link(b"zzz", b"/etc/passwd"), EMPTY),
    added("a link without a target", "no usable target", link(b"zzz", b"")),
    added("a link with a zero byte", "no usable target", link(b"zzz", b"a\0b")),
    added("a link with a target of 4,096 bytes", "longer than", link(b"zzz", b"x" * 4096)),
    forged("links that lead outside", "", _link_outside),
    kept("a link to the parent", link(b"zzz", b"../../../..")),
    kept("a link to itself", link(b"zzz", b"zzz")),
    kept("links in a circle", link(b"zzz1", b"zzz2"), link(b"zzz2", b"zzz1")),
    kept("a chain of 100 links", *(link(b"zzz%03d" % n, b"zzz%03d" % (n + 1)) for n in range(100))),
    kept("a link to a device", link(b"zzz", b"/dev/zero")),
    kept("a link with a target that is no text", link(b"zzz", b"\xff\n\x1b[31m")),
    kept("a link with a target of 4,095 bytes", link(b"zzz", b"x" * 4095)),
]

HARD = [
    added("a hard link out", JOINS, hard(b"zzz", b"../../etc/passwd")),
    forged("a hard link to a file outside", JOINS, _hard_outside),
    added("a hard link to an absolute path", JOINS, hard(b"zzz", b"/etc/passwd")),
    added("a hard link to nothing", JOINS, hard(b"zzz", b"no-such")),
    added("a hard link to itself", JOINS, hard(b"zzz", b"zzz")),
    added("hard links in a circle", JOINS, hard(b"zzz1", b"zzz2"), hard(b"zzz2", b"zzz1")),
    added("a hard link to a directory", JOINS, hard(b"zzz", b"src")),
    added("a hard link to the workspace", JOINS, hard(b"zzz", b".")),
    added("a hard link to a symbolic link", JOINS, hard(b"zzz", b"dangling")),
    added("a hard link to a link of its own", JOINS, link(b"zzz1", b"/etc/passwd"), hard(b"zzz2", b"zzz1")),
    added("a hard link to a hard link", JOINS, hard(b"zzzz", b"zz-same")),
    added("a hard link to a later file", JOINS, hard(b"zzy", b"zzz"), EMPTY),
    added("a hard link through dots", JOINS, hard(b"zzz", b"./nothing")),
    added("a hard link through a link", JOINS, link(b"zzz1", b"src"), hard(b"zzz2", b"zzz1/tool.sh")),
    added("a hard link with two slashes", JOINS, hard(b"zzz", b"src//tool.sh")),
    added("a child of a hard link's place", INSIDE, hard(b"zzz", b"nothing"), folder(b"zzz/x")),
    edited(
        "a hard link that gives its own mode",
        "list",
        lambda _, body: body["nodes"].append(["h", "zzz", 0o4755, 0, {}, 0, "nothing", [], 9]),
    ),
    kept("a file of 2,000 names", *(hard(b"zzz%04d" % n, b"nothing") for n in range(2000))),
]

ORDER = [
    added("no parent", INSIDE, link(b"zzz/x")),
    added("no grandparent", INSIDE, folder(b"zzz/x/y")),
    added("twice", TWICE, folder(b"zzz"), folder(b"zzz")),
    added("a file twice", TWICE, EMPTY, EMPTY),
    added("a name of the good tree again", TWICE, folder(b"src")),
    added("out of order", TWICE, folder(b"zzzz"), folder(b"zzz")),
    added(
        "the order of text, not of paths",
        TWICE,
        folder(b"zz"),
        folder(b"zz.x"),
        folder(b"zz/a"),
        folder(b"zz-b"),
    ),
    added("a child first", INSIDE, link(b"zzz/x"), folder(b"zzz")),
    forged("a child of a file", INSIDE, _below_a_file),
    forged("a child of a hard link", INSIDE, _below_a_hard_link),
    Case("the whole tree backwards", _reversed, f"{INSIDE}|{TWICE}|{JOINS}"),
    kept("names that differ in case", folder(b"README"), folder(b"ReadMe"), folder(b"readme")),
    kept("names that differ in their composition", folder(b"a\xcc\x88"), folder(b"\xc3\xa4")),
    kept("names that look the same", folder("\u0430".encode()), folder(b"a")),
    kept("a case that would join a link and a directory", link(b"ZZ", b"/"), folder(b"zz"), folder(b"zz/x")),
    kept("a ligature", folder("\ufb00".encode()), folder(b"ff")),
    kept(
        "names around the separator",
        folder(b"zz"),
        folder(b"zz/a"),
        folder(b"zz-"),
        folder(b"zz."),
        folder(b"zz0"),
    ),
]

CASES = SYMBOLIC + HARD + ORDER
