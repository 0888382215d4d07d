"""Finding chats by what was said in them; a part of `ports.store`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from journeyman.records import Chat, Message, Page


@dataclass(frozen=True, slots=True)
class Term:
    """What is looked for: a word, or several in a row. Nothing in it is syntax."""

    text: str
    whole: bool
    """Its last word must end where the found one does; otherwise that may go on."""


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    hit: bool
    """It is what was looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    chat: Chat
    message: Message | None
    """Where the words are; None: in the chat's title."""
    excerpt: tuple[Piece, ...]
    """Some of the text around them; cut at its ends."""


class FindingStore(Protocol):
    async def find(
        self,
        user_id: str,
        terms: Sequence[Term],
        *,
        project_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Found]:
        """Titles, and what the user and the model said and no rewind took back, in which every term is;
        titles first, then messages, each newest first. A page may be short and still not be the last: only
        so many texts are looked through for one."""
        ...
