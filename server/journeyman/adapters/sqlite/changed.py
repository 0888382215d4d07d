"""What agents changed and what was decided of it. `fold` is part of storing a checkpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import plain_text, time_from, time_text
from journeyman.changed import ChangedPath, HunkDecision, NewBase
from journeyman.failures import Failure
from journeyman.records import NewCheckpoint

IDS_AT_ONCE = 500


def fold(connection: sqlite3.Connection, new: NewCheckpoint) -> None:
    """A path's first change says where it is counted from, each one what is there now."""
    connection.executemany(
        "INSERT INTO changed_paths (chat_id, path, project_id, origin, base, last, sure)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat_id, path)"
        " DO UPDATE SET last = excluded.last, sure = min(sure, excluded.sure)",
        [
            (new.chat_id, each.path, new.project_id, each.before, each.before, each.after, int(each.sure))
            for each in new.paths
        ],
    )
    _drop_unchanged(connection, new.chat_id, [each.path for each in new.paths])


def put_decisions(connection: sqlite3.Connection, chat_id: str, hunks: Sequence[HunkDecision]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO hunks (chat_id, hunk_id, path, decision, decided_at, note, told)"
        " VALUES (?, ?, ?, ?, ?, ?, coalesce((SELECT told FROM hunks WHERE chat_id = ?1 AND hunk_id = ?2"
        " AND note = ?6 AND decision = 'rejecting'), ?7))",
        [
            (
                chat_id,
                each.hunk_id,
                each.path,
                each.decision,
                time_text(each.decided_at),
                plain_text(each.note),
                int(not each.note),
            )
            for each in hunks
        ],
    )


def _drop_unchanged(connection: sqlite3.Connection, chat_id: str, paths: Sequence[bytes]) -> None:
    connection.executemany(
        "DELETE FROM changed_paths WHERE chat_id = ? AND path = ? AND origin IS base AND base IS last",
        [(chat_id, path) for path in paths],
    )


class SqliteChanges:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def paths(self, chat_id: str) -> tuple[ChangedPath, ...]:
        def work(connection: sqlite3.Connection) -> tuple[ChangedPath, ...]:
            require_chat(connection, chat_id)
            rows = connection.execute(
                "SELECT * FROM changed_paths WHERE chat_id = ? ORDER BY path", (chat_id,)
            )
            return tuple(_path(row) for row in rows)

        return await self._database.read(work)

    async def of_project(
        self, project_id: str, *, after: tuple[str, bytes] | None, limit: int
    ) -> tuple[tuple[str, ChangedPath], ...]:
        def work(connection: sqlite3.Connection) -> tuple[tuple[str, ChangedPath], ...]:
            rows = connection.execute(
                "SELECT * FROM changed_paths WHERE project_id = ? AND (chat_id, path) > (?, ?)"
                " ORDER BY chat_id, path LIMIT ?",
                (project_id, *(after or ("", b"")), limit),
            )
            return tuple((str(row["chat_id"]), _path(row)) for row in rows)

        return await self._database.read(work)

    async def at(self, project_id: str, path: bytes) -> tuple[tuple[str, ChangedPath], ...]:
        def work(connection: sqlite3.Connection) -> tuple[tuple[str, ChangedPath], ...]:
            rows = connection.execute(
                "SELECT * FROM changed_paths WHERE project_id = ? AND path = ? ORDER BY chat_id",
                (project_id, path),
            )
            return tuple((str(row["chat_id"]), _path(row)) for row in rows)

        return await self._database.read(work)

    async def decide(self, chat_id: str, bases: Sequence[NewBase], hunks: Sequence[HunkDecision]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for each in bases:
                moved = connection.execute(
                    "UPDATE changed_paths SET base = ? WHERE chat_id = ? AND path = ? AND base IS ?",
                    (each.base, chat_id, each.path, each.expected),
                )
                if moved.rowcount != 1:
                    raise Failure(
                        "conflict",
                        "What changes are counted from moved meanwhile.",
                        hint="List the changes again.",
                        retryable=True,
                    )
            put_decisions(connection, chat_id, hunks)
            _drop_unchanged(connection, chat_id, [each.path for each in bases])

        await self._database.write(work)

    async def withdraw(self, chat_id: str, hunk_ids: Sequence[str]) -> None:
        await self._database.write(
            lambda connection: connection.executemany(
                "DELETE FROM hunks WHERE chat_id = ? AND hunk_id = ?", [(chat_id, each) for each in hunk_ids]
            )
        )

    async def decisions(self, chat_id: str, hunk_ids: Sequence[str]) -> tuple[HunkDecision, ...]:
        wanted = list(hunk_ids)[:IDS_AT_ONCE]

        def work(connection: sqlite3.Connection) -> tuple[HunkDecision, ...]:
            marks = ", ".join("?" * len(wanted))
            rows = connection.execute(
                f"SELECT * FROM hunks WHERE chat_id = ? AND hunk_id IN ({marks})", (chat_id, *wanted)
            )
            return tuple(_decision(row) for row in rows)

        return await self._database.read(work)

    async def waiting(self, chat_id: str) -> tuple[HunkDecision, ...]:
        def work(connection: sqlite3.Connection) -> tuple[HunkDecision, ...]:
            rows = connection.execute(
                "SELECT * FROM hunks WHERE chat_id = ? AND (NOT told OR decision = 'rejecting')"
                " ORDER BY decided_at, hunk_id",
                (chat_id,),
            )
            return tuple(_decision(row) for row in rows)

        return await self._database.read(work)

    async def told(self, chat_id: str, hunk_ids: Sequence[str]) -> None:
        await self._database.write(
            lambda connection: connection.executemany(
                "UPDATE hunks SET told = 1 WHERE chat_id = ? AND hunk_id = ?",
                [(chat_id, each) for each in hunk_ids],
            )
        )

    async def carried(self, chat_id: str, paths: Sequence[tuple[bytes, str | None]]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE changed_paths SET origin = ? WHERE chat_id = ? AND path = ?",
                [(origin, chat_id, path) for path, origin in paths],
            )
            _drop_unchanged(connection, chat_id, [path for path, _ in paths])

        await self._database.write(work)

    async def drop_decided(self, project_id: str) -> int:
        def work(connection: sqlite3.Connection) -> int:
            return connection.execute(
                "DELETE FROM changed_paths WHERE project_id = ? AND base IS last", (project_id,)
            ).rowcount

        return await self._database.write(work)


def _path(row: sqlite3.Row) -> ChangedPath:
    return ChangedPath(bytes(row["path"]), row["origin"], row["base"], row["last"], bool(row["sure"]))


def _decision(row: sqlite3.Row) -> HunkDecision:
    return HunkDecision(
        row["hunk_id"], bytes(row["path"]), row["decision"], time_from(row["decided_at"]), row["note"]
    )
