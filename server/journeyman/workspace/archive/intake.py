"""Taking in the content of files, in whatever thread has it: what each one holds, or why that is not known.

Knows nothing of stores, threads or waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journeyman.failures import Failure
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.chunker import Cut
from journeyman.workspace.archive.framing import Framer
from journeyman.workspace.archive.packs import Content


class Intake:
    """Of `wanted`, in that order. `before`: how earlier versions were cut, by path."""

    def __init__(
        self, framer: Framer, wanted: Sequence[TreeEntry], before: Mapping[bytes, Sequence[Cut]]
    ) -> None:
        self._framer = framer
        self._before = before
        self._waiting = iter(wanted)
        self._entry: TreeEntry | None = None
        """The file that is coming in."""
        self.known: dict[bytes, tuple[TreeEntry, Content]] = {}
        self.unread: dict[bytes, str] = {}
        self.files = self.bytes = 0
        """How much came to its end."""

    def room(self) -> memoryview:
        """As `ports.guest.Room`."""
        return self._framer.room()

    def take(self, path: bytes, data: bytes | memoryview, last: bool, error: str | None) -> None:
        """As `ports.guest.Take`."""
        entry = self._entry
        if entry is None:
            entry = self._entry = next(self._waiting, None)
            if path in self._before:
                self._framer.expect(self._before[path])
        if entry is None or path != entry.path:
            raise Failure(
                "workspace_failed",
                "The workspace answered with another file than was asked for.",
                hint="Try again; if it stays, close the workspace and open it again.",
                retryable=True,
            )
        if error is not None:
            self._break_off(entry, error)
        elif (content := self._framer.take(data, last=last)) is not None:
            self._entry = None
            self.files += 1
            self.bytes += entry.size
            if content.size == entry.size:
                self.known[path] = entry, content
            else:
                self.unread[path] = "its size changed"

    def end(self) -> None:
        """Nothing more comes."""
        for entry in ([self._entry] if self._entry is not None else []) + list(self._waiting):
            self._break_off(entry, "the workspace did not send it")

    def _break_off(self, entry: TreeEntry, why: str) -> None:
        self._framer.forget_file()
        self._entry = None
        self.unread[entry.path] = why
