"""The call that watches: gathers what happens for a moment, and tells it at the listener's pace."""

from __future__ import annotations

import select
import stat
import time
from typing import Any

from . import inotify
from .bell import Bell
from .changes import PATHS_MAX, Changes
from .channels import Channel
from .paths import Root
from .watched import Excludes, Notified, Part, Polled
from .wire import Gone, Refusal, to_json

QUIET_S = 0.03
GATHER_S = 0.25
POLL_S = 2.0
DIRECTORIES_MAX = 20_000
ENTRIES_MAX = 200_000


class Watching:
    def __init__(self, root: Root) -> None:
        self.root = root

    def watch(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        """Runs until the channel is dropped. Notes `ready` once everything after it will be told."""
        changes = Changes(int(args.get("paths_max", PATHS_MAX)))
        part = self._part(args)
        bell = Bell()
        channel.wake = bell.ring
        try:
            if args.get("poll_s"):
                raise inotify.Unavailable
            self._notified(channel, part, changes, bell, int(args.get("directories_max", DIRECTORIES_MAX)))
        except inotify.Unavailable:
            self._polled(channel, part, changes, bell, float(args.get("poll_s") or POLL_S))
        finally:
            channel.wake = None
            bell.close()
        return {}

    def _part(self, args: dict[str, Any]) -> Part:
        excludes = Excludes([str(each) for each in args["excludes"]])
        with self.root.resolve(args["path"]) as place:
            info = place.lstat()
            top = b"/".join(place.parts)
            if info is not None and stat.S_ISDIR(info.st_mode):
                return Part(self.root, top, set(), bool(args["recursive"]), excludes)
        # A file, there or not: its directory, and in it that name.
        directory, _, name = top.rpartition(b"/")
        return Part(self.root, directory, {name}, False, excludes)

    @staticmethod
    def _notified(channel: Channel, part: Part, changes: Changes, bell: Bell, directories_max: int) -> None:
        source = Notified(part, changes, directories_max)
        try:
            channel.note({"ready": "events", "directories": source.directories})
            since = last = 0.0
            while True:
                now = time.monotonic()
                due = min(last + QUIET_S, since + GATHER_S) - now if len(changes) else None
                if due is not None and due <= 0:
                    while len(changes) and channel.credit > 0:
                        channel.send(to_json(changes.take()))
                    due = None  # what is left waits for credit, which rings
                poller = select.poll()
                poller.register(source.fd, select.POLLIN)
                poller.register(bell.fd, select.POLLIN)
                ready = [fd for fd, _ in poller.poll(None if due is None else max(1.0, due * 1000))]
                if channel.gone:
                    raise Gone
                if bell.fd in ready:
                    bell.hush()
                if source.fd in ready:
                    empty = not len(changes)
                    source.take()
                    last = time.monotonic()
                    since = last if empty else since
        except inotify.Unavailable:
            changes.lose()
            raise
        except OSError as error:
            raise Refusal("workspace_failed", "Watching failed: %s." % error) from None
        finally:
            source.close()

    @staticmethod
    def _polled(channel: Channel, part: Part, changes: Changes, bell: Bell, every_s: float) -> None:
        source = Polled(part, changes, ENTRIES_MAX)
        channel.note({"ready": "polling", "directories": source.directories})
        while True:
            while len(changes) and channel.credit > 0:
                channel.send(to_json(changes.take()))
            poller = select.poll()
            poller.register(bell.fd, select.POLLIN)
            rung = poller.poll(every_s * 1000)
            if channel.gone:
                raise Gone
            if rung:
                bell.hush()
            else:
                source.take()
