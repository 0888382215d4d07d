"""Runs. Adding one is idempotent on the user and the client's own run id."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import (
    commands_from,
    json_text,
    optional_time_from,
    optional_time_text,
    plain_text,
    time_from,
    time_text,
)
from journeyman.failures import Failure, not_found
from journeyman.records import TERMINAL_RUN_STATUSES, Budget, Changes, Run, Usage

_MUTABLE = (
    "model",
    "status",
    "open",
    "effort",
    "budget",
    "started_at",
    "finished_at",
    "stop_reason",
    "summary",
    "usage",
    "changes",
    "commands",
    "steps",
)
_FIXED = ("id", "chat_id", "project_id", "client_run_id", "prompt", "mode", "created_at")
_ADD = (
    f"INSERT INTO runs (user_id, {', '.join(_FIXED + _MUTABLE)})"
    f" VALUES (:user_id, {', '.join(f':{name}' for name in _FIXED + _MUTABLE)})"
)
_UPDATE = f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in _MUTABLE)} WHERE id = :id"


class SqliteRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: Run) -> Run:
        columns = _columns(run)

        def work(connection: sqlite3.Connection) -> Run:
            owner = connection.execute(
                "SELECT projects.user_id FROM chats JOIN projects ON projects.id = chats.project_id"
                " WHERE chats.id = ?",
                (run.chat_id,),
            ).fetchone()
            if owner is None:
                raise not_found("chat", run.chat_id)
            if run.client_run_id is not None:
                known = connection.execute(
                    "SELECT * FROM runs WHERE user_id = ? AND client_run_id = ?",
                    (owner["user_id"], run.client_run_id),
                ).fetchone()
                if known is not None:
                    return _run(known)
            if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run.id,)).fetchone():
                raise Failure("conflict", f"There is a run {run.id!r} already.")
            connection.execute(_ADD, {**columns, "user_id": owner["user_id"]})
            return run

        return await self._database.write(work)

    async def get(self, run_id: str) -> Run:
        def work(connection: sqlite3.Connection) -> Run:
            row = connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise not_found("run", run_id)
            return _run(row)

        return await self._database.read(work)

    async def update(self, run: Run) -> None:
        columns = _columns(run)

        def work(connection: sqlite3.Connection) -> None:
            if connection.execute(_UPDATE, columns).rowcount == 0:
                raise not_found("run", run.id)

        await self._database.write(work)

    async def list(self, chat_id: str) -> tuple[Run, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Run, ...]:
            if connection.execute("SELECT 1 FROM chats WHERE id = ?", (chat_id,)).fetchone() is None:
                raise not_found("chat", chat_id)
            rows = connection.execute("SELECT * FROM runs WHERE chat_id = ? ORDER BY n", (chat_id,))
            return tuple(_run(row) for row in rows)

        return await self._database.read(work)

    async def open(self) -> tuple[Run, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Run, ...]:
            rows = connection.execute("SELECT * FROM runs WHERE open ORDER BY n")
            return tuple(_run(row) for row in rows)

        return await self._database.read(work)


def _columns(run: Run) -> dict[str, str | int | None]:
    return {
        "id": run.id,
        "chat_id": run.chat_id,
        "project_id": run.project_id,
        "client_run_id": run.client_run_id,
        "prompt": plain_text(run.prompt),
        "mode": run.mode,
        "created_at": time_text(run.created_at),
        "model": run.model,
        "status": run.status,
        "open": int(run.status not in TERMINAL_RUN_STATUSES),
        "effort": run.effort,
        "budget": json_text(asdict(run.budget)),
        "started_at": optional_time_text(run.started_at),
        "finished_at": optional_time_text(run.finished_at),
        "stop_reason": run.stop_reason,
        "summary": plain_text(run.summary),
        "usage": json_text(asdict(run.usage)),
        "changes": json_text(asdict(run.changes)),
        "commands": json_text(asdict(run.commands)),
        "steps": run.steps,
    }


def _run(row: sqlite3.Row) -> Run:
    changes = json.loads(row["changes"])
    return Run(
        id=row["id"],
        chat_id=row["chat_id"],
        project_id=row["project_id"],
        client_run_id=row["client_run_id"],
        prompt=row["prompt"],
        mode=row["mode"],
        model=row["model"],
        status=row["status"],
        created_at=time_from(row["created_at"]),
        effort=row["effort"],
        budget=Budget(**json.loads(row["budget"])),
        started_at=optional_time_from(row["started_at"]),
        finished_at=optional_time_from(row["finished_at"]),
        stop_reason=row["stop_reason"],
        summary=row["summary"],
        usage=Usage(**json.loads(row["usage"])),
        changes=Changes(tuple(changes["files"]), changes["added"], changes["removed"]),
        commands=commands_from(row["commands"]),
        steps=row["steps"],
    )
