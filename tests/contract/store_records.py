"""Records to put into a store, one function per noun; every test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from journeyman.ports.store import Store
from journeyman.records import (
    ArchiveRecord,
    Chat,
    Commands,
    Input,
    Message,
    Permission,
    PermissionOption,
    Project,
    Run,
    User,
    WorkspaceRow,
)

T0 = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def user(ident: str = "local") -> User:
    return User(ident, f"name of {ident}", T0)


def project(ident: str = "p1", **changes: Any) -> Project:
    values: dict[str, Any] = {
        "id": ident,
        "user_id": "local",
        "name": f"project {ident}",
        "source": "empty",
        "image": None,
        "commands": Commands(),
        "created_at": T0,
        "updated_at": T0,
    }
    return Project(**{**values, **changes})


def chat(ident: str = "c1", project_id: str = "p1", **changes: Any) -> Chat:
    values: dict[str, Any] = {
        "id": ident,
        "project_id": project_id,
        "title": f"chat {ident}",
        "model": None,
        "cwd": "/workspace",
        "epoch": f"epoch-{ident}",
        "created_at": T0,
        "updated_at": T0,
    }
    return Chat(**{**values, **changes})


def message(ident: str = "m1", chat_id: str = "c1", **changes: Any) -> Message:
    values: dict[str, Any] = {
        "id": ident,
        "chat_id": chat_id,
        "run_id": None,
        "role": "user",
        "text": f"text of {ident}",
        "created_at": T0,
    }
    return Message(**{**values, **changes})


def run(ident: str = "r1", chat_id: str = "c1", project_id: str = "p1", **changes: Any) -> Run:
    values: dict[str, Any] = {
        "id": ident,
        "chat_id": chat_id,
        "project_id": project_id,
        "client_run_id": None,
        "prompt": "do it",
        "mode": "plan+execute",
        "model": None,
        "status": "queued",
        "created_at": T0,
    }
    return Run(**{**values, **changes})


def given(ident: str = "i1", run_id: str = "r1", chat_id: str = "c1", **changes: Any) -> Input:
    values: dict[str, Any] = {
        "id": ident,
        "chat_id": chat_id,
        "run_id": run_id,
        "text": f"text of {ident}",
        "created_at": T0,
    }
    return Input(**{**values, **changes})


def archive(ident: str = "a1", seq: int = 1, project_id: str = "p1", **changes: Any) -> ArchiveRecord:
    values: dict[str, Any] = {
        "id": ident,
        "project_id": project_id,
        "seq": seq,
        "manifest_key": f"{project_id}/manifests/{ident}",
        "digest": "ab" * 32,
        "files": 3,
        "bytes": 2**40,
        "new_bytes": 7,
        "epoch": 2,
        "created_at": T0,
    }
    return ArchiveRecord(**{**values, **changes})


def workspace(project_id: str = "p1", **changes: Any) -> WorkspaceRow:
    values: dict[str, Any] = {
        "project_id": project_id,
        "state": "live",
        "epoch": 1,
        "generation": 1,
        "instance_id": "i1",
        "lease": None,
        "journal": None,
        "archive_id": None,
        "last_used_at": T0,
        "updated_at": T0,
    }
    return WorkspaceRow(**{**values, **changes})


def permission(ident: str = "q1", chat_id: str = "c1", **changes: Any) -> Permission:
    values: dict[str, Any] = {
        "id": ident,
        "chat_id": chat_id,
        "run_id": "r1",
        "call_id": f"call of {ident}",
        "subject": {"title": "git push", "rules": ["git push"]},
        "effect_hash": "ab" * 32,
        "options": (
            PermissionOption("allow", "Allow", "allow_once"),
            PermissionOption("deny", "Deny", "deny"),
        ),
        "created_at": T0,
        "expires_at": at(60),
    }
    return Permission(**{**values, **changes})


async def furnish(store: Store) -> None:
    """Two users; `local` has project p1 with chats c1 and c2, and `other` has p2 with c3."""
    for ident in ("local", "other"):
        await store.users.ensure(user(ident))
    await store.projects.add(project("p1"))
    await store.projects.add(project("p2", user_id="other"))
    await store.chats.add(chat("c1"))
    await store.chats.add(chat("c2"))
    await store.chats.add(chat("c3", "p2"))
