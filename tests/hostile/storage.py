"""Packs, frames and chunks in the manifest: overlaps, overflows, bombs and names that lead elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hostile.scene import TIME_NS, Case, Scene, chunk_id, edited, forged
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import Chunk, Frame, Manifest, Node

MIB = 1024 * 1024


def pack(title: str, match: str, *, begun: bool = False, **change: Any) -> Case:
    def forge(scene: Scene) -> Manifest:
        first, *others = scene.manifest.packs
        return replace(scene.manifest, packs=(replace(first, **change), *others))

    return forged(title, match, forge, begun=begun)


def frame(title: str, match: str, *, begun: bool = False, **change: Any) -> Case:
    def forge(scene: Scene) -> Manifest:
        first, *others = scene.manifest.frames
        return replace(scene.manifest, frames=(replace(first, **change), *others))

    return forged(title, match, forge, begun=begun)


def chunk(title: str, match: str, *, begun: bool = False, **change: Any) -> Case:
    def forge(scene: Scene) -> Manifest:
        first, *others = scene.manifest.chunks
        return replace(scene.manifest, chunks=(replace(first, **change), *others))

    return forged(title, match, forge, begun=begun)


def _overlapping_frames(scene: Scene) -> Manifest:
    first = scene.manifest.frames[0]
    other = Frame(first.pack, first.offset + first.stored // 2, first.stored // 2, 100)
    return replace(scene.manifest, frames=(*scene.manifest.frames, other))


def _one_frame_many_times(scene: Scene) -> Manifest:
    """What would make the ratio of a bomb look harmless."""
    return replace(scene.manifest, frames=scene.manifest.frames + (scene.manifest.frames[0],) * 1000)


def _overlapping_chunks(scene: Scene) -> Manifest:
    """A thousand large chunks in the bytes of one: memory for all of them is what restoring would take."""
    content = bytes(range(256)) * 4096
    scene.add_pack([content])
    number = len(scene.manifest.frames) - 1
    more = [Chunk(chunk_id(content[at:]), number, at, len(content) - at) for at in range(1, 256)]
    return replace(scene.manifest, chunks=(*scene.manifest.chunks, *more))


def _a_great_many_fetches(scene: Scene) -> Manifest:
    """Small chunks, each in a large frame of its own, taken in turns: every one is a frame to decompress."""
    contents = [bytes([n]) + bytes(16 * MIB - 1) for n in range(1, 13)]
    scene.add_pack(contents)
    first = len(scene.manifest.frames) - len(contents)
    base = len(scene.manifest.chunks) - len(contents)
    small = [Chunk(chunk_id(bytes([n + 1])), first + n, 0, 1) for n in range(12)]
    scene.manifest = replace(scene.manifest, chunks=(*scene.manifest.chunks[:base], *small))
    numbers = tuple(base + n for n in range(12)) * 5000
    whole = bytes(range(1, 13)) * 5000
    node = Node(b"zzz", "file", 0o644, TIME_NS, len(whole), digest=chunk_id(whole), chunks=numbers)
    return scene.with_nodes(node)


def _bomb(scene: Scene, copies: int, files: int) -> Manifest:
    content = bytes(4 * MIB)
    scene.add_pack([content])
    number = len(scene.manifest.chunks) - 1
    size = copies * len(content)
    nodes = [
        Node(b"zzz%03d" % n, "file", 0o644, TIME_NS, size, digest=b"d" * 32, chunks=(number,) * copies)
        for n in range(files)
    ]
    return scene.with_nodes(*nodes)


def _far_too_many_bytes(scene: Scene) -> Manifest:
    return _bomb(scene, 1 << 16, 2)


def _ratio(scene: Scene) -> Manifest:
    scene.manifest = replace(scene.manifest, nodes=(), packs=(), frames=(), chunks=())
    return _bomb(scene, 1 << 10, 30)


def _pack_size_beyond(scene: Scene) -> Manifest:
    grown = replace(scene.pack, size=scene.pack.size + 1000)
    last = replace(scene.manifest.frames[0], offset=scene.pack.size, stored=500)
    packs = (grown, *scene.manifest.packs[1:])
    return replace(scene.manifest, packs=packs, frames=(last, *scene.manifest.frames[1:]))


def _columns(name: str, value: object) -> Case:
    return edited(f"{name} that are {value!r:.20}", "list", lambda _, body: body.__setitem__(name, value))


PACKS = [
    pack("a pack elsewhere", "is not one", name="../../../other/packs/" + "0" * 50),
    pack("a pack of another project", "is not one", name="a/b"),
    pack("a pack in the folder of manifests", "is not one", name="../m/" + "0" * 64),
    pack("HEAD as a pack", "is not one", name="../HEAD"),
    pack("a pack with a name of the system", "is not one", name="/dev/zero"),
    pack("a pack with a suffix too many", "is not one", name="0" * 64 + "-10"),
    pack("a pack with a new line in its name", "is not one", name="0" * 64 + "\n"),
    pack("a pack with half a character in its name", "is not one", name="0" * 63 + "\ud800"),
    pack("a pack in capitals", "is not one", name="A" * 64),
    pack("a pack that is not there", "not there", begun=True, name="0" * 64),
    pack("a pack of enormous size", "is not one", size=2**40),
    pack("a pack of no size", "is not one", size=0),
    pack("a pack smaller than its own mark", "is not one", size=8),
    pack("a pack said to be smaller", "beyond its pack", size=100),
    forged("a pack named twice", "named twice", lambda s: replace(s.manifest, packs=s.manifest.packs * 2)),
    edited("a pack short of a field", "fields", lambda _, body: body.__setitem__("packs", [["a"]])),
    edited("a pack of a negative size", "number", lambda _, body: body["packs"][0].__setitem__(1, -1)),
    _columns("packs", None),
]

FRAMES = [
    frame("a frame beyond its pack", "beyond its pack", offset=2**30),
    frame("a frame whose end wraps around", "beyond its pack", offset=2**63 - 1),
    frame("a frame over the mark at the beginning", "beyond its pack", offset=0),
    frame("a frame of no bytes", "size it may not", stored=0),
    frame("a frame of nothing", "size it may not", raw=0),
    frame("a frame that explodes", "size it may not", raw=2**40),
    frame("a frame in no pack", "not there", pack=7),
    forged("a frame behind the end of the real pack", "shorter than", _pack_size_beyond, begun=True),
    forged("frames that lie in each other", "lie in each other", _overlapping_frames),
    forged("one frame a thousand times", "lie in each other", _one_frame_many_times),
    edited("a frame with text", "number", lambda _, body: body.__setitem__("frames", [[0, 0, 0, "1"]])),
    edited("a frame with a negative offset", "number", lambda _, body: body["frames"][0].__setitem__(1, -8)),
    edited("a frame with five fields", "list|fields", lambda _, body: body["frames"][0].append(0)),
    _columns("frames", {"a": 1}),
]

CHUNKS = [
    chunk("a chunk beyond its frame", "beyond its frame", offset=2**30),
    chunk("a chunk whose end wraps around", "beyond its frame", offset=2**63 - 1),
    chunk("a chunk in no frame", "not there", frame=10**6),
    chunk("a chunk of no bytes", "size it may not", length=0),
    chunk("a chunk too large", "size it may not", length=2**40),
    forged(
        "a chunk twice",
        "listed twice",
        lambda s: replace(s.manifest, chunks=(*s.manifest.chunks, s.manifest.chunks[0])),
    ),
    forged("chunks that lie in each other", "lie in each other", _overlapping_chunks),
    edited("a chunk with half a number", "not whole", lambda _, body: body["chunks"][0].__setitem__(1, 0.5)),
    edited(
        "a chunk with a large exponent", "not whole", lambda _, body: body["chunks"][0].__setitem__(1, 1e300)
    ),
    edited("a chunk without a hash", "text", lambda _, body: body["chunks"][0].__setitem__(0, None)),
    _columns("chunks", "x"),
]

BOMBS = [
    forged("more bytes than any archive holds", "bytes of files", _far_too_many_bytes),
    forged("a hundred and twenty gigabytes in a few", "far more bytes", _ratio),
    forged("a great many fetches for few bytes", "far more work", _a_great_many_fetches),
    edited(
        "chunks by the million for one file",
        "do not make up",
        lambda _, body: next(row for row in body["nodes"] if row[0] == "f" and len(row[7]) == 1)[7].extend(
            [0] * 3_000_000
        ),
    ),
    edited("an unknown chunker", "does not know", lambda _, body: body.__setitem__("chunker", "magic")),
    edited(
        "a chunker nobody can spell", "does not know", lambda _, body: body.__setitem__("chunker", "\ud800")
    ),
    edited("a skipped list that is text", "list", lambda _, body: body.__setitem__("skipped", "x")),
    edited("very many skipped", "list", lambda _, body: body.__setitem__("skipped", ["x"] * 2000)),
]


def limited(name: str, match: str, limits: Limits) -> Case:
    return Case(f"more than the limit: {name}", lambda scene: None, match, limits=limits)


LIMITED = [
    limited("entries", "more than 3 entries", Limits(entries=3)),
    limited("bytes", "more than 1000 bytes", Limits(bytes=1000)),
    limited("values", "more than 50 values", Limits(manifest_values=50)),
    limited("stored bytes", "larger than any object", Limits(object_bytes=100)),
]

CASES = PACKS + FRAMES + CHUNKS + BOMBS + LIMITED
