"""Images of chats."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.database import Database
from journeyman.failures import not_found
from journeyman.pictures import Attached, Picture


class SqlitePictures:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, chat_id: str, pictures: Sequence[Attached]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            require_chat(connection, chat_id)
            for each in pictures:
                key = each.picture.id
                connection.execute(
                    "INSERT OR IGNORE INTO pictures (id, mime, data) VALUES (?, ?, ?)",
                    (key, each.picture.mime, each.data),
                )
                connection.execute("INSERT OR IGNORE INTO chat_pictures VALUES (?, ?)", (chat_id, key))

        if pictures:
            await self._database.write(work)

    async def get(self, chat_id: str, picture_id: str) -> Attached:
        def work(connection: sqlite3.Connection) -> Attached:
            row = connection.execute(
                "SELECT pictures.* FROM chat_pictures JOIN pictures ON pictures.id = picture_id"
                " WHERE chat_id = ? AND picture_id = ?",
                (chat_id, picture_id),
            ).fetchone()
            if row is None:
                require_chat(connection, chat_id)
                raise not_found("image", picture_id)
            return Attached(Picture(row["id"], row["mime"], len(row["data"])), row["data"])

        return await self._database.read(work)
