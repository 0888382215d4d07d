"""Model calls, one row each, and the system prompts and tool lists they share."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import json_text, plain_text
from journeyman.ports.writes import Write
from journeyman.turns import Sent, Turn


class SqliteTurns:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, turn: Turn, prefix: str | None = None) -> Write[None]:
        table, row = ("turns", _own(turn)) if turn.call_id is None else ("explored", _explored(turn))
        names, values = ", ".join(row), tuple(row.values())

        def work(connection: sqlite3.Connection) -> None:
            if prefix is not None:
                connection.execute("INSERT OR IGNORE INTO prefixes VALUES (?, ?)", (turn.prefix, prefix))
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)

        return self._database.submit(work)

    async def of_run(self, run_id: str) -> tuple[Turn, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Turn, ...]:
            rows = connection.execute("SELECT * FROM turns WHERE run_id = ? ORDER BY step", (run_id,))
            return tuple(Turn(message_id=row["message_id"], **_common(row)) for row in rows)

        return await self._database.read(work)

    async def explored(self, run_id: str) -> tuple[Turn, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Turn, ...]:
            rows = connection.execute(
                "SELECT * FROM explored WHERE run_id = ? ORDER BY call_id, step", (run_id,)
            )
            return tuple(
                Turn(message_id="", call_id=row["call_id"], answer=json.loads(row["answer"]), **_common(row))
                for row in rows
            )

        return await self._database.read(work)

    async def prefix(self, digest: str) -> str | None:
        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT body FROM prefixes WHERE digest = ?", (digest,)).fetchone()
            return None if row is None else str(row["body"])

        return await self._database.read(work)


def _own(turn: Turn) -> dict[str, Any]:
    return {"message_id": turn.message_id, **_columns(turn)}


def _explored(turn: Turn) -> dict[str, Any]:
    return {"call_id": turn.call_id, "answer": json_text(dict(turn.answer or {})), **_columns(turn)}


def _columns(turn: Turn) -> dict[str, Any]:
    added = [each.id if each.fields is None else [each.id, dict(each.fields)] for each in turn.added]
    return {
        "run_id": turn.run_id,
        "step": turn.step,
        "chat_id": turn.chat_id,
        "model": plain_text(turn.model),
        "prefix": turn.prefix,
        "kept": turn.kept,
        "added": json_text(added),
        "settings": json_text(dict(turn.settings)),
        "bytes": turn.bytes,
        "sha256": turn.sha256,
        "stop_reason": turn.stop_reason,
        "seconds": turn.seconds,
        "usage": json_text(dict(turn.usage)),
    }


def _common(row: sqlite3.Row) -> dict[str, Any]:
    added = tuple(
        Sent(each) if isinstance(each, str) else Sent(each[0], each[1]) for each in json.loads(row["added"])
    )
    return {
        "chat_id": row["chat_id"],
        "run_id": row["run_id"],
        "step": row["step"],
        "model": row["model"],
        "prefix": row["prefix"],
        "kept": row["kept"],
        "added": added,
        "settings": json.loads(row["settings"]),
        "bytes": row["bytes"],
        "sha256": row["sha256"],
        "stop_reason": row["stop_reason"],
        "seconds": row["seconds"],
        "usage": json.loads(row["usage"]),
    }
