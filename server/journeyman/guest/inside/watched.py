"""A part of the workspace that is watched: its directories by inotify, or by looking again and again.

Directories are opened one name at a time from the workspace's own, never through a link, and a new one is
read only after it is watched: what appears meanwhile is told twice rather than not at all.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from typing import Dict, List, Protocol, Set, Tuple

from . import inotify
from .changes import CHANGED, CREATED, DELETED, Changes
from .globs import compile_pattern, glob_regex
from .paths import OPEN_DIRECTORY, OPEN_PATH, Root
from .wire import DEPTH_MAX, Refusal

Snapshot = Dict[bytes, Tuple[int, int, Tuple[int, ...]]]


class Excludes:
    """Patterns without a slash hide names at any depth; others are globs over paths from the workspace."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._names = [_compiled(each) for each in patterns if "/" not in each]
        self._paths = [_compiled(each.lstrip("/")) for each in patterns if "/" in each]

    def hides(self, path: bytes) -> bool:
        if not self._names and not self._paths:
            return False
        text = path.decode("utf-8", "surrogateescape")
        name = text.rsplit("/", 1)[-1]
        return any(each.match(name) for each in self._names) or any(
            each.match(text) or each.match(text + "/") for each in self._paths
        )


def _compiled(pattern: str) -> re.Pattern[str]:
    return compile_pattern(glob_regex(pattern))


class Part:
    """What is watched. `only`: names in the top directory, where not all of it is wanted."""

    def __init__(self, root: Root, top: bytes, only: Set[bytes], recursive: bool, excludes: Excludes) -> None:
        self.root = root
        self.top = top
        self.only = only
        self.recursive = recursive
        self.excludes = excludes

    def wants(self, directory: bytes, name: bytes) -> bool:
        if self.only and directory == self.top and name not in self.only:
            return False
        if name.startswith(b".jm-") and name.endswith(b".tmp"):
            return False  # a file of ours on its way to its name
        return not self.excludes.hides(below(directory, name))

    def open(self, path: bytes) -> int:
        """The directory at `path`, no link on the way. Raises OSError."""
        parts = path.split(b"/") if path else []
        if len(parts) > DEPTH_MAX:
            raise OSError("too deep")
        handle = os.open(b".", OPEN_DIRECTORY, dir_fd=self.root.fd)
        for number, part in enumerate(parts):
            flags = OPEN_DIRECTORY if number == len(parts) - 1 else OPEN_PATH | os.O_DIRECTORY
            try:
                inner = os.open(part, flags, dir_fd=handle)
            finally:
                os.close(handle)
            handle = inner
        return handle

    def entries(self, handle: int, path: bytes) -> Iterator[Tuple[bytes, os.stat_result]]:
        for name in map(os.fsencode, os.listdir(handle)):
            if self.wants(path, name):
                try:
                    yield name, os.stat(name, dir_fd=handle, follow_symlinks=False)
                except OSError:
                    continue  # it went away

    def snapshot(self, entries_max: int) -> Snapshot:
        found: Snapshot = {}
        todo: List[bytes] = [self.top]
        while todo:
            path = todo.pop()
            try:
                handle = self.open(path)
            except OSError:
                continue
            try:
                for name, info in self.entries(handle, path):
                    child = below(path, name)
                    directory = stat.S_ISDIR(info.st_mode)
                    # A directory's times say only that something in it came or went, which is told anyway.
                    times = () if directory else (info.st_mtime_ns, info.st_ctime_ns, info.st_size)
                    found[child] = (stat.S_IFMT(info.st_mode), info.st_ino, times)
                    if directory and self.recursive:
                        todo.append(child)
            finally:
                os.close(handle)
            if len(found) > entries_max:
                raise too_much("files", entries_max)
        return found


class Sink(Protocol):
    """Where what happened is noted."""

    def note(self, path: bytes, kind: str, directory: bool = False) -> None: ...

    def lose(self) -> None: ...


