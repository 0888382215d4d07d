"""Permissions: one row each. Deciding one and using one are single transactions; of several, one wins."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime

from journeyman.adapters.sqlite.chats_messages import require_chat
from journeyman.adapters.sqlite.cursors import decode, encode, page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.values import (
    json_text,
    optional_time_from,
    optional_time_text,
    plain_text,
    time_from,
    time_text,
)
from journeyman.failures import Failure, not_found
from journeyman.records import Page, Permission, PermissionOption, PermissionState

_NAMES = (
    "id", "chat_id", "run_id", "call_id", "subject", "effect_hash", "options", "state", "option_id",
    "feedback", "decided_by", "created_at", "expires_at", "decided_at", "used_at",
)  # fmt: skip
_ADD = f"INSERT INTO permissions ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"


class SqlitePermissions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, permission: Permission) -> None:
        columns = _columns(permission)

        def work(connection: sqlite3.Connection) -> None:
            require_chat(connection, permission.chat_id)
            if connection.execute("SELECT 1 FROM permissions WHERE id = ?", (permission.id,)).fetchone():
                raise Failure("conflict", f"There is a permission {permission.id!r} already.")
            connection.execute(_ADD, columns)

        await self._database.write(work)

    async def get(self, permission_id: str) -> Permission:
        return await self._database.read(lambda connection: _get(connection, permission_id))

    async def list(
        self,
        *,
        chat_id: str | None = None,
        run_id: str | None = None,
        state: PermissionState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Permission]:
        before = decode("permissions", cursor) if cursor is not None else 2**62
        size = page_size(limit)
        narrow = {"chat_id": chat_id, "run_id": run_id, "state": state}
        wanted = {name: value for name, value in narrow.items() if value is not None}
        where = "".join(f" AND {name} = :{name}" for name in wanted)

        def work(connection: sqlite3.Connection) -> Page[Permission]:
            if chat_id is not None:
                require_chat(connection, chat_id)
            rows = connection.execute(
                f"SELECT * FROM permissions WHERE n < :before{where} ORDER BY n DESC LIMIT :most",
                {**wanted, "before": before, "most": size + 1},
            ).fetchall()
            more = encode("permissions", rows[size - 1]["n"]) if len(rows) > size else None
            return Page(tuple(_permission(row) for row in rows[:size]), more)

        return await self._database.read(work)

    async def decide(
        self,
        permission_id: str,
        state: PermissionState,
        *,
        at: datetime,
        option_id: str | None = None,
        feedback: str = "",
        by: str | None = None,
    ) -> tuple[Permission, bool]:
        def work(connection: sqlite3.Connection) -> tuple[Permission, bool]:
            changed = connection.execute(
                "UPDATE permissions"
                " SET state = ?, option_id = ?, feedback = ?, decided_by = ?, decided_at = ?"
                " WHERE id = ? AND state = 'pending'",
                (state, option_id, plain_text(feedback), by and plain_text(by), time_text(at), permission_id),
            ).rowcount
            return _get(connection, permission_id), changed == 1

        return await self._database.write(work)

    async def use(self, permission_id: str, effect_hash: str, *, at: datetime) -> Permission:
        def work(connection: sqlite3.Connection) -> Permission:
            changed = connection.execute(
                "UPDATE permissions SET used_at = ?"
                " WHERE id = ? AND state = 'allowed' AND used_at IS NULL AND effect_hash = ?",
                (time_text(at), permission_id, effect_hash),
            ).rowcount
            found = _get(connection, permission_id)
            if changed == 0:
                raise Failure("conflict", _why_not(found), hint="Ask again for what is meant now.")
            return found

        return await self._database.write(work)

    async def unused_calls(self, run_id: str) -> frozenset[str]:
        def work(connection: sqlite3.Connection) -> frozenset[str]:
            rows = connection.execute(
                "SELECT call_id FROM permissions WHERE run_id = ? GROUP BY call_id HAVING count(used_at) = 0",
                (run_id,),
            )
            return frozenset(str(row["call_id"]) for row in rows)

        return await self._database.read(work)


def _why_not(found: Permission) -> str:
    if found.state != "allowed":
        return "It was not allowed."
    if found.used_at is not None:
        return "The permission was used before, and is good once."
    return "What would be done now is not what was allowed."


def _get(connection: sqlite3.Connection, permission_id: str) -> Permission:
    row = connection.execute("SELECT * FROM permissions WHERE id = ?", (permission_id,)).fetchone()
    if row is None:
        raise not_found("permission", permission_id)
    return _permission(row)


def _columns(permission: Permission) -> dict[str, str | None]:
    return {
        "id": permission.id,
        "chat_id": permission.chat_id,
        "run_id": permission.run_id,
        "call_id": permission.call_id,
        "subject": json_text(permission.subject),
        "effect_hash": permission.effect_hash,
        "options": json_text([asdict(option) for option in permission.options]),
        "state": permission.state,
        "option_id": permission.option_id,
        "feedback": plain_text(permission.feedback),
        "decided_by": permission.decided_by and plain_text(permission.decided_by),
        "created_at": time_text(permission.created_at),
        "expires_at": time_text(permission.expires_at),
        "decided_at": optional_time_text(permission.decided_at),
        "used_at": optional_time_text(permission.used_at),
    }


def _permission(row: sqlite3.Row) -> Permission:
    return Permission(
        id=row["id"],
        chat_id=row["chat_id"],
        run_id=row["run_id"],
        call_id=row["call_id"],
        subject=json.loads(row["subject"]),
        effect_hash=row["effect_hash"],
        options=tuple(PermissionOption(**each) for each in json.loads(row["options"])),
        created_at=time_from(row["created_at"]),
        expires_at=time_from(row["expires_at"]),
        state=row["state"],
        option_id=row["option_id"],
        feedback=row["feedback"],
        decided_by=row["decided_by"],
        decided_at=optional_time_from(row["decided_at"]),
        used_at=optional_time_from(row["used_at"]),
    )
