"""Object storage in a local folder, with the layout of S3: one file per key below the folder.

`create` writes a temporary file, syncs it and links it into place, so that of two creators exactly one
wins and a half-written object is never seen under its key. `replace` compares and swaps under a lock file.
Version marks are the hash of the content; of a large object (never replaced in practice) they are its
identity on disk, so that looking at one does not read it. Knows nothing of what the objects mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
from blake3 import blake3

from journeyman.adapters.object_keys import check_key, check_prefix, check_size, missing, taken
from journeyman.adapters.past_the_cache import write_all
from journeyman.failures import Failure
from journeyman.paths import make_private
from journeyman.ports.objects import Data, Made, ObjectInfo, StoreFeatures

THREADS = 4
HASHED_BYTES_MAX = 1024 * 1024
LIST_BATCH = 500
STALE_S = 24 * 3600
_PRIVATE = ".journeyman"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}

T = TypeVar("T")


class LocalObjects:
    """`ports.objects.ObjectStore` over the folder `root`, which is made when it is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._limiter = anyio.CapacityLimiter(THREADS)

    @property
    def url(self) -> str:
        return self._root.as_uri()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            with _typed(self._root):
                return work()

        return await anyio.to_thread.run_sync(guarded, limiter=self._limiter)

    async def probe(self) -> StoreFeatures:
        key = f"probe-{secrets.token_hex(8)}"
        await self.create(key, b"probe")
        await self.delete(key)
        await self._in_thread(self._sweep)
        # Links, locks and content hashes are enforced by this code; a silent checksum is not needed
        # because every object is read back by whoever depends on it.
        return StoreFeatures(conditional_create=True, conditional_replace=True, checksums=True)

    async def create(self, key: str, data: Data | Made) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        return await self._in_thread(lambda: self._create(key, data))

    async def replace(self, key: str, data: bytes, *, etag: str | None) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        return await self._in_thread(lambda: self._replace(key, data, etag))

    async def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        return await self._in_thread(lambda: self._read(key, offset, length))

    async def read_into(self, room: memoryview, key: str, *, offset: int) -> int:
        check_key(key)
        return await self._in_thread(lambda: self._read_into(room, key, offset))

    async def read_with_info(self, key: str, *, length: int | None = None) -> tuple[bytes, ObjectInfo]:
        check_key(key)
        return await self._in_thread(lambda: self._read_with_info(key, length))

    async def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        return await self._in_thread(lambda: self._head(key))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        check_prefix(prefix)
        keys = await self._in_thread(lambda: sorted(self._walk(prefix)))
        for start in range(0, len(keys), LIST_BATCH):
            batch = keys[start : start + LIST_BATCH]
            for info in await self._in_thread(lambda batch=batch: [self._head(key) for key in batch]):
                if info is not None:
                    yield info

    async def delete(self, key: str) -> None:
        check_key(key)
        await self._in_thread(lambda: self._delete(key))

    async def close(self) -> None:
        """Nothing is held open."""

    # Everything below runs in a thread.

    def _path(self, key: str) -> Path:
        return self._root / key

    def _create(self, key: str, data: Data | Made) -> ObjectInfo:
        path = self._path(key)
        if path.exists():
            raise taken(key)
        with self._temporary(data) as temporary:
            self._make_parents(path)
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise taken(key) from None
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                with self._lock():
                    if path.exists():
                        raise taken(key) from None
                    os.rename(temporary, path)
            _sync_folder(path.parent)
        return _info(key, path, data)

    def _replace(self, key: str, data: bytes, etag: str | None) -> ObjectInfo:
        if etag is None:
            return self._create(key, data)
        path = self._path(key)
        with self._temporary(data) as temporary, self._lock():
            present = self._head(key)
            if present is None or present.etag != etag:
                raise taken(key)
            os.rename(temporary, path)
            _sync_folder(path.parent)
        return _info(key, path, data)

    def _read(self, key: str, offset: int, length: int | None) -> bytes:
        try:
            with open(self._path(key), "rb") as file:
                file.seek(offset)
                return file.read() if length is None else file.read(length)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise missing(key) from None

    def _read_into(self, room: memoryview, key: str, offset: int) -> int:
        try:
            with open(self._path(key), "rb", buffering=0) as file:
                file.seek(offset)
                size = 0
                while size < len(room) and (more := file.readinto(room[size:])):
                    size += more
                return size
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise missing(key) from None

    def _read_with_info(self, key: str, length: int | None) -> tuple[bytes, ObjectInfo]:
        data = self._read(key, 0, length)
        try:
            return data, _info(key, self._path(key), data)
        except FileNotFoundError:
            raise missing(key) from None

    def _head(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        try:
            if path.stat().st_size > HASHED_BYTES_MAX:
                return _info(key, path, None)
            return _info(key, path, path.read_bytes())
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def _walk(self, prefix: str) -> Generator[str]:
        folder = prefix.rpartition("/")[0]
        top = self._root / folder if folder else self._root
        for current, folders, files in os.walk(top):
            if _PRIVATE in folders:
                folders.remove(_PRIVATE)
            base = Path(current).relative_to(self._root).as_posix()
            for name in files:
                key = name if base == "." else f"{base}/{name}"
                if key.startswith(prefix):
                    yield key

    def _delete(self, key: str) -> None:
        path = self._path(key)
        try:
            os.unlink(path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return
        _sync_folder(path.parent)

    def _sweep(self) -> None:
        """Remove half-written files that a crash left behind more than a day ago."""
        for path in (self._root / _PRIVATE).glob("new-*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - STALE_S:
                    path.unlink()

    @contextlib.contextmanager
    def _temporary(self, data: Data | Made) -> Generator[Path]:
        folder = self._root / _PRIVATE
        make_private(folder)
        path = folder / f"new-{os.getpid()}-{secrets.token_hex(8)}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Generator[None]:
        folder = self._root / _PRIVATE
        make_private(folder)
        with open(folder / "lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_parents(self, path: Path) -> None:
        made = path.parent
        fresh: list[Path] = []
        while not made.exists():
            fresh.append(made)
            made = made.parent
        make_private(path.parent)
        for folder in fresh:
            _sync_folder(folder.parent)


def _info(key: str, path: Path, data: Data | Made | None) -> ObjectInfo:
    status = path.stat()
    if not isinstance(data, bytes | memoryview) or len(data) > HASHED_BYTES_MAX:
        etag = f"disk-{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
        size = status.st_size
    else:
        etag, size = blake3(data).hexdigest(), len(data)
    return ObjectInfo(key, size, etag, datetime.fromtimestamp(status.st_mtime, UTC))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _typed(root: Path) -> Generator[None]:
    """Turn what the operating system refuses into failures people can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Failure(
                "disk_full",
                f"There is no space left for archives in {root}.",
                hint="Free some space there, or set JOURNEYMAN_OBJECTS to another place.",
                retryable=True,
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            raise Failure(
                "store_refused",
                f"The archive folder {root} cannot be used: {error.strerror}.",
                hint="Make it a folder you may write to, or set JOURNEYMAN_OBJECTS to another place.",
            ) from error
        raise Failure(
            "store_unavailable",
            f"The archive folder {root} did not answer: {error.strerror or error}.",
            hint="Check the disk, then try again.",
            retryable=True,
        ) from error
