"""Reading, writing and arranging single files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from .channels import Channel
from .paths import OPEN_CREATE, OPEN_DIRECTORY, OPEN_READ, Place, Root, kind_of, open_owned
from .wire import KINDS, PIECE, WINDOW, Refusal, to_json

LOCKS = 64


def stat_of(info: os.stat_result, sha256: str | None = None) -> dict[str, Any]:
    return {
        "kind": KINDS[kind_of(info.st_mode)],
        "size": info.st_size,
        "mode": stat.S_IMODE(info.st_mode),
        "mtime_ns": info.st_mtime_ns,
        "etag": "%x-%x-%x-%x" % (info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_size),
        "sha256": sha256,
    }


def _open_regular(place: Place) -> int:
    handle = open_owned(place.name, place.fd, OPEN_READ)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
    raise Refusal("invalid", "%s is %s." % (text_of(place.parts), what))


def text_of(parts: Sequence[bytes]) -> str:
    return "/workspace/" + b"/".join(parts).decode("utf-8", "replace")


def _digest(place: Place) -> str | None:
    """Hex digest of the file at `place`; None where nothing is."""
    try:
        handle = _open_regular(place)
    except FileNotFoundError:
        return None
    digest = hashlib.sha256()
    with os.fdopen(handle, "rb", buffering=0) as source:
        for data in iter(lambda: source.read(WINDOW), b""):
            digest.update(data)
    return digest.hexdigest()


class Files:
    def __init__(self, root: Root) -> None:
        self.root = root
        # Comparing a hash and replacing the file is one step to every other writer that comes through us.
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def read(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        start, limit = int(args["offset"]), args["limit"]
        end = None if limit is None else start + int(limit)
        with self.root.resolve(args["path"]) as place, os.fdopen(_open_regular(place), "rb", 0) as source:
            info = os.fstat(source.fileno())
            if args.get("etag") not in (None, stat_of(info)["etag"]):
                raise Refusal("conflict", "%s has changed since it was read." % text_of(place.parts))
            if not args.get("hash", True):
                source.seek(start)
                while end is None or start < end:
                    data = source.read(PIECE if end is None else min(PIECE, end - start))
                    if not data:
                        break
                    start += len(data)
                    channel.send(data)
                return {"size": info.st_size, "sha256": None, "stat": stat_of(info)}
            digest, at = hashlib.sha256(), 0
            for data in iter(lambda: source.read(PIECE), b""):
                digest.update(data)
                piece = data[max(0, start - at) : None if end is None else max(0, end - at)]
                at += len(data)
                if piece:
                    channel.send(piece)
            return {"size": at, "sha256": digest.hexdigest(), "stat": stat_of(info)}

    def write(self, channel: Channel, args: dict[str, Any], body: bytes) -> dict[str, Any]:
        expected: str | None = args["expected"]
        with self.root.resolve(args["path"], make=args.get("create", True)) as place:
            place.must_be_named()
            now = place.lstat()
            if now is not None and not stat.S_ISREG(now.st_mode):
                raise Refusal("invalid", "%s is not a regular file." % text_of(place.parts))
            if now is None and not args.get("create", True):
                raise Refusal("not_found", "There is no %s." % text_of(place.parts))
            mode = args["mode"]
            if mode is None:
                mode = stat.S_IMODE(now.st_mode) if now else 0o644
            temporary = b".jm-%s.tmp" % os.urandom(8).hex().encode()
            handle = os.open(temporary, OPEN_CREATE, 0o600, dir_fd=place.fd)
            try:
                digest = hashlib.sha256()
                for data in self._pieces(channel, body, bool(args["more"])):
                    digest.update(data)
                    _write_all(handle, data)
                os.fchmod(handle, mode & 0o777)
                os.fsync(handle)
                with self._lock_of(place):
                    self._replace(place, temporary, expected, args.get("etag"))
                info = os.fstat(handle)
            except BaseException:  # half a file is left behind by nobody
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=place.fd)
                raise
            finally:
                os.close(handle)
            _sync_directory(place.fd)
            return stat_of(info, digest.hexdigest())

    def _lock_of(self, place: Place) -> threading.Lock:
        directory = os.fstat(place.fd)
        return self._locks[hash((directory.st_dev, directory.st_ino, place.name)) % LOCKS]

    @staticmethod
    def _replace(place: Place, temporary: bytes, expected: str | None, etag: str | None) -> None:
        if etag is not None:
            now = place.lstat()
            if now is None or stat_of(now)["etag"] != etag:
                raise Refusal("conflict", "%s has changed since it was read." % text_of(place.parts))
        if expected is not None and (_digest(place) or "") != expected:
            raise Refusal("conflict", "%s has changed since it was read." % text_of(place.parts))
        if expected == "":
            os.link(temporary, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd, follow_symlinks=False)
            os.unlink(temporary, dir_fd=place.fd)
        else:
            os.rename(temporary, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)

    @staticmethod
    def _pieces(channel: Channel, body: bytes, more: bool) -> Iterator[bytes]:
        yield body
        while more:
            data = channel.receive()
            if data is None:
                return
            yield data

    def stat(self, _c: Channel, args: dict[str, Any], _b: bytes) -> dict[str, Any]:
        try:
            with self.root.resolve(args["path"], follow=False) as place:
                info = place.lstat()
                found = None if info is None else stat_of(info)
                if found is not None and found["kind"] == "symlink":
                    target = os.readlink(place.name, dir_fd=place.fd)
                    found["target"] = target.decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            found = None
        if found is not None and "target" in found:
            found["target_kind"] = self.kind_behind(args["path"])
        return {"stat": found}

    def kind_behind(self, path: str) -> str | None:
        """What a link leads to; None where that is nothing, or nothing in the workspace."""
        try:
            with self.root.resolve(path) as place:
                info = place.lstat()
        except (OSError, Refusal):
            return None
        return None if info is None else KINDS[kind_of(info.st_mode)]

    def list(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        handle = self.root.open_directory(args["path"])
        try:
            batch: list[list[Any]] = []
            for name in sorted(map(os.fsencode, os.listdir(handle))):
                try:
                    info = os.stat(name, dir_fd=handle, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                text = name.decode("utf-8", "surrogateescape")
                batch.append([text, KINDS[kind_of(info.st_mode)], info.st_size])
                if len(batch) == 500:
                    channel.send(to_json(batch))
                    batch = []
            if batch:
                channel.send(to_json(batch))
            return {}
        finally:
            os.close(handle)

    def mkdir(self, _c: Channel, args: dict[str, Any], _b: bytes) -> dict[str, Any]:
        with self.root.resolve(args["path"], make=True) as place:
            info = place.lstat()
            if info is None:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(place.name, 0o777, dir_fd=place.fd)
            elif not stat.S_ISDIR(info.st_mode):
                raise Refusal("conflict", "%s is there and is not a directory." % text_of(place.parts))
        return {}


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_directory(fd: int) -> None:
    handle = os.open(b".", OPEN_DIRECTORY, dir_fd=fd)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
