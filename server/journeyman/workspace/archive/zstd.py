"""Compressing and, with every bound checked first, decompressing single zstd frames (RFC 8878)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import zstandard

from journeyman.workspace.archive.strict import MalformedError

LEVEL = 3
FASTER_LEVEL = 1
"""A twentieth larger for half the time."""
FASTER_HASH_LOG = 13
"""Half the table zstd would take fits the first cache of a processor: 6 % less time for 1.6 % more bytes."""
NO_LEVEL = -5
"""For what does not compress: a frame of nearly the same size, made at memory speed."""
SAMPLE_BYTES = 8 * 1024
SAMPLES = 4
WORTH_IT = 0.95
BLOCK_BYTES_LEAST = 256
REPEATED = 1
"""A block of one byte, as often as its size says (RFC 8878, 3.1.1.2)."""
_ANOTHER_SIZE = "a compressed frame says it holds another number of bytes than it may"
_SHORTER = "a compressed frame is shorter than it says"


def compress(data: bytes | memoryview, level: int = LEVEL) -> bytes:
    if level == FASTER_LEVEL:
        return fastest(data, len(data))
    return zstandard.ZstdCompressor(level=level, write_content_size=True, write_checksum=False).compress(data)


def compress_adaptively(data: bytes | memoryview, level: int) -> bytes:
    """Compress, with no effort where samples say that it would be lost."""
    if len(data) <= SAMPLE_BYTES * SAMPLES:
        return compress(data, level)
    sample = _sample(data)
    size = len(fastest(sample, len(data)))
    if size >= len(sample) * WORTH_IT:
        return compress(data, NO_LEVEL)
    if level == FASTER_LEVEL and len(fastest(sample, len(data), plain=True)) <= size:
        return fastest(data, len(data), plain=True)
    return compress(data, level)


def _sample(data: bytes | memoryview) -> bytes:
    step = (len(data) - SAMPLE_BYTES) // (SAMPLES - 1)
    return b"".join(data[at : at + SAMPLE_BYTES] for at in range(0, step * SAMPLES, step))


def fastest(data: bytes | memoryview, size: int, *, plain: bool = False) -> bytes:
    """As `size` bytes would be. `plain`: what repeats nothing stays as it is, and nobody asks whether some of
    its bytes are seldomer than others. That is lost on what is random between its repetitions, as in many
    databases."""
    parameters = zstandard.ZstdCompressionParameters.from_level(  # pyright: ignore[reportUnknownMemberType]
        FASTER_LEVEL, source_size=size, hash_log=FASTER_HASH_LOG, target_length=1 if plain else 0
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def decompress(data: bytes | memoryview, most: int, window_most: int, *, exactly: int | None = None) -> bytes:
    """The content of one frame that says it holds at most `most` bytes (`exactly` that many where given).
    Raises `MalformedError`, before memory is taken for content that is too large."""
    with _damage():
        size = _size_in(data, most, window_most)
        if exactly is not None and size != exactly:
            raise MalformedError(_ANOTHER_SIZE)
        content = zstandard.ZstdDecompressor().decompress(data, max_output_size=size, allow_extra_data=False)
    if len(content) != size:
        raise MalformedError(_SHORTER)
    return content


def decompress_into(room: memoryview, data: memoryview, window_most: int) -> None:
    """Fill `room` with the content of one frame, which must say that it holds exactly so many bytes. Raises
    `MalformedError`."""
    with _damage():
        if not _is_one(data, len(room)):
            room[:] = decompress(data, len(room), window_most, exactly=len(room))
            return
        if _size_in(data, len(room), window_most) != len(room):
            raise MalformedError(_ANOTHER_SIZE)
        reader: Any = zstandard.ZstdDecompressor().stream_reader(data)
        if reader.readinto(room) != len(room):
            raise MalformedError(_SHORTER)


def _is_one(data: memoryview, size: int) -> bool:
    """Whether its blocks end where it does. A reader of streams does not tell what it left; where there are
    more blocks than any writer makes of `size` bytes, nobody counts them."""
    at = zstandard.frame_header_size(data)
    for _ in range(size // BLOCK_BYTES_LEAST + 2):
        block = int.from_bytes(data[at : at + 3], "little")
        at += 3 + (1 if block >> 1 & 3 == REPEATED else block >> 3)
        if block & 1:
            return at + 4 * zstandard.get_frame_parameters(data).has_checksum == len(data)
    return False


def _size_in(data: bytes | memoryview, most: int, window_most: int) -> int:
    """How many bytes a frame says it holds."""
    header = zstandard.get_frame_parameters(data)
    size = header.content_size
    if size == zstandard.CONTENTSIZE_UNKNOWN or size > most:
        raise MalformedError(_ANOTHER_SIZE)
    if header.window_size > window_most and header.window_size > size:
        raise MalformedError("a compressed frame wants too large a window")
    return size


@contextmanager
def _damage() -> Generator[None]:
    try:
        yield
    except zstandard.ZstdError as error:
        raise MalformedError(f"a compressed frame is damaged: {str(error)[:80]}") from None
