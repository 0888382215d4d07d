"""What users say to open runs. A row waits until one transaction says what became of it; it is never deleted,
so that a client's id of its own stays known."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.chats_messages import insert_messages, require_chat
from journeyman.adapters.sqlite.contexts import context_from, context_text
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.pictured import pictures_from, pictures_text
from journeyman.adapters.sqlite.runs import add_run, owner_of
from journeyman.adapters.sqlite.values import plain_text, time_from, time_text
from journeyman.failures import Failure, not_found
from journeyman.records import Input, Message, Run


class SqliteInputs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, given: Input) -> Input:
        def work(connection: sqlite3.Connection) -> Input:
            owner = owner_of(connection, given.chat_id)
            if given.client_run_id is not None:
                known = _by_client(connection, owner, given.client_run_id)
                if known is not None:
                    return known
            connection.execute(
                "INSERT INTO inputs (id, chat_id, run_id, user_id, client_run_id, text, rev, state,"
                " created_at, context, pictures) VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
                (
                    given.id,
                    given.chat_id,
                    given.run_id,
                    owner,
                    given.client_run_id,
                    plain_text(given.text),
                    given.rev,
                    time_text(given.created_at),
                    context_text(given.context),
                    pictures_text(given.pictures),
                ),
            )
            return given

        return await self._database.write(work)

    async def get(self, input_id: str) -> Input:
        return await self._database.read(lambda connection: _input(_row(connection, input_id)))

    async def by_client(self, user_id: str, client_run_id: str) -> Input | None:
        return await self._database.read(lambda connection: _by_client(connection, user_id, client_run_id))

    async def waiting(self, chat_id: str, run_id: str | None = None) -> tuple[Input, ...]:
        narrow, keys = ("", (chat_id,)) if run_id is None else (" AND run_id = ?", (chat_id, run_id))

        def work(connection: sqlite3.Connection) -> tuple[Input, ...]:
            require_chat(connection, chat_id)
            rows = connection.execute(
                f"SELECT * FROM inputs WHERE state = 'waiting' AND chat_id = ?{narrow} ORDER BY n", keys
            )
            return tuple(_input(row) for row in rows)

        return await self._database.read(work)

    async def stranded(self) -> tuple[Input, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Input, ...]:
            rows = connection.execute(
                "SELECT inputs.* FROM inputs JOIN runs ON runs.id = inputs.run_id"
                " WHERE inputs.state = 'waiting' AND NOT runs.open ORDER BY inputs.n"
            )
            return tuple(_input(row) for row in rows)

        return await self._database.read(work)

    async def take(self, inputs: Sequence[Input], messages: Sequence[Message]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for each in inputs:
                _settle(connection, each, "taken")
            insert_messages(connection, messages)

        await self._database.write(work)

    async def become(self, given: Input, run: Run) -> Run:
        def work(connection: sqlite3.Connection) -> Run:
            _settle(connection, given, "run")
            stored = add_run(connection, run)
            connection.execute("UPDATE inputs SET run_id = ? WHERE id = ?", (stored.id, given.id))
            return stored

        return await self._database.write(work)

    async def edit(self, input_id: str, text: str, *, if_rev: int | None) -> Input:
        def work(connection: sqlite3.Connection) -> Input:
            present = _input(_row(connection, input_id))
            if if_rev not in (None, present.rev):
                raise _changed(input_id)
            _settle(connection, present, "waiting")
            connection.execute(
                "UPDATE inputs SET text = ?, rev = rev + 1 WHERE id = ?", (plain_text(text), input_id)
            )
            return _input(_row(connection, input_id))

        return await self._database.write(work)

    async def remove(self, input_id: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _settle(connection, _input(_row(connection, input_id)), "removed")

        await self._database.write(work)


def _settle(connection: sqlite3.Connection, given: Input, state: str) -> None:
    """Say what becomes of it, if it still waits and is what the caller knows."""
    done = connection.execute(
        "UPDATE inputs SET state = ? WHERE id = ? AND rev = ? AND state = 'waiting'",
        (state, given.id, given.rev),
    )
    if done.rowcount == 0:
        raise _changed(given.id)


def _changed(input_id: str) -> Failure:
    return Failure(
        "conflict", f"The input {input_id} changed or was taken meanwhile.", hint="Look at the queue again."
    )


def _row(connection: sqlite3.Connection, input_id: str) -> sqlite3.Row:
    row = connection.execute("SELECT * FROM inputs WHERE id = ?", (input_id,)).fetchone()
    if row is None:
        raise not_found("input", input_id)
    return row


def _by_client(connection: sqlite3.Connection, user_id: str, client_run_id: str) -> Input | None:
    row = connection.execute(
        "SELECT * FROM inputs WHERE user_id = ? AND client_run_id = ?", (user_id, client_run_id)
    ).fetchone()
    return None if row is None else _input(row)


def _input(row: sqlite3.Row) -> Input:
    return Input(
        id=row["id"],
        chat_id=row["chat_id"],
        run_id=row["run_id"],
        text=row["text"],
        created_at=time_from(row["created_at"]),
        client_run_id=row["client_run_id"],
        rev=row["rev"],
        context=context_from(row["context"]),
        pictures=pictures_from(row["pictures"]),
    )
