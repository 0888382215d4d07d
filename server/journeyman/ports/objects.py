"""Object storage: S3, or a local folder with the same layout.

Keys are `/`-separated ASCII. Objects are immutable except those written with `replace`. Failures:
`store_unavailable` (retryable), `store_refused`, `disk_full`, `not_found`, `archive_corrupt`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Data = bytes | memoryview
"""What begins at a page of memory, and is large, a local folder takes without a copy."""


class Made(Protocol):
    """An object that is made while it is written: the same bytes each time it is asked for."""

    def __len__(self) -> int: ...

    def pieces(self) -> Iterator[Data]:
        """In order; each is good until the next is asked for."""
        ...


def whole(data: Data | Made) -> Data:
    if isinstance(data, bytes | memoryview):
        return data
    content, at = memoryview(bytearray(len(data))), 0
    for piece in data.pieces():
        content[at : at + len(piece)] = piece
        at += len(piece)
    return content


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    key: str
    size: int
    etag: str
    """Opaque version mark for `replace`."""
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class StoreFeatures:
    """What the store really enforces, found by probing, not by its name."""

    conditional_create: bool
    conditional_replace: bool
    checksums: bool
    multipart: bool | None = None
    """Whether objects can be sent in parts, each checked; None where nobody looked or there is no such
    thing. Nothing depends on it: objects are small enough for one request."""


class ObjectStore(Protocol):
    @property
    def url(self) -> str:
        """Where this store is, without credentials; for people."""
        ...

    async def probe(self) -> StoreFeatures:
        """Find out what is enforced, by writing and removing a small object. Raises when unusable."""
        ...

    async def create(self, key: str, data: Data | Made) -> ObjectInfo:
        """Write a new object, with a checksum the store verifies. Exists already: `conflict`."""
        ...

    async def replace(self, key: str, data: bytes, *, etag: str | None) -> ObjectInfo:
        """Compare-and-swap: `etag` must be the present one (None: must not exist), else `conflict`."""
        ...

    async def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes: ...

    async def read_into(self, room: memoryview, key: str, *, offset: int) -> int:
        """Fill `room` with what begins at `offset`; answers how many bytes there were. After a call that was
        cancelled it may still be written to for a while."""
        ...

    async def read_with_info(self, key: str, *, length: int | None = None) -> tuple[bytes, ObjectInfo]:
        """The object, or its first `length` bytes, and what marks this version of it. Where it is longer
        than `length`, size and mark may be those of the part."""
        ...

    async def head(self, key: str) -> ObjectInfo | None: ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Every object whose key starts with `prefix`, in key order."""
        ...

    async def delete(self, key: str) -> None:
        """No error when it is not there."""
        ...

    async def close(self) -> None: ...
