"""Todo lists: one row per chat, with a revision that counts every change. Knows none of the rules."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import json_text
from journeyman.failures import Failure
from journeyman.records import TodoItem, TodoList


class SqliteTodos:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, chat_id: str) -> TodoList:
        return await self._database.read(lambda connection: get_todos(connection, chat_id))

    async def replace(self, chat_id: str, items: Sequence[TodoItem], *, if_rev: int | None) -> TodoList:
        kept = tuple(items)
        text = json_text([asdict(item) for item in kept])

        def work(connection: sqlite3.Connection) -> TodoList:
            rev = get_todos(connection, chat_id).rev
            if if_rev is not None and if_rev != rev:
                raise Failure(
                    "conflict",
                    f"The todo list is at revision {rev}, not {if_rev}.",
                    hint="Read it again and repeat the change on top of it.",
                    data={"rev": rev},
                )
            connection.execute(
                "INSERT INTO todos (chat_id, rev, items) VALUES (?, ?, ?)"
                " ON CONFLICT (chat_id) DO UPDATE SET rev = excluded.rev, items = excluded.items",
                (chat_id, rev + 1, text),
            )
            return TodoList(chat_id, rev + 1, kept)

        return await self._database.write(work)


def get_todos(connection: sqlite3.Connection, chat_id: str) -> TodoList:
    row = connection.execute("SELECT rev, items FROM todos WHERE chat_id = ?", (chat_id,)).fetchone()
    if row is None:
        require_chat(connection, chat_id)
        return TodoList(chat_id, 0)
    return TodoList(chat_id, row["rev"], tuple(_item(columns) for columns in json.loads(row["items"])))


def _item(columns: dict[str, Any]) -> TodoItem:
    return replace(TodoItem(**columns), depends_on=tuple(columns["depends_on"]))
