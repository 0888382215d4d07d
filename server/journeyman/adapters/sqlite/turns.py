"""Model calls, one row each, and the system prompts and tool lists they share."""

from __future__ import annotations

import json
import sqlite3

from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import json_text, plain_text
from journeyman.turns import Sent, Turn


class SqliteTurns:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, turn: Turn, prefix: str | None = None) -> None:
        added = [each.id if each.fields is None else [each.id, dict(each.fields)] for each in turn.added]
        row = (
            turn.run_id,
            turn.step,
            turn.chat_id,
            turn.message_id,
            plain_text(turn.model),
            turn.prefix,
            turn.kept,
            json_text(added),
            json_text(dict(turn.settings)),
            turn.bytes,
            turn.sha256,
            turn.stop_reason,
            turn.seconds,
            json_text(dict(turn.usage)),
        )

        def work(connection: sqlite3.Connection) -> None:
            if prefix is not None:
                connection.execute("INSERT OR IGNORE INTO prefixes VALUES (?, ?)", (turn.prefix, prefix))
            connection.execute(f"INSERT INTO turns VALUES ({', '.join('?' * len(row))})", row)

        await self._database.write(work)

    async def of_run(self, run_id: str) -> tuple[Turn, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Turn, ...]:
            rows = connection.execute("SELECT * FROM turns WHERE run_id = ? ORDER BY step", (run_id,))
            return tuple(_turn(row) for row in rows)

        return await self._database.read(work)

    async def prefix(self, digest: str) -> str | None:
        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT body FROM prefixes WHERE digest = ?", (digest,)).fetchone()
            return None if row is None else str(row["body"])

        return await self._database.read(work)


def _turn(row: sqlite3.Row) -> Turn:
    added = tuple(
        Sent(each) if isinstance(each, str) else Sent(each[0], each[1]) for each in json.loads(row["added"])
    )
    return Turn(
        chat_id=row["chat_id"],
        run_id=row["run_id"],
        step=row["step"],
        message_id=row["message_id"],
        model=row["model"],
        prefix=row["prefix"],
        kept=row["kept"],
        added=added,
        settings=json.loads(row["settings"]),
        bytes=row["bytes"],
        sha256=row["sha256"],
        stop_reason=row["stop_reason"],
        seconds=row["seconds"],
        usage=json.loads(row["usage"]),
    )