class Notified:
    """A part, by inotify."""

    def __init__(self, part: Part, changes: Sink, directories_max: int) -> None:
        self._part = part
        self._changes = changes
        self._directories_max = directories_max
        self._paths: Dict[int, bytes] = {}
        self._watches: Dict[bytes, int] = {}
        self._inside: Dict[bytes, Set[bytes]] = {}
        self._source = inotify.Inotify()
        try:
            self._add(part.top, tell=False)
        except BaseException:  # nobody else closes it
            self._source.close()
            raise
        if part.top not in self._watches:
            self._source.close()
            raise Refusal("not_found", "There is no directory %s." % shown(part.top))

    @property
    def fd(self) -> int:
        return self._source.fd

    @property
    def directories(self) -> int:
        return len(self._watches)

    def close(self) -> None:
        self._source.close()

    def take(self) -> None:
        """Note what happened. Raises inotify.Unavailable or Refusal when it cannot be followed any more."""
        for watch, mask, name in self._source.read():
            if mask & inotify.QUEUE_OVERFLOW:
                self._start_again()
                return
            directory = self._paths.get(watch)
            if directory is None:
                continue
            if mask & inotify.IGNORED:
                if self._watches.get(directory) == watch:
                    self._forget(directory)
                self._paths.pop(watch, None)
            elif not name:
                if mask & (inotify.DELETE_SELF | inotify.MOVE_SELF) and directory == self._part.top:
                    self._changes.note(directory, DELETED, directory=True)
            elif self._part.wants(directory, name):
                self._happened(below(directory, name), mask)

    def _happened(self, path: bytes, mask: int) -> None:
        is_directory = bool(mask & inotify.IS_DIRECTORY)
        if mask & inotify.GOES:
            self._changes.note(path, DELETED, is_directory)
            if is_directory:
                self._forget(path)
        elif mask & inotify.APPEARS:
            self._changes.note(path, CREATED, is_directory)
            if is_directory and self._part.recursive:
                self._add(path, tell=True)
        else:
            self._changes.note(path, CHANGED, is_directory)

    def _start_again(self) -> None:
        """The system dropped events: nothing we know of the directories can be trusted."""
        self._source.close()
        self._source = inotify.Inotify()
        self._paths.clear()
        self._watches.clear()
        self._inside.clear()
        self._add(self._part.top, tell=False)
        self._changes.lose()

    def _add(self, top: bytes, tell: bool) -> None:
        todo = [top]
        while todo:
            path = todo.pop()
            try:
                handle = self._part.open(path)
            except OSError:
                continue  # it went away or became something else, which is told; or it may not be read
            try:
                self._remember(path, self._source.add(handle))
                for name, info in self._part.entries(handle, path):
                    child = below(path, name)
                    directory = stat.S_ISDIR(info.st_mode)
                    if tell:
                        self._changes.note(child, CREATED, directory)
                    if directory and self._part.recursive:
                        todo.append(child)
            except OSError:
                continue
            finally:
                os.close(handle)

    def _remember(self, path: bytes, watch: int) -> None:
        known = self._paths.get(watch)
        if known is not None and known != path:
            self._forget(known, keep=watch)  # it was moved, and its going has not been read yet
        self._paths[watch] = path
        self._watches[path] = watch
        if path != self._part.top:
            self._inside.setdefault(path.rpartition(b"/")[0], set()).add(path)
        if len(self._watches) > self._directories_max:
            raise too_much("directories", self._directories_max)

    def _forget(self, path: bytes, keep: int = -1) -> None:
        todo = [path]
        while todo:
            each = todo.pop()
            todo += self._inside.pop(each, ())
            watch = self._watches.pop(each, None)
            if watch is not None and self._paths.get(watch) == each:
                del self._paths[watch]
                if watch != keep:
                    self._source.remove(watch)
        self._inside.get(path.rpartition(b"/")[0], set()).discard(path)


class Polled:
    """A part, by looking again."""

    def __init__(self, part: Part, changes: Changes, entries_max: int) -> None:
        self._part = part
        self._changes = changes
        self._entries_max = entries_max
        self._known = part.snapshot(entries_max)
        self.directories = sum(stat.S_ISDIR(each[0]) for each in self._known.values()) + 1

    def take(self) -> None:
        now, before = self._part.snapshot(self._entries_max), self._known
        self._known = now
        for path in before:
            if path not in now:
                self._changes.note(path, DELETED, stat.S_ISDIR(before[path][0]))
        for path, state in now.items():
            old = before.get(path)
            directory = stat.S_ISDIR(state[0])
            if old is None:
                self._changes.note(path, CREATED, directory)
            elif old[:2] != state[:2] and (directory or stat.S_ISDIR(old[0])):
                self._changes.note(path, DELETED, stat.S_ISDIR(old[0]))
                self._changes.note(path, CREATED, directory)
            elif old != state:
                self._changes.note(path, CHANGED, directory)


def below(directory: bytes, name: bytes) -> bytes:
    return directory + b"/" + name if directory else name


def shown(path: bytes) -> str:
    return "/workspace/" + path.decode("utf-8", "replace")


def too_much(what: str, most: int) -> Refusal:
    message = "There are more than %d %s to watch; exclude some, such as node_modules." % (most, what)
    return Refusal("overloaded", message)
