"""Single entries of the tree put to what they shall be, each only where what is there is what was expected.

Nothing is followed on the way. A file or link comes into being beside its place and takes it in one step,
under a name that says whose it is, so that what a killed guest left there goes with the next try.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from typing import Any, Dict, List

from . import libc
from .channels import Channel
from .files import stat_of
from .paths import OPEN_CREATE, OPEN_DIRECTORY, OPEN_PATH, Root, Walker
from .wire import PUT_HEAD, PUT_HEAD_MAX, Refusal, check_relative

MODE_BITS = 0o1777
DONE, CHANGED, BLOCKED, FULL = "done", "changed", "blocked", "full"
GONE, DIRECTORY = "", "directory"


class Putting:
    def __init__(self, root: Root) -> None:
        self.root = root

    def put(self, channel: Channel, _: Dict[str, Any], _b: bytes) -> Dict[str, Any]:
        """Records of PUT_HEAD, JSON and, of files, content. Answers an outcome for each: `done`, `changed`
        (something else is there than was expected), `blocked` (its directory is none), `full` (a directory
        that is not empty), or what the system says."""
        source = _Source(channel)
        walker = Walker(self.root.fd)
        outcomes: List[str] = []
        try:
            while True:
                head = source.exactly(PUT_HEAD.size)
                if not head:
                    break
                (length,) = PUT_HEAD.unpack(head)
                if length > PUT_HEAD_MAX:
                    raise Refusal("invalid", "A record is too long.")
                wanted: Dict[str, Any] = json.loads(source.exactly(length))
                source.left = int(wanted.get("size", 0))
                try:
                    outcomes.append(_one(walker, wanted, source))
                except OSError as error:
                    outcomes.append(_told(error))
                source.skip()
        except (ValueError, KeyError, TypeError):
            raise Refusal("invalid", "A record cannot be read.") from None
        finally:
            walker.close()
        libc.sync_filesystem(self.root.fd)
        return {"outcomes": outcomes}


class _Source:
    """The bytes of a channel in the portions that are asked for."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._rest = b""
        self.left = 0
        """Of the content that is being read."""

    def exactly(self, size: int) -> bytes:
        """That many bytes; none at the end."""
        while len(self._rest) < size:
            data = self._channel.receive()
            if data is None:
                if self._rest:
                    raise Refusal("invalid", "The records were cut off.")
                return b""
            self._rest += data
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def piece(self) -> bytes:
        """The next of the content; empty at its end."""
        if not self.left:
            return b""
        data = self._rest or self._channel.receive()
        if data is None:
            raise Refusal("invalid", "A file was cut off.")
        taken, self._rest = data[: self.left], data[self.left :]
        self.left -= len(taken)
        return taken

    def skip(self) -> None:
        while self.piece():
            pass


def _one(walker: Walker, wanted: Dict[str, Any], source: _Source) -> str:
    path = str(wanted["path"]).encode("latin-1")
    names = check_relative(path)
    name = names[-1]
    try:
        parent = walker.parent(names)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            nothing = error.errno == errno.ENOENT and wanted["kind"] == "gone"
            return DONE if nothing and wanted["expected"] == GONE else BLOCKED
        raise
    try:
        return _at(name, parent, wanted, source)
    except PermissionError:
        mode = stat.S_IMODE(os.fstat(parent).st_mode)
        if mode & 0o200:
            raise
    os.fchmod(parent, mode | 0o700)  # a directory its owner may not write to
    try:
        return _at(name, parent, wanted, source)
    finally:
        os.fchmod(parent, mode)


def _at(name: bytes, parent: int, wanted: Dict[str, Any], source: _Source) -> str:
    # Nobody names a file so by chance, and it is hidden from who watches like the others of its kind.
    beside = b".jm-put-%s.tmp" % hashlib.sha256(name).hexdigest()[:16].encode()
    if not _as_expected(name, parent, str(wanted["expected"])):
        _clear(beside, parent)
        return CHANGED
    kind, mode = str(wanted["kind"]), int(wanted["mode"]) & MODE_BITS
    if kind == "gone":
        return _take_away(name, parent, str(wanted["expected"]))
    if kind == "directory":
        _directory(name, parent, mode, wanted)
        return DONE
    _clear(beside, parent)
    if kind == "symlink":
        os.symlink(str(wanted["target"]).encode("latin-1"), beside, dir_fd=parent)
    else:
        _write(beside, parent, mode, wanted, source)
    if wanted["expected"] == GONE:
        try:
            os.link(beside, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
        except FileExistsError:
            return CHANGED
        finally:
            os.unlink(beside, dir_fd=parent)
    else:
        os.rename(beside, name, src_dir_fd=parent, dst_dir_fd=parent)
    return DONE


def _as_expected(name: bytes, parent: int, expected: str) -> bool:
    try:
        info = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return expected == GONE
    if stat.S_ISDIR(info.st_mode):
        return expected == DIRECTORY
    return expected == stat_of(info)["etag"]


def _take_away(name: bytes, parent: int, expected: str) -> str:
    if expected == DIRECTORY:
        try:
            os.rmdir(name, dir_fd=parent)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return FULL
            raise
    elif expected != GONE:
        os.unlink(name, dir_fd=parent)
    return DONE


def _directory(name: bytes, parent: int, mode: int, wanted: Dict[str, Any]) -> None:
    if wanted["expected"] == GONE:
        os.mkdir(name, 0o700, dir_fd=parent)
    handle = os.open(name, OPEN_PATH | os.O_DIRECTORY, dir_fd=parent)
    try:
        through = "/proc/self/fd/%d" % handle
        os.chmod(through, 0o700)
        opened = os.open(through, OPEN_DIRECTORY & ~os.O_NOFOLLOW)
        try:
            _attributes(opened, wanted)
            os.fchmod(opened, mode)
        finally:
            os.close(opened)
    finally:
        os.close(handle)


def _write(beside: bytes, parent: int, mode: int, wanted: Dict[str, Any], source: _Source) -> None:
    handle = os.open(beside, OPEN_CREATE, 0o600, dir_fd=parent)
    try:
        while True:
            data = memoryview(source.piece())
            if not data:
                break
            while data:
                data = data[os.write(handle, data) :]
        _attributes(handle, wanted)
        os.fchmod(handle, mode)
    except BaseException:  # half a file is left behind by nobody
        os.unlink(beside, dir_fd=parent)
        raise
    finally:
        os.close(handle)


def _attributes(handle: int, wanted: Dict[str, Any]) -> None:
    for name, value in wanted.get("xattrs", {}).items():
        if name.startswith("user."):
            try:
                os.setxattr(handle, name, value.encode("latin-1"))
            except OSError as error:
                if error.errno not in (errno.ENOTSUP, errno.EPERM):
                    raise


def _clear(beside: bytes, parent: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside, dir_fd=parent)


def _told(error: OSError) -> str:
    return (error.strerror or "it cannot be done")[:200]
