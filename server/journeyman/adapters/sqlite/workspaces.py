"""What is known of every project's workspace, and the lease that keeps two from touching one at once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import plain_text, time_from, time_text
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.records import WorkspaceRow

_PUT = (
    "INSERT OR REPLACE INTO workspaces (project_id, state, epoch, generation, instance_id, lease, journal,"
    " archive_id, last_used_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class SqliteWorkspaces:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, project_id: str) -> WorkspaceRow | None:
        return await self._database.read(lambda connection: _find(connection, project_id))

    async def put(self, row: WorkspaceRow, *, epoch: int | None = None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            if epoch is not None:
                stored = _find(connection, row.project_id)
                if stored is None or stored.epoch != epoch:
                    raise Failure(
                        "conflict",
                        f"The workspace of project {row.project_id!r} belongs to somebody else by now.",
                        hint="Take the project again and look at its state first.",
                        data={"epoch": stored.epoch if stored else 0},
                    )
            _put(connection, row)

        await self._database.write(work)

    async def lease(self, project_id: str, holder: str) -> WorkspaceRow:
        now = self._clock.now()

        def work(connection: sqlite3.Connection) -> WorkspaceRow:
            stored = _find(connection, project_id)
            if stored is not None and stored.lease is not None:
                raise Failure(
                    "busy",
                    f"Project {project_id!r} is in use: {stored.lease}.",
                    hint="Wait for it to end, or cancel it, and try again.",
                    retryable=True,
                    retry_after_ms=1000,
                    data={"holder": stored.lease},
                )
            if stored is None:
                stored = WorkspaceRow(project_id, "cold", 0, 0, None, None, None, None, now, now)
            taken = replace(stored, epoch=stored.epoch + 1, lease=holder, updated_at=now)
            _put(connection, taken)
            return taken

        return await self._database.write(work)

    async def unlease(self, project_id: str, epoch: int) -> None:
        now = time_text(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE workspaces SET lease = NULL, updated_at = ? WHERE project_id = ? AND epoch = ?",
                (now, project_id, epoch),
            )

        await self._database.write(work)

    async def break_leases(self) -> tuple[WorkspaceRow, ...]:
        now = time_text(self._clock.now())

        def work(connection: sqlite3.Connection) -> tuple[WorkspaceRow, ...]:
            held = connection.execute("SELECT * FROM workspaces WHERE lease IS NOT NULL ORDER BY project_id")
            broken = tuple(_row(row) for row in held)
            connection.execute(
                "UPDATE workspaces SET lease = NULL, epoch = epoch + 1, updated_at = ?"
                " WHERE lease IS NOT NULL",
                (now,),
            )
            return broken

        return await self._database.write(work)

    async def list(self) -> tuple[WorkspaceRow, ...]:
        def work(connection: sqlite3.Connection) -> tuple[WorkspaceRow, ...]:
            return tuple(
                _row(row) for row in connection.execute("SELECT * FROM workspaces ORDER BY project_id")
            )

        return await self._database.read(work)

    async def delete(self, project_id: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM workspaces WHERE project_id = ?", (project_id,))

        await self._database.write(work)


def _find(connection: sqlite3.Connection, project_id: str) -> WorkspaceRow | None:
    row = connection.execute("SELECT * FROM workspaces WHERE project_id = ?", (project_id,)).fetchone()
    return None if row is None else _row(row)


def _put(connection: sqlite3.Connection, row: WorkspaceRow) -> None:
    connection.execute(
        _PUT,
        (
            row.project_id,
            row.state,
            row.epoch,
            row.generation,
            row.instance_id,
            row.lease,
            None if row.journal is None else plain_text(row.journal),
            row.archive_id,
            time_text(row.last_used_at),
            time_text(row.updated_at),
        ),
    )


def _row(row: sqlite3.Row) -> WorkspaceRow:
    return WorkspaceRow(
        project_id=row["project_id"],
        state=row["state"],
        epoch=row["epoch"],
        generation=row["generation"],
        instance_id=row["instance_id"],
        lease=row["lease"],
        journal=row["journal"],
        archive_id=row["archive_id"],
        last_used_at=time_from(row["last_used_at"]),
        updated_at=time_from(row["updated_at"]),
    )
