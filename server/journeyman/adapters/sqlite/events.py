"""The event log of every chat. The sequence number is given inside the transaction that stores it."""

from __future__ import annotations

import json
import sqlite3
import sys
from typing import Any

from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.cursors import page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import json_text, time_from, time_text
from journeyman.failures import not_found
from journeyman.ports.clock import Clock
from journeyman.ports.writes import Write
from journeyman.records import Event, EventKind

EVENTS_PAGE_MAX = 10_000
"""Most events in one `read`."""

_APPEND = """
    INSERT INTO events (chat_id, seq, ts, kind, data, run_id, item_id)
    SELECT id, 1 + coalesce((SELECT max(seq) FROM events WHERE chat_id = chats.id), 0), ?, ?, ?, ?, ?
    FROM chats WHERE id = ?
    RETURNING seq, (SELECT epoch FROM chats WHERE id = chat_id) AS epoch
"""


class SqliteEvents:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
        patient: bool = False,
    ) -> Write[Event]:
        text = json_text(data)
        ts = time_text(self._clock.now())

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row = connection.execute(_APPEND, (ts, kind, text, run_id, item_id, chat_id)).fetchone()
            if row is None:
                raise not_found("chat", chat_id)
            return row

        def event(row: sqlite3.Row) -> Event:
            # What is sent now is what a later read gives: the stored text, not the caller's object.
            told = json.loads(text)
            return Event(chat_id, row["epoch"], row["seq"], time_from(ts), kind, told, run_id, item_id)

        return self._database.submit(work, patient=patient, finish=event)

    async def bounds(self, chat_id: str) -> tuple[str, int, int]:
        def work(connection: sqlite3.Connection) -> tuple[str, int, int]:
            epoch, newest = _head(connection, chat_id)
            if newest == 0:
                return epoch, 1, 0
            oldest = connection.execute(
                "SELECT min(seq) FROM events WHERE chat_id = ?", (chat_id,)
            ).fetchone()[0]
            return epoch, oldest, newest

        return await self._database.read(work)

    async def read(
        self, chat_id: str, *, after: int, limit: int = 1000, characters_max: int | None = None
    ) -> tuple[Event, ...]:
        size = page_size(limit, EVENTS_PAGE_MAX)
        room = characters_max if characters_max is not None else sys.maxsize

        def work(connection: sqlite3.Connection) -> tuple[Event, ...]:
            rows = connection.execute(
                "SELECT events.*, chats.epoch FROM events JOIN chats ON chats.id = events.chat_id"
                " WHERE events.chat_id = ? AND events.seq > ? ORDER BY events.seq LIMIT ?",
                (chat_id, after, size),
            )
            found: list[Event] = []
            taken = 0
            for row in rows:
                taken += len(row["data"])
                if found and taken > room:
                    break
                found.append(_event(row))
            if not found:
                require_chat(connection, chat_id)
            return tuple(found)

        return await self._database.read(work)


def _head(connection: sqlite3.Connection, chat_id: str) -> tuple[str, int]:
    row = connection.execute(
        "SELECT epoch, coalesce((SELECT max(seq) FROM events WHERE chat_id = chats.id), 0) AS newest"
        " FROM chats WHERE id = ?",
        (chat_id,),
    ).fetchone()
    if row is None:
        raise not_found("chat", chat_id)
    return row["epoch"], row["newest"]


def _event(row: sqlite3.Row) -> Event:
    return Event(
        chat_id=row["chat_id"],
        epoch=row["epoch"],
        seq=row["seq"],
        ts=time_from(row["ts"]),
        kind=row["kind"],
        data=json.loads(row["data"]),
        run_id=row["run_id"],
        item_id=row["item_id"],
    )
