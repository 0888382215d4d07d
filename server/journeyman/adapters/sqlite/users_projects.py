"""Users and the projects they own."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from journeyman.adapters.sqlite.cursors import decode, encode, page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.text_index import forget_chats_of
from journeyman.adapters.sqlite.values import commands_from, json_text, plain_text, time_from, time_text
from journeyman.failures import Failure, not_found
from journeyman.ports.clock import Clock
from journeyman.quotas import Quota
from journeyman.records import Commands, Page, Project, SourceKind, User


class SqliteUsers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, user: User) -> User:
        def work(connection: sqlite3.Connection) -> User:
            connection.execute(
                "INSERT INTO users (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (user.id, plain_text(user.name), time_text(user.created_at)),
            )
            row = connection.execute("SELECT * FROM users WHERE id = ?", (user.id,)).fetchone()
            return User(row["id"], row["name"], time_from(row["created_at"]))

        return await self._database.write(work)


class SqliteProjects:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, project: Project) -> None:
        def work(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM users WHERE id = ?", (project.user_id,)).fetchone() is None:
                raise not_found("user", project.user_id)
            if connection.execute("SELECT 1 FROM projects WHERE id = ?", (project.id,)).fetchone():
                raise Failure("conflict", f"There is a project {project.id!r} already.")
            connection.execute(
                "INSERT INTO projects (id, user_id, name, source, image, commands, created_at, updated_at,"
                " forward_ports, pending, quota, folder, left_out)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    project.id,
                    project.user_id,
                    plain_text(project.name),
                    project.source,
                    project.image,
                    json_text(asdict(project.commands)),
                    time_text(project.created_at),
                    time_text(project.updated_at),
                    json_text(list(project.forward_ports)),
                    int(project.pending),
                    json_text(asdict(project.quota)),
                    None if project.folder is None else plain_text(project.folder),
                    None if project.left_out is None else json_text(list(project.left_out)),
                ),
            )

        await self._database.write(work)

    async def get(self, project_id: str) -> Project:
        return await self._database.read(lambda connection: _get(connection, project_id))

    async def list(self, user_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Project]:
        before = decode("projects", cursor) if cursor is not None else 2**62
        size = page_size(limit)

        def work(connection: sqlite3.Connection) -> Page[Project]:
            rows = connection.execute(
                "SELECT * FROM projects WHERE user_id = ? AND n < ? AND NOT pending ORDER BY n DESC LIMIT ?",
                (user_id, before, size + 1),
            ).fetchall()
            more = encode("projects", rows[size - 1]["n"]) if len(rows) > size else None
            return Page(tuple(_project(row) for row in rows[:size]), more)

        return await self._database.read(work)

    async def update(
        self,
        project_id: str,
        *,
        name: str | None = None,
        commands: Commands | None = None,
        quota: Quota | None = None,
    ) -> Project:
        now = time_text(self._clock.now())

        def work(connection: sqlite3.Connection) -> Project:
            connection.execute(
                "UPDATE projects SET name = coalesce(?, name), commands = coalesce(?, commands),"
                " quota = coalesce(?, quota), updated_at = ? WHERE id = ?",
                (
                    None if name is None else plain_text(name),
                    None if commands is None else json_text(asdict(commands)),
                    None if quota is None else json_text(asdict(quota)),
                    now,
                    project_id,
                ),
            )
            return _get(connection, project_id)

        return await self._database.write(work)

    async def settle(
        self, project_id: str, *, image: str | None, forward_ports: tuple[int, ...], pending: bool
    ) -> Project:
        now = time_text(self._clock.now())

        def work(connection: sqlite3.Connection) -> Project:
            connection.execute(
                "UPDATE projects SET image = ?, forward_ports = ?, pending = ?, updated_at = ? WHERE id = ?",
                (image, json_text(list(forward_ports)), int(pending), now, project_id),
            )
            return _get(connection, project_id)

        return await self._database.write(work)

    async def of_folder(self, user_id: str, folder: str, source: SourceKind) -> Project | None:
        def work(connection: sqlite3.Connection) -> Project | None:
            row = connection.execute(
                "SELECT * FROM projects WHERE folder = ? AND user_id = ? AND source = ? AND NOT pending"
                " ORDER BY n DESC LIMIT 1",
                (plain_text(folder), user_id, source),
            ).fetchone()
            return None if row is None else _project(row)

        return await self._database.read(work)

    async def pending(self) -> tuple[Project, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Project, ...]:
            rows = connection.execute("SELECT * FROM projects WHERE pending ORDER BY n").fetchall()
            return tuple(_project(row) for row in rows)

        return await self._database.read(work)

    async def delete(self, project_id: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            forget_chats_of(connection, project_id)
            if connection.execute("DELETE FROM projects WHERE id = ?", (project_id,)).rowcount == 0:
                raise not_found("project", project_id)

        await self._database.write(work)


def _get(connection: sqlite3.Connection, project_id: str) -> Project:
    row = connection.execute("SELECT * FROM projects WHERE id = ?", (project_id,)).fetchone()
    if row is None:
        raise not_found("project", project_id)
    return _project(row)


def _project(row: sqlite3.Row) -> Project:
    return Project(
        id=row["id"],
        user_id=row["user_id"],
        name=row["name"],
        source=row["source"],
        image=row["image"],
        commands=commands_from(row["commands"]),
        created_at=time_from(row["created_at"]),
        updated_at=time_from(row["updated_at"]),
        forward_ports=tuple(json.loads(row["forward_ports"])),
        pending=bool(row["pending"]),
        quota=Quota(**json.loads(row["quota"])),
        folder=row["folder"],
        left_out=None if row["left_out"] is None else tuple(json.loads(row["left_out"])),
    )
