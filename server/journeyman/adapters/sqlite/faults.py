"""What SQLite's errors mean to a person: the only place that turns them into `Failure`s."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from journeyman.failures import Failure

FREE_BYTES_MIN = 1024 * 1024
"""Less than this free, and an input/output error counts as a full disk."""


def failure_from(error: sqlite3.Error, path: Path) -> Failure:
    """A new `Failure` for `error`, which came from the database at `path`."""
    code = primary_code(error)
    failure = _failure(error, code, path)
    failure.__cause__ = error
    return failure


def primary_code(error: BaseException) -> int | None:
    """SQLite's result code without its extension (https://sqlite.org/rescode.html); None: not SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def lost_its_word(error: BaseException) -> bool:
    """Whether the system failed to sync. What it then holds of the file may differ from what is on the
    disk, and a later sync may succeed without having written it: nothing more may be acknowledged."""
    name = getattr(error, "sqlite_errorname", None)
    return name in ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC")


def _failure(error: sqlite3.Error, code: int | None, path: Path) -> Failure:
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _disk_is_full(path)):
        return Failure(
            "disk_full",
            f"There is no space left for the database {path}.",
            hint="Free some space on that disk and try again; nothing that was acknowledged is lost.",
            retryable=True,
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Failure(
            "storage_failed",
            f"The database {path} is damaged: {error}.",
            hint="Keep a copy of it and of the files beside it, then start with another data directory.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Failure(
            "already_running",
            f"Another process has the database {path} open.",
            hint="Stop the other daemon, or start this one with another data directory.",
            retryable=True,
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return Failure(
            "storage_failed",
            f"The database {path} cannot be opened for writing: {error}.",
            hint="Check the owner and the permissions of its directory.",
        )
    if isinstance(error, sqlite3.IntegrityError):
        return Failure(
            "conflict",
            f"The change contradicts what is stored: {error}.",
            hint="Read the present state again and repeat the change on top of it.",
        )
    return Failure(
        "storage_failed",
        f"The database {path} could not be used: {error}.",
        hint="`journeyman doctor` checks it.",
    )


def _disk_is_full(path: Path) -> bool:
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < FREE_BYTES_MIN
