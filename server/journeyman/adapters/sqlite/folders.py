"""What was copied of the folders projects were made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.database import Database
from journeyman.changed import FolderFile
from journeyman.failures import not_found

_PUT = "INSERT OR REPLACE INTO folder_files (project_id, path, sha256, executable) VALUES (?, ?, ?, ?)"
PATHS_AT_ONCE = 500


class SqliteFolders:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, project_id: str, files: Sequence[FolderFile]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM projects WHERE id = ?", (project_id,)).fetchone() is None:
                raise not_found("project", project_id)
            connection.execute("DELETE FROM folder_files WHERE project_id = ?", (project_id,))
            connection.executemany(_PUT, [_row(project_id, each) for each in files])

        await self._database.write(work)

    async def files(self, project_id: str, paths: Sequence[str]) -> dict[str, FolderFile]:
        wanted = list(paths)

        def work(connection: sqlite3.Connection) -> dict[str, FolderFile]:
            found: dict[str, FolderFile] = {}
            for begin in range(0, len(wanted), PATHS_AT_ONCE):
                part = wanted[begin : begin + PATHS_AT_ONCE]
                marks = ", ".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT * FROM folder_files WHERE project_id = ? AND path IN ({marks})",
                    (project_id, *part),
                )
                for row in rows:
                    found[row["path"]] = _file(row)
            return found

        return await self._database.read(work)

    async def every(self, project_id: str) -> dict[str, FolderFile]:
        def work(connection: sqlite3.Connection) -> dict[str, FolderFile]:
            rows = connection.execute("SELECT * FROM folder_files WHERE project_id = ?", (project_id,))
            return {row["path"]: _file(row) for row in rows}

        return await self._database.read(work)

    async def note(self, project_id: str, written: Sequence[FolderFile], removed: Sequence[str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(_PUT, [_row(project_id, each) for each in written])
            connection.executemany(
                "DELETE FROM folder_files WHERE project_id = ? AND path = ?",
                [(project_id, path) for path in removed],
            )

        await self._database.write(work)


def _file(row: sqlite3.Row) -> FolderFile:
    return FolderFile(row["path"], row["sha256"], bool(row["executable"]))


def _row(project_id: str, file: FolderFile) -> tuple[str, str, str, int]:
    return project_id, file.path, file.sha256, int(file.executable)
