"""What a search found, as the wire has it."""

from __future__ import annotations

from typing import Literal, cast

from journeyman.ports.finding import Found
from journeyman.records import Message
from journeyman.rpc import wire
from journeyman_protocol import chat


def found(value: Found) -> chat.Found:
    return chat.Found(
        chat=wire.chat_(value.chat),
        message=None if value.message is None else _message(value.message),
        excerpt=[chat.Piece(text=piece.text, hit=piece.hit) for piece in value.excerpt],
    )


def _message(value: Message) -> chat.FoundMessage:
    return chat.FoundMessage(
        id=value.id,
        run_id=value.run_id,
        role=cast("Literal['user', 'assistant']", value.role),
        created_at=wire.timestamp(value.created_at),
    )
