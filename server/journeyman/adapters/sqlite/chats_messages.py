"""Chats and the messages in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.cursors import decode, encode, page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.pictured import pictures_from, pictures_text
from journeyman.adapters.sqlite.text_index import forget_chat, forget_title, index_title
from journeyman.adapters.sqlite.thoughtful import thoughts_from, thoughts_text
from journeyman.adapters.sqlite.values import json_text, plain_text, time_from, time_text
from journeyman.failures import Failure, not_found
from journeyman.ports.clock import Clock
from journeyman.ports.writes import Write
from journeyman.records import Chat, Message, Page, ToolCall


class SqliteChats:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, chat: Chat) -> None:
        await self._database.write(lambda connection: add_chat(connection, chat))

    async def get(self, chat_id: str) -> Chat:
        return await self._database.read(lambda connection: _get(connection, chat_id))

    async def list(
        self, user_id: str, *, project_id: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[Chat]:
        before = decode("chats", cursor) if cursor is not None else 2**62
        size = page_size(limit)
        narrow = "" if project_id is None else " AND chats.project_id = ?"
        keys = (user_id, before) if project_id is None else (user_id, before, project_id)

        def work(connection: sqlite3.Connection) -> Page[Chat]:
            rows = connection.execute(
                "SELECT chats.* FROM chats JOIN projects ON projects.id = chats.project_id"
                f" WHERE projects.user_id = ? AND chats.n < ?{narrow} ORDER BY chats.n DESC LIMIT ?",
                (*keys, size + 1),
            ).fetchall()
            more = encode("chats", rows[size - 1]["n"]) if len(rows) > size else None
            return Page(tuple(chat_from(row) for row in rows[:size]), more)

        return await self._database.read(work)

    async def update(
        self, chat_id: str, *, title: str | None = None, model: str | None = None, cwd: str | None = None
    ) -> Chat:
        now = time_text(self._clock.now())

        def work(connection: sqlite3.Connection) -> Chat:
            if title is not None:
                forget_title(connection, chat_id)
            connection.execute(
                "UPDATE chats SET title = coalesce(?, title), model = coalesce(?, model),"
                " cwd = coalesce(?, cwd), updated_at = ? WHERE id = ?",
                (
                    None if title is None else plain_text(title),
                    model,
                    None if cwd is None else plain_text(cwd),
                    now,
                    chat_id,
                ),
            )
            if title is not None:
                index_title(connection, chat_id)
            return _get(connection, chat_id)

        return await self._database.write(work)

    async def delete(self, chat_id: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            forget_chat(connection, chat_id)
            if connection.execute("DELETE FROM chats WHERE id = ?", (chat_id,)).rowcount == 0:
                raise not_found("chat", chat_id)

        await self._database.write(work)


class SqliteMessages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, messages: Sequence[Message], *, patient: bool = False) -> Write[None]:
        return self._database.submit(
            lambda connection: insert_messages(connection, messages), patient=patient
        )

    async def history(self, chat_id: str) -> tuple[Message, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Message, ...]:
            require_chat(connection, chat_id)
            rows = connection.execute(
                "SELECT * FROM messages WHERE chat_id = ? AND NOT rewound ORDER BY n", (chat_id,)
            )
            return tuple(message_from(row) for row in rows)

        return await self._database.read(work)

    async def list(
        self, chat_id: str, *, cursor: str | None = None, limit: int = 50, rewound: bool = False
    ) -> Page[Message]:
        after = decode("messages", cursor) if cursor is not None else 0
        size = page_size(limit)

        def work(connection: sqlite3.Connection) -> Page[Message]:
            require_chat(connection, chat_id)
            rows = connection.execute(
                "SELECT * FROM messages WHERE chat_id = ? AND n > ? AND rewound <= ? ORDER BY n LIMIT ?",
                (chat_id, after, rewound, size + 1),
            ).fetchall()
            more = encode("messages", rows[size - 1]["n"]) if len(rows) > size else None
            return Page(tuple(message_from(row) for row in rows[:size]), more)

        return await self._database.read(work)

    async def get(self, chat_id: str, message_id: str) -> Message:
        def work(connection: sqlite3.Connection) -> Message:
            row = connection.execute(
                "SELECT * FROM messages WHERE chat_id = ? AND id = ?", (chat_id, message_id)
            ).fetchone()
            if row is None:
                raise not_found("message", message_id)
            return message_from(row)

        return await self._database.read(work)

    async def recent(self, chat_id: str, limit: int) -> tuple[int, tuple[Message, ...]]:
        def work(connection: sqlite3.Connection) -> tuple[int, tuple[Message, ...]]:
            require_chat(connection, chat_id)
            count = connection.execute(
                "SELECT count(*) FROM messages WHERE chat_id = ? AND NOT rewound", (chat_id,)
            ).fetchone()[0]
            rows = connection.execute(
                "SELECT * FROM messages WHERE chat_id = ? AND NOT rewound ORDER BY n DESC LIMIT ?",
                (chat_id, page_size(limit)),
            ).fetchall()
            return count, tuple(message_from(row) for row in reversed(rows))

        return await self._database.read(work)


def add_chat(connection: sqlite3.Connection, chat: Chat) -> None:
    if connection.execute("SELECT 1 FROM projects WHERE id = ?", (chat.project_id,)).fetchone() is None:
        raise not_found("project", chat.project_id)
    if connection.execute("SELECT 1 FROM chats WHERE id = ?", (chat.id,)).fetchone():
        raise Failure("conflict", f"There is a chat {chat.id!r} already.")
    connection.execute(
        "INSERT INTO chats (id, project_id, title, model, cwd, epoch, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            chat.id,
            chat.project_id,
            plain_text(chat.title),
            chat.model,
            plain_text(chat.cwd),
            chat.epoch,
            time_text(chat.created_at),
            time_text(chat.updated_at),
        ),
    )
    index_title(connection, chat.id)


def insert_messages(connection: sqlite3.Connection, messages: Sequence[Message]) -> None:
    for chat_id in {message.chat_id for message in messages}:
        require_chat(connection, chat_id)
    connection.executemany(
        "INSERT INTO messages (id, chat_id, run_id, role, text, reasoning, tool_calls, tool_call_id,"
        " tool_name, ok, context, created_at, pictures, thoughts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_columns(message) for message in messages],
    )


def require_chat(connection: sqlite3.Connection, chat_id: str) -> None:
    if connection.execute("SELECT 1 FROM chats WHERE id = ?", (chat_id,)).fetchone() is None:
        raise not_found("chat", chat_id)


def _get(connection: sqlite3.Connection, chat_id: str) -> Chat:
    row = connection.execute("SELECT * FROM chats WHERE id = ?", (chat_id,)).fetchone()
    if row is None:
        raise not_found("chat", chat_id)
    return chat_from(row)


def chat_from(row: sqlite3.Row) -> Chat:
    return Chat(
        id=row["id"],
        project_id=row["project_id"],
        title=row["title"],
        model=row["model"],
        cwd=row["cwd"],
        epoch=row["epoch"],
        created_at=time_from(row["created_at"]),
        updated_at=time_from(row["updated_at"]),
    )


def _columns(message: Message) -> tuple[str | int | None, ...]:
    calls = [[call.id, call.name, call.arguments, call.invalid] for call in message.tool_calls]
    return (
        message.id,
        message.chat_id,
        message.run_id,
        message.role,
        plain_text(message.text),
        plain_text(message.reasoning),
        json_text(calls),
        None if message.tool_call_id is None else plain_text(message.tool_call_id),
        None if message.tool_name is None else plain_text(message.tool_name),
        message.ok,
        plain_text(message.context),
        time_text(message.created_at),
        pictures_text(message.pictures),
        thoughts_text(message.thoughts),
    )


def message_from(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        chat_id=row["chat_id"],
        run_id=row["run_id"],
        role=row["role"],
        text=row["text"],
        created_at=time_from(row["created_at"]),
        reasoning=row["reasoning"],
        tool_calls=tuple(ToolCall(*call) for call in json.loads(row["tool_calls"])),
        tool_call_id=row["tool_call_id"],
        tool_name=row["tool_name"],
        ok=None if row["ok"] is None else bool(row["ok"]),
        context=row["context"],
        rewound=bool(row["rewound"]),
        pictures=pictures_from(row["pictures"]),
        thoughts=thoughts_from(row["thoughts"]),
    )
