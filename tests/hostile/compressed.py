"""What is around the JSON, and the JSON itself: zstd (RFC 8878) and text that no reader expects."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable

import zstandard

from components.archive_forgery import KEY, bomb, opened, sealed
from hostile.scene import Case, Scene, chunk_id, unsized
from journeyman.workspace.archive import codec, strict
from journeyman.workspace.archive.zstd import compress

MIB = 1024 * 1024
JSON = "canonical JSON"
SKIPPABLE = struct.pack("<II", 0x184D2A50, 100) + b"x" * 100


def body(name: str, match: str, data: Callable[[Scene], bytes] | bytes) -> Case:
    return Case(name, lambda s: s.plant_body(data if isinstance(data, bytes) else data(s)), match)


def text(name: str, match: str, data: bytes) -> Case:
    return Case(name, lambda scene: scene.plant_body(compress(data)), match)


def good(scene: Scene) -> bytes:
    return compress(strict.dump(scene.json()[1]))


def plain(scene: Scene) -> bytes:
    return strict.dump(scene.json()[1])


def wide(content: bytes) -> bytes:
    """A frame that says its size and wants a window of 2 GiB; its one block is not compressed."""
    block = (1 | len(content) << 3).to_bytes(3, "little")
    return b"\x28\xb5\x2f\xfd" + b"\x80\xa8" + struct.pack("<I", len(content)) + block + content


def with_dictionary(content: bytes) -> bytes:
    dictionary = zstandard.train_dictionary(1024, [b"abc%d" % n * 20 for n in range(1000)])
    return zstandard.ZstdCompressor(dict_data=dictionary).compress(content)


def header(size: int, tail: bytes = b"\x01\x00\x00") -> bytes:
    """A frame that says it holds `size` bytes, and then an empty last block."""
    return b"\x28\xb5\x2f\xfd" + b"\xe0" + struct.pack("<Q", size) + tail


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def _checksummed(scene: Scene) -> bytes:
    data = zstandard.ZstdCompressor(write_checksum=True).compress(plain(scene))
    return data[:-1] + bytes([data[-1] ^ 1])


@functools.cache
def _zeros() -> bytes:
    return bomb(600 * MIB)


@functools.cache
def _values() -> bytes:
    """Five hundred megabytes of empty lists in some kilobytes; each would be an object in memory."""
    piece = b"[]," * (MIB // 3)
    count = 500
    stream = zstandard.ZstdCompressor(level=1).compressobj(size=1 + count * len(piece) + 3)
    parts = [stream.compress(b"[")]
    parts += [stream.compress(piece) for _ in range(count)]
    return b"".join([*parts, stream.compress(b"[]]"), stream.flush()])


ZSTD = [
    body("no zstd", "damaged", b"hello"),
    body("nothing", "damaged", b""),
    body("another compression", "damaged", b"\x1f\x8b\x08\x00" + bytes(20)),
    body("an ancient zstd", "damaged", b"\x22\xb5\x2f\xfd" + bytes(20)),
    body("a mark without a frame", "damaged", b"\x28\xb5\x2f\xfd"),
    body("six hundred megabytes of zeros", "another number of bytes", lambda _: _zeros()),
    body("a size of all bits", "another number of bytes|damaged", header(2**64 - 1)),
    body("a size that is not said", "another number of bytes", lambda s: unsized(plain(s))),
    body("a size that is too large", "damaged|shorter", header(100 * MIB)),
    body("a size that is too small", "damaged", lambda s: header(1, good(s)[6:])),
    body("a size of zero and no JSON", JSON, header(0)),
    body("a window of two gigabytes", "window", lambda s: wide(plain(s))),
    body("a dictionary we do not have", "damaged", lambda s: with_dictionary(plain(s))),
    body("two frames", "damaged", compress(b"{}") + compress(b"{}")),
    body("the good frame twice", "damaged", lambda s: good(s) * 2),
    body("a frame to skip", "damaged", SKIPPABLE),
    body("a frame to skip, then the good one", "damaged|number", lambda s: SKIPPABLE + good(s)),
    body("the good one, then a frame to skip", "damaged", lambda s: good(s) + SKIPPABLE),
    body("a frame to skip of four gigabytes", "damaged|number", struct.pack("<II", 0x184D2A5F, 2**32 - 1)),
    body("one byte too many", "damaged", lambda s: good(s) + b"\0"),
    body("cut by three bytes", "damaged", lambda s: good(s)[:-3]),
    body("cut in the middle", "damaged", lambda s: good(s)[: len(good(s)) // 2]),
    body("a checksum of its own that is wrong", "damaged", _checksummed),
    body("a block of a kind that is reserved", "damaged", header(10, b"\x07\x00\x00")),
    body("a block larger than blocks are", "damaged", header(MIB, b"\xfd\xff\xff" + bytes(MIB))),
    body("the JSON, not compressed", "damaged", plain),
]

TEXT = [
    text("no JSON", JSON, b"hello"),
    text("no text at all", JSON, b""),
    text("a list where an object belongs", "other fields", b"[]"),
    text("null", "other fields", b"null"),
    text("an object without fields", "other fields", b"{}"),
    text("a hundred thousand lists in each other", JSON, b"[" * 100_000),
    text("a hundred thousand objects in each other", JSON, b'{"a":' * 100_000),
    text("a number of ten thousand digits", JSON, b'{"a":' + b"9" * 10_000 + b"}"),
    text("infinity", "not whole", b'{"a":Infinity}'),
    text("not a number", "not whole", b'{"a":NaN}'),
    text("a large exponent", "not whole", b'{"a":1e999999999}'),
    text("a key twice", "twice", b'{"a":1,"a":2}'),
    text("the same key in two spellings", "twice", b'{"nodes":[],"\\u006eodes":[]}'),
    text("UTF-8", JSON, '{"ä":1}'.encode()),
    text("UTF-16", JSON, '{"a":1}'.encode("utf-16")),
    text("a mark of byte order", JSON, b"\xef\xbb\xbf{}"),
    text("a comment", JSON, b'{"a":1/**/}'),
    text("a comma at the end", JSON, b'{"a":1,}'),
    text("two values", JSON, b"{}{}"),
    text("a zero byte after it", JSON, b"{}\0"),
    text("a text that does not end", JSON, b'{"a":"' + b"x" * 1000),
    text("an escape that is none", JSON, b'{"a":"\\x41"}'),
    body("a hundred and seventy million lists", "values", lambda _: _values()),
    text("nine million little texts", "other fields", b"[" + b'"ab",' * 9_000_000 + b"0]"),
    text("eight million objects", "other fields", b"[" + b"{}," * 8_000_000 + b"0]"),
    text("thirty million numbers", "values", b"[" + b"0," * 30_000_000 + b"0]"),
]


def _spaced(scene: Scene) -> None:
    """White space is no lie: what it says is what is restored."""
    import json

    summary, fields = opened(codec.encode(scene.manifest, KEY))
    scene.plant_bytes(sealed(strict.dump(summary), compress(json.dumps(fields, indent=1).encode())))


def stored(name: str, match: str, data: Callable[[bytes], bytes]) -> Case:
    """The manifest tells the truth of sizes; the frame in the pack is `data(content)`."""

    def forge(scene: Scene) -> None:
        content = bytes(range(256)) * 64
        scene.add_pack([content], stored=[data(content)])
        scene.plant(scene.with_nodes(scene.file_of(b"zzz", [content])))

    return Case(name, forge, match, begun=True)


IN_PACKS = [
    stored("a frame that is no zstd", "damaged", lambda content: content),
    stored("a frame of zeros without end", "another number of bytes", lambda _: bomb(500 * MIB)),
    stored("a frame that does not say its size", "another number of bytes", unsized),
    stored("a frame with a window of two gigabytes", "window", wide),
    stored("a frame that needs a dictionary", "damaged", with_dictionary),
    stored("a frame with one behind it", "damaged", lambda content: compress(content) * 2),
    stored(
        "a frame with one to skip before it", "damaged|number", lambda content: SKIPPABLE + compress(content)
    ),
    stored("a frame with one to skip behind it", "damaged", lambda content: compress(content) + SKIPPABLE),
    stored("a frame that is only to be skipped", "damaged|number", lambda _: SKIPPABLE),
    stored("a frame one byte short", "number of bytes", lambda content: compress(content[:-1])),
    stored("a frame one byte long", "number of bytes", lambda content: compress(content + b"x")),
    stored("a frame of other bytes", "does not match its hash", lambda content: compress(content[::-1])),
    stored(
        "a frame with a bit flipped", "damaged|hash|number", lambda content: flipped(compress(content), 12)
    ),
    stored("a frame cut in two", "damaged|shorter", lambda content: compress(content)[:-40]),
]


def _unkeyed(scene: Scene) -> None:
    """The hash everybody knows, not the project's."""
    from blake3 import blake3

    content = b"content under a hash without a key"
    scene.add_pack([content])
    last = scene.manifest.chunks[-1]
    plainly = blake3(content).digest()
    chunks = (*scene.manifest.chunks[:-1], type(last)(plainly, last.frame, 0, len(content)))
    from dataclasses import replace

    scene.manifest = replace(scene.manifest, chunks=chunks)
    node = scene.file_of(b"zzz", [content])._replace(digest=plainly)
    scene.plant(scene.with_nodes(node))
    assert chunk_id(content) != plainly


OTHERS = [
    Case("JSON with white space", _spaced),
    Case("a chunk by a hash without the key", _unkeyed, "does not match its hash", begun=True),
]

CASES = ZSTD + TEXT + IN_PACKS + OTHERS
