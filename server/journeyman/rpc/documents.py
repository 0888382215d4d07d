"""What one client has open, text by text, as document sync tells it: saved or not, change by change.

Ours and not pygls', which ends lines where LSP does not (`positions.py`) and does not know what was saved: a
text that is wrong by one line would be written into the workspace. Knows no project and no file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import unquote

from journeyman.rpc.positions import offset

log = logging.getLogger(__name__)

DOCUMENTS_MAX = 2_000
"""Most documents one client may have open here."""
CHARACTERS_MAX = 64 * 1024 * 1024
"""In all of them; what does not fit is left out, as if it were not open."""


@dataclass(frozen=True, slots=True)
class Change:
    """`start` and `end` as (line, character); without them all of the text."""

    text: str
    start: tuple[int, int] | None = None
    end: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    uri: str
    version: int | None
    text: str
    revision: int = 0
    """Another one after everything that is told of any document."""
    unsaved: bool = False
    """Changed since it was opened or saved."""
    earlier: tuple[str, ...] = ()
    """As it was opened, and as it was saved last."""


class Documents:
    def __init__(self) -> None:
        self.encoding = "utf-16"
        """What a position's `character` counts."""
        self._open: dict[str, Opened] = {}
        self._characters = 0
        self._revisions = count(1)

    def __iter__(self) -> Iterator[Opened]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Opened | None:
        return self._open.get(unquote(uri))

    def open(self, uri: str, version: int | None, text: str) -> None:
        if unquote(uri) not in self._open and len(self._open) >= DOCUMENTS_MAX:
            log.warning("a client has more than %d documents open; this one is left out", DOCUMENTS_MAX)
            return
        self._put(Opened(uri, version, text, earlier=(text,)))

    def change(self, uri: str, version: int | None, changes: Sequence[Change]) -> None:
        """One after the other, each of the text the one before has left."""
        document = self.get(uri)
        if document is None:
            log.debug("a change to a document that is not open")
            return
        text = document.text
        for each in changes:
            text = self._changed(text, each)
        self._put(Opened(document.uri, version, text, unsaved=True, earlier=document.earlier))

    def saved(self, uri: str) -> None:
        document = self.get(uri)
        if document is not None:
            earlier = (document.earlier[0], document.text)
            self._put(Opened(document.uri, document.version, document.text, earlier=earlier))

    def close(self, uri: str) -> None:
        gone = self._open.pop(unquote(uri), None)
        if gone is not None:
            self._characters -= len(gone.text)

    def _changed(self, text: str, change: Change) -> str:
        if change.start is None or change.end is None:
            return change.text
        start, end = (offset(text, *each, self.encoding) for each in (change.start, change.end))
        return text[: min(start, end)] + change.text + text[max(start, end) :]

    def _put(self, document: Opened) -> None:
        key = unquote(document.uri)
        before = self._open.get(key)
        characters = self._characters + len(document.text) - (0 if before is None else len(before.text))
        if characters > CHARACTERS_MAX:
            log.warning("a client's documents have more than %d characters; one is left out", CHARACTERS_MAX)
            self.close(document.uri)
            return
        self._characters = characters
        self._open[key] = replace(document, revision=next(self._revisions))
