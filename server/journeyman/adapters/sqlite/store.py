"""The whole store: every noun over one database file, and the facts about that file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from journeyman.adapters.sqlite.archives import SqliteArchives
from journeyman.adapters.sqlite.changed import SqliteChanges
from journeyman.adapters.sqlite.chat_forks import SqliteForks
from journeyman.adapters.sqlite.chats_messages import SqliteChats, SqliteMessages
from journeyman.adapters.sqlite.checkpoints import SqliteCheckpoints
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.events import SqliteEvents
from journeyman.adapters.sqlite.finding import SqliteFinding
from journeyman.adapters.sqlite.folders import SqliteFolders
from journeyman.adapters.sqlite.inputs import SqliteInputs
from journeyman.adapters.sqlite.migrating import migrate, version
from journeyman.adapters.sqlite.permissions import SqlitePermissions
from journeyman.adapters.sqlite.pictures import SqlitePictures
from journeyman.adapters.sqlite.runs import SqliteRuns
from journeyman.adapters.sqlite.todos import SqliteTodos
from journeyman.adapters.sqlite.totals import totals
from journeyman.adapters.sqlite.turns import SqliteTurns
from journeyman.adapters.sqlite.users_projects import SqliteProjects, SqliteUsers
from journeyman.adapters.sqlite.values import time_text
from journeyman.adapters.sqlite.workspaces import SqliteWorkspaces
from journeyman.ports.clock import Clock
from journeyman.records import Totals


class SqliteStore:
    """Implements `journeyman.ports.store.Store`. One per data directory."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self.users = SqliteUsers(database)
        self.projects = SqliteProjects(database, clock)
        self.chats = SqliteChats(database, clock)
        self.forks = SqliteForks(database)
        self.finding = SqliteFinding(database)
        self.messages = SqliteMessages(database)
        self.pictures = SqlitePictures(database)
        self.runs = SqliteRuns(database)
        self.inputs = SqliteInputs(database)
        self.todos = SqliteTodos(database)
        self.events = SqliteEvents(database, clock)
        self.archives = SqliteArchives(database)
        self.workspaces = SqliteWorkspaces(database, clock)
        self.checkpoints = SqliteCheckpoints(database)
        self.permissions = SqlitePermissions(database)
        self.changes = SqliteChanges(database)
        self.folders = SqliteFolders(database)
        self.turns = SqliteTurns(database)

    @classmethod
    async def open(cls, path: Path, *, clock: Clock) -> SqliteStore:
        """Open the database at `path`, making it and bringing it up to date where needed.

        In use by another process: `already_running`; newer than this code, damaged or not readable:
        `storage_failed`."""
        now = time_text(clock.now())

        def prepare(connection: sqlite3.Connection) -> None:
            migrate(connection, now)

        return cls(await Database.open(path, prepare=prepare), clock)

    async def totals(self) -> Totals:
        return await self._database.read(totals)

    async def check(self) -> dict[str, str]:
        """Facts for `doctor`. Reads the whole file: everything else waits meanwhile."""

        def work(connection: sqlite3.Connection) -> dict[str, str]:
            return {
                "path": str(self._database.path),
                "schema": str(version(connection)),
                "sqlite": sqlite3.sqlite_version,
                "journal": str(connection.execute("PRAGMA journal_mode").fetchone()[0]),
                "integrity": str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0]),
            }

        return await self._database.read(work)

    async def close(self) -> None:
        """Finish what was handed over and close the file. A second call does nothing."""
        await self._database.close()
