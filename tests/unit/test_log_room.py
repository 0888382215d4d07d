"""Room in the write-ahead log: there at once, holding nothing, and done without where there is none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from journeyman.adapters.sqlite.log_room import BYTES, make_room


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE kept (value TEXT)")
    connection.execute("INSERT INTO kept VALUES ('before')")
    return connection


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master")]


def test_the_log_is_as_long_as_it_will_be_and_commits_do_not_make_it_longer(tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite3"
    connection = _opened(path)
    cache = connection.execute("PRAGMA cache_size").fetchone()
    make_room(connection, path)
    length = _log(path).stat().st_size
    assert length >= BYTES
    for number in range(100):
        connection.execute("INSERT INTO kept VALUES (?)", (f"{number:05d}" * 1000,))
    assert _log(path).stat().st_size == length
    assert _tables(connection) == ["kept"]
    assert connection.execute("PRAGMA cache_size").fetchone() == cache
    make_room(connection, path)  # there is room: nothing to do
    assert _log(path).stat().st_size == length


def test_what_was_stored_is_there_after_a_crash(tmp_path: Path) -> None:
    """The log is copied as a crash leaves it: longer than what is in it."""
    path = tmp_path / "data.sqlite3"
    connection = _opened(path)
    make_room(connection, path)
    connection.execute("INSERT INTO kept VALUES ('after')")
    other = tmp_path / "after" / "data.sqlite3"
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())
    _log(other).write_bytes(_log(path).read_bytes())
    found = sqlite3.connect(other)
    assert found.execute("SELECT value FROM kept").fetchall() == [("before",), ("after",)]
    assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_where_there_is_no_room_the_database_works_without(tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite3"
    connection = _opened(path)
    cache = connection.execute("PRAGMA cache_size").fetchone()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages + 100}").fetchall()  # as a full disk says it
    make_room(connection, path)
    assert _log(path).stat().st_size < BYTES
    assert connection.execute("PRAGMA cache_size").fetchone() == cache
    connection.execute("INSERT INTO kept VALUES ('after')")
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (2,)
