"""Runs. Adding one is idempotent on the user and the client's own run id, and on the run it resumes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.contexts import context_from, context_text
from journeyman.adapters.sqlite.cursors import decode, encode, page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.pictured import pictures_from, pictures_text
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
from journeyman.records import TERMINAL_RUN_STATUSES, Budget, Changes, Counted, Page, Run, Usage

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
_FIXED = (
    "id",
    "chat_id",
    "project_id",
    "client_run_id",
    "prompt",
    "mode",
    "created_at",
    "rev",
    "resumes",
    "context",
    "pictures",
)
_ADD = (
    f"INSERT INTO runs (user_id, {', '.join(_FIXED + _MUTABLE)})"
    f" VALUES (:user_id, {', '.join(f':{name}' for name in _FIXED + _MUTABLE)})"
)
_UPDATE = f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in _MUTABLE)} WHERE id = :id"


class SqliteRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: Run) -> Run:
        return await self._database.write(lambda connection: add_run(connection, run))

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

    async def by_client(self, user_id: str, client_run_id: str) -> Run | None:
        return await self._database.read(lambda connection: _by_client(connection, user_id, client_run_id))

    async def list(self, chat_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Run]:
        before = decode("runs", cursor) if cursor is not None else 2**62
        size = page_size(limit)

        def work(connection: sqlite3.Connection) -> Page[Run]:
            require_chat(connection, chat_id)
            rows = connection.execute(
                "SELECT * FROM runs WHERE chat_id = ? AND n < ? ORDER BY n DESC LIMIT ?",
                (chat_id, before, size + 1),
            ).fetchall()
            more = encode("runs", rows[size - 1]["n"]) if len(rows) > size else None
            return Page(tuple(_run(row) for row in rows[:size]), more)

        return await self._database.read(work)

    async def open(self, chat_id: str | None = None) -> tuple[Run, ...]:
        narrow, keys = ("", ()) if chat_id is None else (" AND chat_id = ?", (chat_id,))

        def work(connection: sqlite3.Connection) -> tuple[Run, ...]:
            rows = connection.execute(
                f"SELECT * FROM runs WHERE open{narrow} ORDER BY coalesce(rank, n), n", keys
            )
            return tuple(_run(row) for row in rows)

        return await self._database.read(work)

    async def usages(self, chat_id: str) -> tuple[Usage, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Usage, ...]:
            require_chat(connection, chat_id)
            rows = connection.execute("SELECT usage FROM runs WHERE chat_id = ? ORDER BY n", (chat_id,))
            return tuple(_usage(json.loads(row["usage"])) for row in rows)

        return await self._database.read(work)

    async def edit(self, run_id: str, prompt: str, *, if_rev: int | None) -> Run:
        def work(connection: sqlite3.Connection) -> Run:
            row = connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise not_found("run", run_id)
            if row["status"] != "queued" or if_rev not in (None, row["rev"]):
                raise Failure("conflict", f"Run {run_id} changed meanwhile.", hint="Look at it again.")
            connection.execute(
                "UPDATE runs SET prompt = ?, rev = rev + 1 WHERE id = ?", (plain_text(prompt), run_id)
            )
            return _run(connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone())

        return await self._database.write(work)

    async def reorder(self, run_ids: Sequence[str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            marks = ", ".join("?" * len(run_ids))
            ranks = connection.execute(
                f"SELECT coalesce(rank, n) AS rank FROM runs WHERE open AND id IN ({marks}) ORDER BY 1",
                tuple(run_ids),
            ).fetchall()
            if len(ranks) != len(run_ids):
                raise Failure("conflict", "One of the runs has ended.", hint="Look at the queue again.")
            connection.executemany(
                "UPDATE runs SET rank = ? WHERE id = ?",
                [(row["rank"], run_id) for row, run_id in zip(ranks, run_ids, strict=True)],
            )

        await self._database.write(work)


def owner_of(connection: sqlite3.Connection, chat_id: str) -> str:
    """The user whose chat it is."""
    owner = connection.execute(
        "SELECT projects.user_id FROM chats JOIN projects ON projects.id = chats.project_id"
        " WHERE chats.id = ?",
        (chat_id,),
    ).fetchone()
    if owner is None:
        raise not_found("chat", chat_id)
    return str(owner["user_id"])


def add_run(connection: sqlite3.Connection, run: Run) -> Run:
    """Inside a transaction; see `RunStore.add`."""
    owner = owner_of(connection, run.chat_id)
    if run.client_run_id is not None:
        known = _by_client(connection, owner, run.client_run_id)
        if known is not None:
            return known
    if run.resumes is not None:
        row = connection.execute("SELECT * FROM runs WHERE resumes = ?", (run.resumes,)).fetchone()
        if row is not None:
            return _run(row)
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run.id,)).fetchone():
        raise Failure("conflict", f"There is a run {run.id!r} already.")
    connection.execute(_ADD, {**_columns(run), "user_id": owner})
    return run


def _by_client(connection: sqlite3.Connection, user_id: str, client_run_id: str) -> Run | None:
    row = connection.execute(
        "SELECT * FROM runs WHERE user_id = ? AND client_run_id = ?", (user_id, client_run_id)
    ).fetchone()
    return None if row is None else _run(row)


def _usage(columns: dict[str, Any]) -> Usage:
    counted = columns.pop("at_least", None)
    if counted is None:  # written before there were two ways of counting
        known = ("input_tokens", "output_tokens", "cached_tokens", "cost_usd")
        counted = {name: columns.get(name) or 0 for name in known}
    return Usage(**columns, at_least=Counted(**counted))


def _columns(run: Run) -> dict[str, str | int | None]:
    return {
        "id": run.id,
        "chat_id": run.chat_id,
        "project_id": run.project_id,
        "client_run_id": run.client_run_id,
        "prompt": plain_text(run.prompt),
        "mode": run.mode,
        "created_at": time_text(run.created_at),
        "rev": run.rev,
        "resumes": run.resumes,
        "context": context_text(run.context),
        "pictures": pictures_text(run.pictures),
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
        usage=_usage(json.loads(row["usage"])),
        changes=Changes(tuple(changes["files"]), changes["added"], changes["removed"]),
        commands=commands_from(row["commands"]),
        steps=row["steps"],
        rev=row["rev"],
        resumes=row["resumes"],
        context=context_from(row["context"]),
        pictures=pictures_from(row["pictures"]),
    )
