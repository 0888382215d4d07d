"""What moved since somebody asked last: a tree that is watched all the time, and looked at where it moved.

The kernel notes an event before the call that causes it returns, so whoever asks is told everything that
happened before. Not seen: writes through a mapping or through another name of a hard link; who must know
those looks at the whole tree.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
from typing import Any, Dict, List

from . import inotify
from .changes import DELETED
from .channels import Channel
from .paths import Root, Walker
from .scan import KINDS_OF, user_attributes
from .watched import Excludes, Notified, Part
from .watching import DIRECTORIES_MAX, Bell
from .wire import ENTRY, LOST, MOVED, OTHER, PIECE, SYMLINK, Gone, Refusal, pack_entry

PATHS_MAX = 200_000
ROUNDS_MAX = 64
"""Most reads of events before an answer: somebody may be making them without end."""
NOTHING = MOVED.pack(0, 0)


class Moved:
    """Paths at which something happened, and whether what was there went away in between."""

    def __init__(self, paths_max: int) -> None:
        self._paths_max = paths_max
        self._paths: Dict[bytes, bool] = {}
        self.lost = False

    def note(self, path: bytes, kind: str, directory: bool = False) -> None:
        if self.lost or not path:
            return
        self._paths[path] = self._paths.get(path, False) or kind == DELETED
        if len(self._paths) > self._paths_max:
            self.lose()

    def __bool__(self) -> bool:
        return bool(self._paths) or self.lost

    def lose(self) -> None:
        self._paths.clear()
        self.lost = True

    def take(self) -> Dict[bytes, bool]:
        taken, self._paths, self.lost = self._paths, {}, False
        return taken


class Tracking:
    def __init__(self, root: Root) -> None:
        self.root = root

    def track(self, channel: Channel, args: Dict[str, Any], _: bytes) -> Dict[str, Any]:
        """Notes `ready`, then answers each piece of data with a MOVED head and the entries that moved, as a
        scan has them. One of no kind and no links is what was there and went, with all below it. Runs until
        the channel ends."""
        moved = Moved(int(args.get("paths_max", PATHS_MAX)))
        bell = Bell()
        channel.wake = bell.ring
        try:
            part = Part(self.root, b"", set(), True, Excludes([]))
            source = Notified(part, moved, int(args.get("directories_max", DIRECTORIES_MAX)))
            looking = threading.Lock()
            channel.fed = lambda: _asked(channel, source, moved, bell, looking)
            try:
                channel.note({"ready": source.directories})
                self._serve(channel, source, moved, bell, looking)
            finally:
                channel.fed = None
                with looking:
                    source.close()
        except inotify.Unavailable:
            raise Refusal("overloaded", "The system has no more watches for directories.") from None
        finally:
            channel.wake = None
            bell.close()
        return {}

    def _serve(
        self, channel: Channel, source: Notified, moved: Moved, bell: Bell, looking: threading.Lock
    ) -> None:
        poller = select.poll()
        poller.register(bell.fd, select.POLLIN)
        watched = -1
        while True:
            if source.fd != watched:  # it begins anew after an overflow
                watched = source.fd
                poller = select.poll()
                poller.register(bell.fd, select.POLLIN)
                poller.register(watched, select.POLLIN)
            poller.poll()
            if channel.gone:
                raise Gone
            bell.hush()
            with looking:
                asked = channel.waiting
                _drain(source)
                if asked:
                    if channel.receive() is None:
                        return
                    self._answer(channel, moved)

    def _answer(self, channel: Channel, moved: Moved) -> None:
        lost = moved.lost
        walker = Walker(self.root.fd)
        parts: List[bytes] = []
        try:
            for path, went in sorted(moved.take().items()):
                entry = _look(walker, path)
                if went or entry is None:
                    parts.append(ENTRY.pack(OTHER, 0, 0, 0, 0, 0, 0, len(path), 0, 0) + path)
                if entry is not None:
                    parts.append(entry)
        finally:
            walker.close()
        whole = b"".join(parts)
        channel.send(MOVED.pack(len(whole), LOST if lost else 0))
        for at in range(0, len(whole), PIECE):
            channel.send(whole[at : at + PIECE])


def _asked(channel: Channel, source: Notified, moved: Moved, bell: Bell, looking: threading.Lock) -> None:
    """Called by the connection's reader. Mostly nothing moved: then it says so itself, and wakes nobody."""
    if looking.acquire(False):
        try:
            with contextlib.suppress(Gone):
                if not moved and channel.credit > 0 and not _something(source) and channel.take():
                    channel.send(NOTHING)
                    return
        finally:
            looking.release()
    bell.ring()


def _drain(source: Notified) -> None:
    for _ in range(ROUNDS_MAX):
        if not _something(source):
            return
        source.take()


def _something(source: Notified) -> bool:
    poller = select.poll()
    poller.register(source.fd, select.POLLIN)
    return bool(poller.poll(0))


def _look(walker: Walker, path: bytes) -> bytes | None:
    """The entry at `path`, packed, with its extended attributes; None where nothing is that a scan would tell
    more of than its name."""
    names = path.split(b"/")
    try:
        parent = walker.parent(names)
        info = os.stat(names[-1], dir_fd=parent, follow_symlinks=False)
        target = os.readlink(names[-1], dir_fd=parent) if stat.S_ISLNK(info.st_mode) else b""
    except OSError:
        return None
    kind = KINDS_OF.get(stat.S_IFMT(info.st_mode), OTHER)
    if kind == OTHER:
        return None
    return pack_entry(
        (
            kind, info.st_size, info.st_mode & 0o7777, info.st_mtime_ns, info.st_ctime_ns,
            info.st_ino, info.st_nlink, path, target,
            {} if kind == SYMLINK else user_attributes(parent, names[-1]),
        )
    )  # fmt: skip
