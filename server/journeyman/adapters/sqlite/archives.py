"""Records of archives whose pointer has moved. They outlive their project until their objects are gone."""

from __future__ import annotations

import sqlite3

from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import time_from, time_text
from journeyman.failures import not_found
from journeyman.records import ArchiveRecord


class SqliteArchives:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: ArchiveRecord) -> None:
        """Adding the same archive again changes nothing: after a crash the step is repeated."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO archives (id, project_id, seq, manifest_key, digest, files, bytes, new_bytes,"
                " epoch, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (
                    record.id,
                    record.project_id,
                    record.seq,
                    record.manifest_key,
                    record.digest,
                    record.files,
                    record.bytes,
                    record.new_bytes,
                    record.epoch,
                    time_text(record.created_at),
                ),
            )

        await self._database.write(work)

    async def get(self, archive_id: str) -> ArchiveRecord:
        def work(connection: sqlite3.Connection) -> ArchiveRecord:
            row = connection.execute("SELECT * FROM archives WHERE id = ?", (archive_id,)).fetchone()
            if row is None:
                raise not_found("archive", archive_id)
            return _record(row)

        return await self._database.read(work)

    async def delete(self, archive_id: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM archives WHERE id = ?", (archive_id,))

        await self._database.write(work)

    async def newest(self, project_id: str) -> ArchiveRecord | None:
        def work(connection: sqlite3.Connection) -> ArchiveRecord | None:
            row = connection.execute(
                "SELECT * FROM archives WHERE project_id = ? ORDER BY seq DESC, created_at DESC LIMIT 1",
                (project_id,),
            ).fetchone()
            return None if row is None else _record(row)

        return await self._database.read(work)

    async def list(self, project_id: str) -> tuple[ArchiveRecord, ...]:
        def work(connection: sqlite3.Connection) -> tuple[ArchiveRecord, ...]:
            rows = connection.execute(
                "SELECT * FROM archives WHERE project_id = ? ORDER BY seq DESC, created_at DESC",
                (project_id,),
            )
            return tuple(_record(row) for row in rows)

        return await self._database.read(work)


def _record(row: sqlite3.Row) -> ArchiveRecord:
    return ArchiveRecord(
        id=row["id"],
        project_id=row["project_id"],
        seq=row["seq"],
        manifest_key=row["manifest_key"],
        digest=row["digest"],
        files=row["files"],
        bytes=row["bytes"],
        new_bytes=row["new_bytes"],
        epoch=row["epoch"],
        created_at=time_from(row["created_at"]),
    )
