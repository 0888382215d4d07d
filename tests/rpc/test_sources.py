"""project/create with a source: what is refused before anything is made, and what is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from journeyman.sources.service import Made
from journeyman.sources.spec import FromFolder, Notice
from rpc.harness import CAPABLE, World
from rpc.test_nouns import project_of

BAD: dict[str, Any] = {
    "no such source": "tape",
    "two sources": {"git": {"url": "https://example.org/x"}, "archive": {"projectId": "p"}},
    "no source": {},
    "nothing": None,
    "a number": 5,
    "a list": ["git"],
    "more than a source": {"git": {"url": "https://example.org/x"}, "shell": "true"},
    "git without an address": {"git": {}},
    "git over ssh": {"git": {"url": "git@example.org:x"}},
    "git from the disk": {"git": {"url": "file:///etc"}},
    "git that runs a command": {"git": {"url": "ext::sh -c id"}},
    "git with an option for an address": {"git": {"url": "--upload-pack=id"}},
    "git with a password": {"git": {"url": "https://a:b@example.org/x"}},
    "git with an option for a branch": {"git": {"url": "https://example.org/x", "ref": "--exec=id"}},
    "git with no depth": {"git": {"url": "https://example.org/x", "depth": 0}},
    "git with half a depth": {"git": {"url": "https://example.org/x", "depth": 1.5}},
    "an archive of nothing": {"archive": {}},
    "an archive with a path": {"archive": {"projectId": "../x"}},
    "a folder without a path": {"folder": {"path": ""}},
    "a relative folder": {"folder": {"path": "x"}},
    "a folder that is not there": {"folder": {"path": "/no/such/folder"}},
    "a folder with a zero byte": {"folder": {"path": "/tmp/\0"}},
    "the whole disk": {"folder": {"path": "/"}},
    "a folder without some path": {"folder": {"path": "/tmp", "exclude": ["a/b"]}},
}


@pytest.mark.parametrize("source", BAD.values(), ids=BAD.keys())
async def test_what_is_refused(world: World, source: Any) -> None:
    client = await world.connect(local=True)
    await client.initialize(CAPABLE)
    error = await client.error("project/create", {"source": source})
    assert (error["code"], error["data"]["kind"]) == (-32602, "invalid")
    assert (await client.result("project/list", {}))["items"] == []
    assert world.manager.calls == []


async def test_only_a_client_on_this_machine_names_its_folders(world: World, tmp_path: Path) -> None:
    client = await world.initialized()
    error = await client.error("project/create", {"source": {"folder": {"path": str(tmp_path)}}})
    assert error["data"]["kind"] == "unauthorized"
    assert "workspace/import" in error["data"]["hint"]


async def test_an_archive_of_no_project(world: World) -> None:
    client = await world.initialized()
    error = await client.error("project/create", {"source": {"archive": {"projectId": "no-such"}}})
    assert (error["code"], error["data"]["kind"]) == (-31999, "not_found")


async def test_without_a_workspace_there_is_no_project(world: World) -> None:
    client = await world.initialized()
    error = await client.error("project/create", {"source": {"git": {"url": "https://example.org/x"}}})
    assert error["data"]["kind"] == "no_sandbox"
    assert (await client.result("project/list", {}))["items"] == []
    assert await world.services.projects.pending() == ()


async def test_a_project_that_is_being_made_is_nobodys(world: World) -> None:
    client = await world.initialized()
    pending = await world.services.projects.create(pending=True)
    for method in (
        "project/get", "project/delete", "project/fork", "workspace/open", "workspace/archive", "chat/create",
    ):  # fmt: skip
        error = await client.error(method, {"projectId": pending.id})
        assert error["data"]["kind"] == "busy", method
        assert error["data"]["retryable"]


async def test_notices_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fill(*_: Any) -> list[Notice]:
        return [Notice("info", "Left behind: .git.")]

    async def describe(project: Any, *_: Any, **__: Any) -> Any:
        return project, [Notice("warning", "features are not done.", "Do them yourself.")]

    monkeypatch.setattr(world.services.sources, "_fill", fill)
    monkeypatch.setattr(world.services.sources, "_describe", describe)
    client = await world.initialized()
    made = await client.result(
        "project/create", {"source": {"git": {"url": "https://example.org/ada/wordcount.git"}}}
    )
    assert (made["name"], made["source"]) == ("wordcount", "git")
    assert made["notices"] == [
        {"level": "info", "message": "Left behind: .git."},
        {"level": "warning", "message": "features are not done.", "hint": "Do them yourself."},
    ]
    assert (await client.result("project/get", {"projectId": made["id"]}))["name"] == "wordcount"
    assert "notices" not in await client.result("project/create", {"name": "plain"})
    await project_of(client)


async def test_a_fork_that_fails_leaves_no_project(world: World) -> None:
    client = await world.initialized()
    project_id = await project_of(client)
    error = await client.error("project/fork", {"projectId": project_id, "name": "again"})
    assert (error["code"], error["data"]["kind"]) == (-31999, "not_found")
    assert [each["id"] for each in (await client.result("project/list", {}))["items"]] == [project_id]
    assert await world.services.projects.pending() == ()
    assert (await client.error("project/fork", {"projectId": "no-such"}))["data"]["kind"] == "not_found"
    for bad in ({}, {"projectId": "../x"}, {"projectId": project_id, "archiveId": "/"}, {"name": "x"}):
        assert (await client.error("project/fork", bad))["code"] == -32602


async def test_a_fork_is_a_project_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    async def fork(project_id: str, source_id: str, archive_id: str | None, **_: Any) -> None:
        asked.append((source_id, archive_id))

    monkeypatch.setattr(world.manager.forks, "fork", fork)
    client = await world.initialized()
    commands = {"test": "make test"}
    source = await client.result("project/create", {"name": "one", "image": "python:3.12"})
    await client.result("project/update", {"projectId": source["id"], "commands": commands})
    made = await client.result("project/fork", {"projectId": source["id"]})
    named = await client.result(
        "project/fork", {"projectId": source["id"], "archiveId": "abc", "name": "two"}
    )
    assert asked == [(source["id"], None), (source["id"], "abc")]
    assert (made["name"], named["name"]) == ("one (fork)", "two")
    for each in (made, named):
        assert (each["source"], each["image"], each["commands"]) == ("archive", "python:3.12", commands)
    assert len({source["id"], made["id"], named["id"]}) == 3


@pytest.mark.parametrize("folder", ["x", "/no/such/folder", "/tmp/\0", "/"])
async def test_folders_that_are_no_projects(world: World, folder: str) -> None:
    client = await world.connect(local=True)
    await client.initialize(CAPABLE)
    error = await client.error("project/open", {"folder": folder})
    assert (error["code"], error["data"]["kind"]) == (-32602, "invalid")
    assert (await client.result("project/list", {}))["items"] == []


async def test_only_a_client_on_this_machine_opens_its_folders(world: World, tmp_path: Path) -> None:
    client = await world.initialized()
    error = await client.error("project/open", {"folder": str(tmp_path)})
    assert error["data"]["kind"] == "unauthorized"


async def test_a_folder_is_found_again(world: World, tmp_path: Path) -> None:
    made = await world.services.projects.create(source="folder", folder=str(tmp_path))
    client = await world.connect(local=True)
    await client.initialize(CAPABLE)
    opened = await client.result("project/open", {"folder": str(tmp_path)})
    assert opened["id"] == made.id
    assert (await client.result("project/list", {}))["items"] == [
        {name: value for name, value in opened.items() if name != "notices"}
    ]


async def test_two_that_open_a_folder_at_once_get_one_project(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making = asyncio.Semaphore(0)
    made: list[str] = []

    async def create(source: FromFolder, **_: Any) -> Made:
        made.append(str(source.path))
        await making.acquire()
        return Made(await world.services.projects.create(source="folder", folder=str(source.path)), ())

    monkeypatch.setattr(world.services.sources, "create", create)
    async with asyncio.TaskGroup() as group:
        both = [group.create_task(world.services.folders.copied(tmp_path)) for _ in range(2)]
        other = group.create_task(world.services.folders.copied(tmp_path / "other"))
        for _ in range(3):
            making.release()
    assert sorted(made) == [str(tmp_path), str(tmp_path / "other")]
    assert both[0].result().project == both[1].result().project
    assert other.result().project != both[0].result().project
