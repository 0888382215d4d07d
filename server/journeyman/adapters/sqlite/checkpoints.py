"""Checkpoints of chats, and the rewinds that go back to them, with their part of the conversation."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite import conversations
from journeyman.adapters.sqlite.changed import fold, put_decisions
from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.cursors import decode, encode, page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import plain_text, time_from, time_text
from journeyman.changed import HunkDecision
from journeyman.failures import Failure, not_found
from journeyman.records import Checkpoint, NewCheckpoint, Page, Rewind, TurnedBack

_COLUMNS = "n, id, project_id, chat_id, run_id, kind, title, created_at, files, seq, length(changes) AS size"
_NEEDED = "SELECT checkpoint_id FROM rewinds WHERE open UNION SELECT safety_id FROM rewinds WHERE open"


class SqliteCheckpoints:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewCheckpoint) -> Checkpoint:
        return await self._database.write(lambda connection: _add(connection, new))

    async def get(self, checkpoint_id: str) -> Checkpoint:
        return await self._database.read(lambda connection: _get(connection, checkpoint_id))

    async def list(self, chat_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Checkpoint]:
        before = decode("checkpoints", cursor) if cursor is not None else 2**62
        size = page_size(limit)

        def work(connection: sqlite3.Connection) -> Page[Checkpoint]:
            require_chat(connection, chat_id)
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM checkpoints WHERE chat_id = ? AND n < ? ORDER BY n DESC LIMIT ?",
                (chat_id, before, size + 1),
            ).fetchall()
            more = encode("checkpoints", rows[size - 1]["n"]) if len(rows) > size else None
            return Page(tuple(_checkpoint(row) for row in rows[:size]), more)

        return await self._database.read(work)

    async def changes(self, checkpoint_id: str) -> bytes:
        def work(connection: sqlite3.Connection) -> bytes:
            row = connection.execute(
                "SELECT changes FROM checkpoints WHERE id = ?", (checkpoint_id,)
            ).fetchone()
            if row is None:
                raise _missing(checkpoint_id)
            return bytes(row["changes"])

        return await self._database.read(work)

    async def changes_after(self, chat_id: str, n: int) -> tuple[bytes, ...]:
        def work(connection: sqlite3.Connection) -> tuple[bytes, ...]:
            rows = connection.execute(
                "SELECT changes FROM checkpoints WHERE chat_id = ? AND n > ? AND files > 0 ORDER BY n",
                (chat_id, n),
            )
            return tuple(bytes(row["changes"]) for row in rows)

        return await self._database.read(work)

    async def changes_of_project(
        self, project_id: str, *, after: int, limit: int
    ) -> tuple[tuple[int, bytes], ...]:
        def work(connection: sqlite3.Connection) -> tuple[tuple[int, bytes], ...]:
            found = connection.execute(
                "SELECT n, changes FROM checkpoints WHERE project_id = ? AND n > ? AND files > 0"
                " ORDER BY n LIMIT ?",
                (project_id, after, limit),
            ).fetchall()
            rows = [(int(row["n"]), bytes(row["changes"])) for row in found]
            if after == 0:
                plans = connection.execute(
                    "SELECT plan FROM rewinds WHERE open AND project_id = ?", (project_id,)
                )
                rows = [*((0, bytes(row["plan"])) for row in plans if row["plan"]), *rows]
            return tuple(rows)

        return await self._database.read(work)

    async def oldest(self, project_id: str | None, *, limit: int) -> tuple[Checkpoint, ...]:
        narrow, keys = ("", ()) if project_id is None else (" AND project_id = ?", (project_id,))

        def work(connection: sqlite3.Connection) -> tuple[Checkpoint, ...]:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM checkpoints WHERE id NOT IN ({_NEEDED}){narrow} ORDER BY n LIMIT ?",
                (*keys, limit),
            )
            return tuple(_checkpoint(row) for row in rows)

        return await self._database.read(work)

    async def drop(self, checkpoint_ids: Sequence[str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "DELETE FROM checkpoints WHERE id = ?", [(ident,) for ident in checkpoint_ids]
            )

        await self._database.write(work)

    async def conversation(self, checkpoint_id: str) -> TurnedBack:
        def work(connection: sqlite3.Connection) -> TurnedBack:
            return conversations.difference(connection, _row(connection, checkpoint_id))

        return await self._database.read(work)

    async def changes_of_run(self, run_id: str) -> tuple[bytes, ...]:
        def work(connection: sqlite3.Connection) -> tuple[bytes, ...]:
            rows = connection.execute(
                "SELECT changes FROM checkpoints WHERE run_id = ? AND files > 0 ORDER BY n", (run_id,)
            )
            return tuple(bytes(row["changes"]) for row in rows)

        return await self._database.read(work)

    async def decide(
        self, rewind: Rewind, safety: NewCheckpoint, hunks: Sequence[HunkDecision] = ()
    ) -> Checkpoint:
        def work(connection: sqlite3.Connection) -> Checkpoint:
            made = _add(connection, safety)
            put_decisions(connection, rewind.chat_id, hunks)
            connection.execute(
                "INSERT INTO rewinds (id, project_id, chat_id, checkpoint_id, safety_id, scope, undoes, open,"
                " created_at, plan) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (
                    rewind.id,
                    rewind.project_id,
                    rewind.chat_id,
                    rewind.checkpoint_id,
                    rewind.safety_id,
                    rewind.scope,
                    rewind.undoes,
                    time_text(rewind.created_at),
                    rewind.plan,
                ),
            )
            return made

        return await self._database.write(work)

    async def conclude(self, rewind_id: str, made: NewCheckpoint) -> tuple[Checkpoint, TurnedBack]:
        def work(connection: sqlite3.Connection) -> tuple[Checkpoint, TurnedBack]:
            row = connection.execute("SELECT * FROM rewinds WHERE id = ? AND open", (rewind_id,)).fetchone()
            if row is None:
                raise Failure("not_found", f"There is no open rewind {rewind_id!r}.")
            turned = TurnedBack()
            if row["scope"] != "files":
                turned = conversations.turn_back(connection, _row(connection, row["checkpoint_id"]))
            connection.execute("UPDATE rewinds SET open = 0, plan = x'' WHERE id = ?", (rewind_id,))
            if row["undoes"] is not None:
                connection.execute("UPDATE rewinds SET undone = 1 WHERE id = ?", (row["undoes"],))
            return _add(connection, made), turned

        return await self._database.write(work)

    async def open_rewinds(self) -> tuple[Rewind, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Rewind, ...]:
            return tuple(
                _rewind(row) for row in connection.execute("SELECT * FROM rewinds WHERE open ORDER BY n")
            )

        return await self._database.read(work)

    async def newest_rewind(self, chat_id: str) -> Rewind | None:
        def work(connection: sqlite3.Connection) -> Rewind | None:
            require_chat(connection, chat_id)
            row = connection.execute(
                "SELECT * FROM rewinds WHERE chat_id = ? AND NOT open AND NOT undone AND undoes IS NULL"
                " ORDER BY n DESC LIMIT 1",
                (chat_id,),
            ).fetchone()
            return None if row is None else _rewind(row)

        return await self._database.read(work)


def _add(connection: sqlite3.Connection, new: NewCheckpoint) -> Checkpoint:
    require_chat(connection, new.chat_id)
    place = conversations.place(connection, new)
    connection.execute(
        "INSERT INTO checkpoints (id, project_id, chat_id, run_id, kind, title, created_at, files, seq,"
        " bound, hidden, todo, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
        " (SELECT coalesce(max(seq), 0) FROM events WHERE chat_id = ?), ?, ?, ?, ?)",
        (
            new.id,
            new.project_id,
            new.chat_id,
            new.run_id,
            new.kind,
            plain_text(new.title),
            time_text(new.created_at),
            new.files,
            new.chat_id,
            place.bound,
            place.hidden,
            place.todo,
            new.changes,
        ),
    )
    fold(connection, new)
    return _get(connection, new.id)


def _get(connection: sqlite3.Connection, checkpoint_id: str) -> Checkpoint:
    row = connection.execute(f"SELECT {_COLUMNS} FROM checkpoints WHERE id = ?", (checkpoint_id,)).fetchone()
    if row is None:
        raise _missing(checkpoint_id)
    return _checkpoint(row)


def _row(connection: sqlite3.Connection, checkpoint_id: str) -> sqlite3.Row:
    row = connection.execute(
        "SELECT n, chat_id, bound, hidden, todo FROM checkpoints WHERE id = ?", (checkpoint_id,)
    ).fetchone()
    if row is None:
        raise _missing(checkpoint_id)
    return row


def _missing(checkpoint_id: str) -> Failure:
    failure = not_found("checkpoint", checkpoint_id)
    failure.hint = "checkpoint/list has those that are kept; the oldest go first when there is no room."
    return failure


def _checkpoint(row: sqlite3.Row) -> Checkpoint:
    return Checkpoint(
        n=row["n"],
        id=row["id"],
        project_id=row["project_id"],
        chat_id=row["chat_id"],
        run_id=row["run_id"],
        kind=row["kind"],
        title=row["title"],
        created_at=time_from(row["created_at"]),
        files=row["files"],
        changes_bytes=row["size"],
        seq=row["seq"],
    )


def _rewind(row: sqlite3.Row) -> Rewind:
    return Rewind(
        id=row["id"],
        project_id=row["project_id"],
        chat_id=row["chat_id"],
        checkpoint_id=row["checkpoint_id"],
        safety_id=row["safety_id"],
        scope=row["scope"],
        created_at=time_from(row["created_at"]),
        undoes=row["undoes"],
        plan=bytes(row["plan"]),
    )
