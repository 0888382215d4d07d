"""Memory as the file boto3 reads what it sends from: it takes bytes or files, and bytes would be a copy."""

from __future__ import annotations

import io
import os


class Body(io.RawIOBase):
    """Can be read again, as for a second attempt."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, into: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  # the narrowest buffer
        part = self._data[self._at : self._at + len(into)]
        into[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._data)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at
