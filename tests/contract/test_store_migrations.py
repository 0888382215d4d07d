"""The database's shape changes step by step, each step whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeyman.adapters.sqlite import SqliteStore
from journeyman.adapters.sqlite.migrating import migrate, version
from journeyman.adapters.sqlite.migrations import MIGRATIONS, Migration
from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock

ONE = Migration("one", ("CREATE TABLE a (x)",))
TWO = Migration("two", ("CREATE TABLE b (x)", "INSERT INTO b VALUES (1)"))
BROKEN = Migration("broken", ("CREATE TABLE c (x)", "INSERT INTO nowhere VALUES (1)"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "m.db", isolation_level=None)
    yield opened
    opened.close()


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_each_migration_is_applied_once(connection: sqlite3.Connection) -> None:
    assert version(connection) == 0
    assert migrate(connection, "t1", [ONE]) == 1
    assert migrate(connection, "t2", [ONE, TWO]) == 2
    assert migrate(connection, "t3", [ONE, TWO]) == 2
    assert connection.execute("SELECT * FROM schema_migrations").fetchall() == [
        (1, "one", "t1"),
        (2, "two", "t2"),
    ]
    assert connection.execute("SELECT count(*) FROM b").fetchone() == (1,)


def test_a_migration_that_fails_leaves_the_version_before(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, "t1", [ONE, BROKEN])
    assert version(connection) == 1
    assert tables(connection) == {"schema_migrations", "a"}
    assert migrate(connection, "t2", [ONE, TWO]) == 2


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journeyman.db"
    store = await SqliteStore.open(path, clock=FakeClock())
    facts = await store.check()
    await store.close()
    assert facts["schema"] == str(len(MIGRATIONS))
    assert facts["integrity"] == "ok"
    assert facts["sqlite"] == sqlite3.sqlite_version
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (99, 'future', 't')")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Failure) as caught:
        await SqliteStore.open(path, clock=FakeClock())
    assert caught.value.kind == "storage_failed"
    assert "99" in caught.value.message
    assert "Update" in caught.value.hint
    assert path.read_bytes() == before
