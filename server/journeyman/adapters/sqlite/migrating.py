"""Brings a database to the newest shape, one migration after the other.

Each runs in a transaction of its own together with its row in `schema_migrations`, so that a crash in the
middle leaves the version before it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.migrations import MIGRATIONS, Migration
from journeyman.failures import Failure


def migrate(connection: sqlite3.Connection, now: str, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring the database to the newest version; answers that version. `now` is RFC 3339 UTC.

    A database newer than `migrations` is refused (`storage_failed`) and left alone."""
    found = version(connection)
    if found > len(migrations):
        raise Failure(
            "storage_failed",
            f"The database was written by a newer Journeyman (schema {found}, not {len(migrations)}).",
            hint="Update Journeyman, or start it with another data directory.",
        )
    for number, migration in enumerate(migrations[found:], start=found + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if number == 1:
                connection.execute(
                    "CREATE TABLE schema_migrations"
                    " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
                )
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?, ?)", (number, migration.name, now)
            )
            connection.execute("COMMIT")
        except BaseException:  # all of a migration or nothing
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return len(migrations)


def version(connection: sqlite3.Connection) -> int:
    """The number of the last migration that was applied; 0 for an empty file."""
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchone()
    if exists is None:
        return 0
    return int(connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchone()[0])
