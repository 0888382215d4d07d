"""Room in the write-ahead log, made before it is needed: a commit that makes the log longer waits for the
file system to write down its new length as well, which takes about as long again.

SQLite uses the log from its beginning again once `wal_autocheckpoint` pages are in it, so this is for the
first of them. Must not know what is stored.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

BYTES = 4 * 1024 * 1024
"""About what is in the log when SQLite begins it anew: 1,000 pages."""
_FEW_PAGES = 8


def make_room(connection: sqlite3.Connection, path: Path) -> None:
    """Let the log of the database at `path` be as long as it will be. Where there is no room on the disk
    nothing is done: whoever writes next is told."""
    if _length(path) >= BYTES:
        return
    kept = int(connection.execute("PRAGMA cache_size").fetchone()[0])
    # More than the cache holds is written to the log before anybody knows whether it is to stay.
    connection.execute(f"PRAGMA cache_size={_FEW_PAGES}")
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE room (filling BLOB)")
        connection.execute("INSERT INTO room VALUES (zeroblob(?))", (BYTES,))
    except sqlite3.Error:
        pass
    finally:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        connection.execute(f"PRAGMA cache_size={kept}")


def _length(path: Path) -> int:
    with suppress(OSError):
        return path.with_name(f"{path.name}-wal").stat().st_size
    return 0
