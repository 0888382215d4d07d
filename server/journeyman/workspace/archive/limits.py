"""The bounds an archive must keep, when it is written and again before one byte of it is restored.

What an archive may hold a restore must accept, so both check the same numbers. They exist because a
manifest is input from outside: a wrong one must not fill a disk or the memory.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB, GIB = 1024, 1024**2, 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    entries: int = 1_000_000
    bytes: int = 256 * GIB
    """Content of all files together."""
    depth: int = 256
    name_bytes: int = 255
    path_bytes: int = 4095
    target_bytes: int = 4095
    xattrs_per_entry: int = 64
    xattr_name_bytes: int = 255
    xattr_value_bytes: int = 64 * KIB
    xattrs_bytes: int = 512 * KIB
    """Names and values of one entry together."""
    ratio: int = 100_000
    """Most bytes restored per byte stored, where more than `ratio_free_bytes` are restored at all."""
    ratio_free_bytes: int = 4 * GIB
    skipped: int = 1000
    """Skipped entries that are named; further ones are only counted."""
    chunk_bytes: int = 8 * MIB
    frame_bytes: int = 16 * MIB
    """One frame, decompressed."""
    window_bytes: int = 16 * MIB
    """What a decompressor may keep."""
    pack_bytes: int = 64 * MIB
    footer_bytes: int = 16 * MIB
    """The index at the end of a pack, decompressed."""
    manifest_bytes: int = 512 * MIB
    """A manifest, decompressed."""
    manifest_values: int = 20_000_000
    """Values in its JSON: what bounds the memory to read it."""
    object_bytes: int = 64 * MIB
    """The largest object that is ever written (`object_keys.OBJECT_BYTES_MAX`): more is not even read."""
    head_bytes: int = 64 * KIB
    fetch_ratio: int = 256
    """Most bytes decompressed per byte restored, beyond those of every frame once and `fetch_free_bytes`:
    what bounds the time a restore takes."""
    fetch_free_bytes: int = 4 * GIB


LIMITS = Limits()
