"""Paths that cannot leave the workspace.

Everything is reached by directory descriptors from the root, one component at a time, never letting the
kernel follow a link. A link is resolved here, step by step: it may lead anywhere *inside* the root (an
absolute one must start with /workspace), and is refused the moment it leaves it.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import stat
from collections.abc import Sequence

from .wire import DEPTH_MAX, DIRECTORY, FILE, NAME_MAX, OTHER, SYMLINK, WORKSPACE, Refusal

OPEN_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OPEN_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def kind_of(mode: int) -> int:
    if stat.S_ISREG(mode):
        return FILE
    if stat.S_ISDIR(mode):
        return DIRECTORY
    return SYMLINK if stat.S_ISLNK(mode) else OTHER


def open_owned(name: bytes, dir_fd: int, flags: int) -> int:
    """Open what we own even where its mode forbids it; the mode is put back at once."""
    try:
        return os.open(name, flags, dir_fd=dir_fd)
    except PermissionError:
        handle = os.open(name, OPEN_PATH, dir_fd=dir_fd)
        try:
            info = os.fstat(handle)
            if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
                raise
            through = "/proc/self/fd/%d" % handle
            os.chmod(through, stat.S_IMODE(info.st_mode) | 0o700)
            try:
                return os.open(name, flags, dir_fd=dir_fd)
            finally:
                os.chmod(through, stat.S_IMODE(info.st_mode))
        finally:
            os.close(handle)


class Directory:
    """A directory of ours held open, searchable while it is even where its mode forbids that to its owner;
    `close` puts the mode back."""

    def __init__(self, name: bytes, dir_fd: int) -> None:
        self._mode: int | None = None
        try:
            self.fd = os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd)
        except PermissionError:
            self._open_forbidden(name, dir_fd)
            return
        info = os.fstat(self.fd)
        if info.st_mode & 0o500 != 0o500 and info.st_uid == os.geteuid() != 0:
            self._mode = stat.S_IMODE(info.st_mode)
            os.fchmod(self.fd, self._mode | 0o700)

    def _open_forbidden(self, name: bytes, dir_fd: int) -> None:
        handle = os.open(name, OPEN_PATH | os.O_DIRECTORY, dir_fd=dir_fd)
        try:
            info = os.fstat(handle)
            if info.st_mode & 0o500 != 0o500 and info.st_uid == os.geteuid() != 0:
                self._mode = stat.S_IMODE(info.st_mode)
                os.chmod("/proc/self/fd/%d" % handle, self._mode | 0o700)
            self.fd = os.open("/proc/self/fd/%d" % handle, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        finally:
            os.close(handle)

    def close(self) -> None:
        if self._mode is not None:
            os.fchmod(self.fd, self._mode)
        os.close(self.fd)


class Place:
    """A name in a directory held open: `parts` is its true path below the root, links resolved."""

    def __init__(self, fd: int, name: bytes, parts: list[bytes]) -> None:
        self.fd = fd
        self.name = name
        self.parts = parts

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def lstat(self) -> os.stat_result | None:
        try:
            return os.stat(self.name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def must_be_named(self) -> None:
        if self.name == b".":
            raise Refusal("invalid", "The workspace's own directory cannot be replaced or removed.")


class Root:
    """The workspace's directory. Resolves paths without ever leaving it."""

    def __init__(self, path: bytes) -> None:
        self.path = os.path.realpath(path)
        self.fd = os.open(self.path, OPEN_DIRECTORY)
        self._prefixes = [WORKSPACE] + ([self.path] if self.path != b"/" else [])

    def _below(self, absolute: bytes) -> bytes | None:
        for prefix in self._prefixes:
            if absolute == prefix or absolute.startswith(prefix + b"/"):
                return absolute[len(prefix) :]
        return None

    def split(self, path: str) -> list[bytes]:
        raw = path.encode("utf-8", "surrogateescape")
        if b"\0" in raw:
            raise Refusal("path_refused", "A path cannot hold a NUL byte.")
        if raw.startswith(b"/"):
            below = self._below(raw)
            if below is None:
                raise Refusal("path_refused", "%s is outside the workspace." % path)
            raw = below
        parts = raw.split(b"/")
        if len(parts) > 2 * DEPTH_MAX or any(len(part) > NAME_MAX for part in parts):
            raise Refusal("invalid", "The path is too long.")
        return parts

    def resolve(self, path: str, follow: bool = True, make: bool = False) -> Place:
        """Where `path` is. The last name may be missing; `make` makes missing directories before it."""
        todo: collections.deque[bytes] = collections.deque(self.split(path))
        stack: list[int] = [os.dup(self.fd)]
        names: list[bytes] = []
        links = 0
        try:
            while todo:
                part = todo.popleft()
                if part in (b"", b"."):
                    continue
                if part == b"..":
                    if not names:
                        raise Refusal("path_refused", "%s leads out of the workspace." % path)
                    os.close(stack.pop())
                    names.pop()
                    continue
                last = not any(rest not in (b"", b".") for rest in todo)
                try:
                    handle = os.open(part, OPEN_PATH, dir_fd=stack[-1])
                except FileNotFoundError:
                    if last:
                        return Place(stack.pop(), part, [*names, part])
                    if not make:
                        raise
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, 0o777, dir_fd=stack[-1])
                    todo.appendleft(part)
                    continue
                mode = os.fstat(handle).st_mode
                if stat.S_ISDIR(mode) and not last:
                    stack.append(handle)
                    names.append(part)
                    continue
                os.close(handle)
                if stat.S_ISLNK(mode) and not (last and not follow):
                    links += 1
                    if links > 40:
                        raise Refusal("path_refused", "%s goes through too many links." % path)
                    target = os.readlink(part, dir_fd=stack[-1])
                    if target.startswith(b"/"):
                        below = self._below(target)
                        if below is None:
                            raise Refusal("path_refused", "%s leads out of the workspace by a link." % path)
                        while len(stack) > 1:
                            os.close(stack.pop())
                        names, target = [], below
                    todo.extendleft(reversed(target.split(b"/")))
                    continue
                if not last:
                    raise NotADirectoryError(errno.ENOTDIR, "not a directory")
                return Place(stack.pop(), part, [*names, part])
            return Place(stack.pop(), b".", names)
        finally:
            for handle in stack:
                os.close(handle)

    def open_directory(self, path: str) -> int:
        with self.resolve(path) as place:
            return os.open(place.name, OPEN_DIRECTORY, dir_fd=place.fd)


class Walker:
    """Opens the parents of many relative paths without following links; keeps the last one open."""

    def __init__(self, fd: int) -> None:
        self._root = fd
        self._held: list[tuple[bytes, Directory]] = []

    def parent(self, parts: Sequence[bytes]) -> int:
        wanted = parts[:-1]
        same = 0
        while same < len(self._held) and same < len(wanted) and self._held[same][0] == wanted[same]:
            same += 1
        while len(self._held) > same:
            self._held.pop()[1].close()
        for part in wanted[same:]:
            above = self._held[-1][1].fd if self._held else self._root
            self._held.append((part, Directory(part, above)))
        return self._held[-1][1].fd if self._held else self._root

    def close(self) -> None:
        while self._held:
            self._held.pop()[1].close()
