"""project, chat, workspace, model and daemon over the wire, down to the manager's values."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from journeyman.ports.guest import FileContent, FileData, Stat, TreeEntry
from journeyman.records import ArchiveRecord, Message
from journeyman.rpc.progress import how_far
from journeyman.workspace.archive.outcomes import ArchiveProgress
from journeyman.workspace.bring_back import Restored
from journeyman.workspace.errors import WorkspaceError
from rpc.harness import World

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class PaperGuest:
    """Files in a dictionary."""

    def __init__(self, files: dict[bytes, bytes] | None = None) -> None:
        self.files = files or {}
        self.modes: dict[bytes, int] = {}

    async def write(self, path: str, data: bytes, *, mode: int | None = None, **_: Any) -> None:
        self.files[path.encode()] = data
        self.modes[path.encode()] = mode or 0o644

    async def read(self, path: str, *, offset: int = 0, limit: int | None = None, **_: Any) -> FileContent:
        data = self.files[path.encode()]
        stat = Stat("file", len(data), 0o644, 0, etag="e")
        return FileContent(data[offset:][:limit], len(data), hashlib.sha256(data).hexdigest(), stat)

    async def scan(self, root: str = "/workspace") -> Any:
        yield TreeEntry(b"node_modules", "directory", 0, 0o755, 0, 0, 1, 1)
        yield TreeEntry(b"link", "symlink", 0, 0o777, 0, 0, 2, 1, target=b"x")
        for number, path in enumerate(sorted(self.files)):
            mode = self.modes.get(path, 0o644)
            yield TreeEntry(path, "file", len(self.files[path]), mode, 0, 0, number + 3, 1)

    async def read_many(self, paths: Any, root: str = "/workspace") -> Any:
        for path in paths:
            if path == b"gone":
                yield FileData(path, b"", last=True, error="not_found")
                continue
            data = self.files[path]
            yield FileData(path, data[:3], last=False)
            yield FileData(path, data[3:], last=True)


def at_hand(world: World, guest: PaperGuest, times: int = 1) -> None:
    world.manager.will("acquire", *[SimpleNamespace(guest=guest)] * times)


async def project_of(client: Any) -> str:
    return (await client.result("project/create", {"name": "P"}))["id"]


async def test_projects(world: World) -> None:
    client = await world.initialized()
    made = await client.result("project/create", {"name": " One ", "source": "folder"})
    assert (made["name"], made["source"], made["commands"]) == ("One", "folder", {})
    commands = {"test": "pytest -q"}
    changed = await client.result(
        "project/update", {"projectId": made["id"], "name": "Two", "commands": commands}
    )
    assert (changed["name"], changed["commands"]) == ("Two", commands)
    assert "quota" not in changed
    ref = {"projectId": made["id"]}
    for quota in ({"bytes": 5, "archiveBytes": 0}, {"entries": 7}):
        assert (await client.result("project/update", {**ref, "quota": quota}))["quota"] == quota
    assert (await client.result("project/update", {**ref, "name": "Two"}))["quota"] == {"entries": 7}
    assert "quota" not in await client.result("project/update", {**ref, "quota": {}})
    for bad in ({"bytes": -1}, {"bytes": 0.5}, {"files": 1}, [], 3):
        assert (await client.error("project/update", {**ref, "quota": bad}))["code"] == -32602
    for _ in range(4):
        await project_of(client)
    first = await client.result("project/list", {"limit": 3})
    second = await client.result("project/list", {"limit": 3, "cursor": first["nextCursor"]})
    assert "nextCursor" not in second
    assert len({item["id"] for item in first["items"] + second["items"]}) == 5
    chat = await client.result("chat/create", {"projectId": made["id"]})
    await client.result("agent/subscribe", {"chatId": chat["id"]})
    await client.result("project/delete", {"projectId": made["id"]})
    assert world.services.events.followers(chat["id"]) == 0
    assert (await client.error("chat/get", {"chatId": chat["id"]}))["code"] == -31999


async def test_chats(world: World) -> None:
    client = await world.initialized()
    project = await project_of(client)
    chat = await client.result("chat/create", {"projectId": project, "title": "T", "model": "a/b"})
    assert (chat["title"], chat["model"]) == ("T", "a/b")
    listed = await client.result("chat/list", {"projectId": project})
    assert [item["id"] for item in listed["items"]] == [chat["id"]]
    assert (await client.result("chat/messages", {"chatId": chat["id"]}))["items"] == []
    assert (await client.error("chat/messages", {"chatId": "none"}))["code"] == -31999
    assert await client.result("chat/delete", {"chatId": chat["id"]}) == {}


async def test_chats_are_found_by_what_was_said(world: World) -> None:
    client = await world.initialized()
    project, elsewhere = await project_of(client), await project_of(client)
    chat = await client.result("chat/create", {"projectId": project, "title": "Needles"})
    said = Message("m1", chat["id"], None, "user", "Where is the needle?", NOW)
    await world.services.store.messages.append([said])
    first = await client.result("chat/search", {"query": "needle", "limit": 1})
    assert [item.get("message") for item in first["items"]] == [None]
    assert first["items"][0]["chat"] == chat
    assert first["items"][0]["excerpt"] == [{"text": "Needles", "hit": True}]
    rest = await client.result(
        "chat/search", {"query": "needle", "limit": 1, "cursor": first["nextCursor"], "projectId": project}
    )
    assert [(item["chat"]["id"], item["message"]["id"]) for item in rest["items"]] == [(chat["id"], "m1")]
    assert [piece["text"] for piece in rest["items"][0]["excerpt"] if piece["hit"]] == ["needle"]
    nothing = await client.result("chat/search", {"query": "needle", "projectId": elsewhere})
    assert nothing == {"items": []}
    for bad in ({"query": "?"}, {"query": ""}, {"query": "a", "cursor": "b"}, {"query": "x" * 501}):
        assert (await client.error("chat/search", bad))["code"] == -32602
    assert (await client.error("chat/search", {"query": "a", "projectId": "none"}))["code"] == -31999


async def test_files_go_in_and_come_out(world: World) -> None:
    client = await world.initialized()
    project, guest = await project_of(client), PaperGuest()
    at_hand(world, guest, 3)
    files = [
        {"path": "a.txt", "content": base64.b64encode(b"hello world").decode()},
        {"path": "bin/run", "content": "", "executable": True},
    ]
    result = await client.result("workspace/import", {"projectId": project, "files": files})
    assert result == {"files": 2, "bytes": 11}
    assert guest.modes == {b"a.txt": 0o644, b"bin/run": 0o755}
    guest.files.update({b"node_modules/x": b"no", b"\xff": b"no", b"gone": b"no"})
    listed = await client.result("workspace/files", {"projectId": project, "exclude": ["node_modules"]})
    assert [(item["path"], item["size"], item["executable"]) for item in listed["items"]] == [
        ("a.txt", 11, False),
        ("bin/run", 0, True),
    ]
    assert listed["items"][0]["sha256"] == hashlib.sha256(b"hello world").hexdigest()
    assert sorted(listed["skipped"]) == ["\\xff", "gone", "link"]
    read = await client.result(
        "workspace/readFile", {"projectId": project, "path": "a.txt", "offset": 6, "limit": 3}
    )
    assert (base64.b64decode(read["content"]), read["size"]) == (b"wor", 11)
    calls = [call[0] for call in world.manager.calls]
    assert calls.count("acquire") == calls.count("release") == 3


async def test_content_that_is_not_base64_is_refused_before_anything_is_written(world: World) -> None:
    client = await world.initialized()
    project = await project_of(client)
    files = [{"path": "a", "content": "***"}]
    error = await client.error("workspace/import", {"projectId": project, "files": files})
    assert error["code"] == -32602
    assert world.manager.calls == []


async def test_the_managers_errors_are_refusals(world: World) -> None:
    client = await world.initialized()
    project = await project_of(client)
    error = await client.error("workspace/open", {"projectId": project})
    assert (error["code"], error["data"]["kind"], error["data"]["hint"]) == (
        -31994,
        "no_sandbox",
        "Install one.",
    )
    world.manager.will("archive", WorkspaceError("busy", "A run is on.", "Wait.", retryable=True))
    error = await client.error("workspace/archive", {"projectId": project})
    assert (error["code"], error["data"]["retryable"]) == (-31996, True)
    bug = WorkspaceError("internal", "Oh.", incident_id="i-1")
    world.manager.will("restore", bug)
    error = await client.error("workspace/restore", {"projectId": project})
    assert (error["code"], error["data"]["incidentId"]) == (-32603, "i-1")
    for method in ("open", "status", "archive", "restore", "archives", "close", "files"):
        error = await client.error(f"workspace/{method}", {"projectId": "none"})
        assert error["code"] == -31999


@pytest.mark.parametrize(
    ("spent_s", "says"),
    [(0.1, " 120 of 1,500 files, 30 of 60 MB"), (2.0, " 120 of 1,500 files, 30 of 60 MB, 15 MB/s")],
)
def test_progress_has_files_bytes_and_rate(spent_s: float, says: str) -> None:
    progress = ArchiveProgress("upload", 120, 1500, 30_000_000, 60_000_000)
    assert how_far(progress, spent_s) == says


async def test_workspaces_archive_and_restore(world: World) -> None:
    client = await world.initialized()
    project = await project_of(client)
    record = ArchiveRecord("a1", project, 1, "key", "d" * 64, 3, 30, 20, 1, NOW)
    await world.services.store.archives.add(record)
    world.manager.will("archive", record, record)
    done = await client.result("workspace/archive", {"projectId": project, "workDoneToken": "w"})
    assert done["verified"] is True
    assert (done["archive"]["archiveId"], done["archive"]["newBytes"]) == ("a1", 20)
    assert [item["value"]["kind"] for item in client.claim("$/progress")] == ["begin", "end"]
    begun = await client.result("workspace/archive", {"projectId": project, "wait": False})
    assert begun == {"verified": False}
    world.manager.will("restore", Restored(project, "a1", "d" * 64, 3, 30))
    back = await client.result("workspace/restore", {"projectId": project})
    assert back["archive"]["digest"] == "d" * 64
    assert back["status"]["state"] == "cold"
    assert (await client.result("workspace/list"))["items"][0]["acquired"] == "created"
    assert (await client.result("workspace/close", {"projectId": project}))["state"] == "cold"


async def test_models_and_status(world: World) -> None:
    client, _ = await world.initialized(), await world.initialized()
    models = await client.result("model/list")
    assert models == {
        "items": [
            {
                "id": "scripted/one",
                "provider": "scripted",
                "toolUse": True,
                "available": True,
            }
        ]
    }
    status = await client.result("daemon/status")
    assert (status["clients"], status["draining"], status["objects"]) == (2, False, "memory")
