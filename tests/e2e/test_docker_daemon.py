"""The daemon on a real Docker engine with the real workspace image: containers, crashes, expiry, restore."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from typing import Any

import docker
import pytest

from components.docker_engine import DockerEngine, ensure_workspace_image
from e2e.daemons import Place, place, wait_until
from e2e.refused import served
from e2e.wordcount import RECORDING, digests, new_project, repaired, still_green
from journeyman.client.connection import Client

IMAGE = "code-workspace:latest"
pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def engine(docker_engine: DockerEngine) -> Any:
    """A client of the engine, once the workspace image is there: made by `journeyman image build`."""
    ensure_workspace_image(IMAGE)
    client: Any = docker.from_env()
    assert client.images.list(name=IMAGE)
    yield client
    client.close()


@pytest.fixture
async def where() -> AsyncGenerator[Place]:
    with place(JOURNEYMAN_SANDBOX="docker") as found:
        yield found


def _containers(engine: Any, project_id: str) -> list[Any]:
    return [
        each
        for each in engine.containers.list(all=True, ignore_removed=True)
        if each.name.startswith(project_id)
    ]


async def test_a_run_in_a_container_named_after_its_project(where: Place, engine: Any) -> None:
    async with served(where) as client:
        project_id = await new_project(client)
        await repaired(client, project_id)
        (container,) = _containers(engine, project_id)
        host = container.attrs["HostConfig"]
        assert container.name == project_id
        assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == ("none", True, ["ALL"])
        assert not host["Privileged"]
        assert project_id in container.labels.values()
        before = await digests(client, project_id)
        archived = await client.request("workspace/archive", {"projectId": project_id})
        assert archived["verified"]
        assert _containers(engine, project_id) == []
        status = await client.request("workspace/open", {"projectId": project_id})
        assert (status["sandbox"], status["acquired"]) == ("docker", "restored")
        assert await digests(client, project_id) == before
        await still_green(client, projectId=project_id)
        await client.request("project/delete", {"projectId": project_id, "archives": True})
        assert _containers(engine, project_id) == []


async def test_a_daemon_killed_in_the_middle_adopts_its_container(where: Place, engine: Any) -> None:
    process = await asyncio.to_thread(where.start)
    async with Client.connect(socket=where.socket) as client:
        project_id = await new_project(client)
        accepted = await client.request(
            "agent/run",
            {"prompt": "Repair.", "projectId": project_id, "model": RECORDING, "wait": "accepted"},
        )
        async for event in client.events(accepted["chatId"], after="start"):
            if event["kind"] == "tool/finished" and event["data"]["name"] == "edit":
                break
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        assert process.stdout is not None
        process.stdout.close()
    (before,) = _containers(engine, project_id)
    async with served(where) as client:
        runs = await _runs(client, accepted["chatId"])
        assert [(run["status"], run["stopReason"]) for run in runs] == [("failed", "interrupted")]
        await client.request("workspace/open", {"projectId": project_id})
        (after,) = _containers(engine, project_id)
        assert after.id == before.id
        run = await still_green_or_red(client, accepted["chatId"])
        assert run["chatId"] == accepted["chatId"]
        await client.request("project/delete", {"projectId": project_id, "archives": True})


async def _runs(client: Client, chat_id: str) -> list[dict[str, Any]]:
    """Terminal events of a chat, as its log has them."""
    ended: list[dict[str, Any]] = []
    answer = await client.request("agent/subscribe", {"chatId": chat_id, "after": "start"})
    head = answer["head"]
    await client.request("agent/unsubscribe", {"chatId": chat_id})
    async for event in client.events(chat_id, after="start"):
        if event["kind"] == "run/finished":
            ended.append(event["data"])
        if event["seq"] >= head:
            return ended
    return ended


async def still_green_or_red(client: Client, chat_id: str) -> dict[str, Any]:
    """A run that goes on in the chat; whether the half-repaired project passes is not the point."""
    run: dict[str, Any] = await client.request(
        "agent/run", {"prompt": "Repair the rest.", "chatId": chat_id, "model": RECORDING}
    )
    assert run["stopReason"] != "interrupted"
    return run


async def test_an_idle_workspace_is_put_away_and_comes_back(where: Place, engine: Any) -> None:
    where.settings["JOURNEYMAN_WORKSPACE_TTL_S"] = "1"
    async with served(where) as client:
        project_id = await new_project(client)
        before = await digests(client, project_id)
        await asyncio.to_thread(wait_until, lambda: _containers(engine, project_id) == [])
        status = await client.request("workspace/status", {"projectId": project_id})
        assert status["archive"]["files"] == len(before)
        assert await digests(client, project_id) == before
        await client.request("project/delete", {"projectId": project_id, "archives": True})


async def test_two_projects_at_once_are_apart(where: Place, engine: Any) -> None:
    async with served(where) as client:
        first, second = await new_project(client), await new_project(client)
        await asyncio.gather(repaired(client, first), repaired(client, second))
        assert len(_containers(engine, first)) == len(_containers(engine, second)) == 1
        closed = await client.request("workspace/close", {"projectId": first})
        assert closed["state"] in ("idle", "cold")
        assert len(_containers(engine, second)) == 1
        for project_id in (first, second):
            await client.request("project/delete", {"projectId": project_id, "archives": True})
