"""Durable memory of images; a part of `ports.store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from journeyman.pictures import Attached


class PictureStore(Protocol):
    """The bytes of each image once, however many chats have it. It goes with the last of them."""

    async def add(self, chat_id: str, pictures: Sequence[Attached]) -> None:
        """The chat has these now."""
        ...

    async def get(self, chat_id: str, picture_id: str) -> Attached:
        """One the chat has, without the name it was given."""
        ...
