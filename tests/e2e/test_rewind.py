"""Runs taken back in a real daemon, in bubblewrap and in Docker, over a restart and an archive."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from components.docker_engine import DockerEngine, ensure_workspace_image
from components.killed import tree, write
from components.killed_rewinding import killed_while_rejecting, recording, run, start_of, texts
from e2e.daemons import Place, place
from e2e.refused import served
from journeyman.client.connection import Client
from journeyman.failures import Failure

WORK = "echo changed > mine; mkdir -p src; echo new > src/new; rm gone; ln -s mine link; chmod 755 tool"


async def told(client: Client, project_id: str, path: str) -> bytes:
    ref = {"projectId": project_id, "path": path}
    return base64.b64decode((await client.request("workspace/readFile", ref))["content"])


async def taken_back(where: Place) -> None:
    async with served(where) as client:
        project_id = str((await client.request("project/create", {}))["id"])
        await write(client, project_id, {"mine": b"mine\n", "gone": b"here\n", "tool": b"#!\n"})
        before = await tree(client, project_id)
        done = await run(client, project_id, recording(where, WORK, "echo more >> mine"))
        assert done["status"] == "completed", done
        chat_id, after = done["chatId"], await tree(client, project_id)
        start = await start_of(client, done)
        await write(client, project_id, {"src/theirs": b"theirs\n"})
    ref: dict[str, Any] = {"chatId": chat_id, "checkpointId": start["id"]}
    async with served(where) as client:  # another daemon, and files that were put away and brought back
        await client.request("workspace/archive", {"projectId": project_id})
        said = await client.request("checkpoint/preview", ref)
        back = await client.request("checkpoint/restore", ref)
        assert [back["files"], back["kept"]] == [said["files"], said["kept"]]
        assert back["kept"] == [{"path": "src", "why": "not_empty"}]
        now = await tree(client, project_id)
        theirs = {"src/theirs": now["src/theirs"]}
        assert now == {**before, **theirs}
        assert await texts(client, chat_id) == []
        await client.request("checkpoint/undo", {"chatId": chat_id})
        assert await tree(client, project_id) == {**after, **theirs}
        assert len(await texts(client, chat_id)) == 7
        again = await run(client, project_id, recording(where, "sleep 1; echo x > slow"), chat_id)
        assert again["status"] == "completed", again
        await client.request("project/delete", {"projectId": project_id, "archives": True})
    packs = where.data / "checkpoints" / "p" / project_id
    assert not any(each.is_file() for each in packs.rglob("*"))


@pytest.mark.bubblewrap
async def test_in_bubblewrap() -> None:
    with place() as where:
        await taken_back(where)


@pytest.mark.docker
@pytest.mark.timeout(900)
async def test_in_docker(docker_engine: DockerEngine) -> None:
    assert docker_engine
    ensure_workspace_image("code-workspace:latest")
    with place(JOURNEYMAN_SANDBOX="docker") as where:
        await taken_back(where)


@pytest.mark.bubblewrap
async def test_busy_while_a_run_is_on() -> None:
    with place() as where:
        async with served(where) as client:
            project_id = str((await client.request("project/create", {}))["id"])
            first = await run(client, project_id, recording(where, "echo 1 > a"))
            start = await start_of(client, first)
            model = recording(where, "echo 2 > a; sleep 300")
            params = {"chatId": first["chatId"], "prompt": "x", "mode": "execute", "model": model}
            started = await client.request("agent/run", {**params, "wait": "accepted"})
            while (await told(client, project_id, "a")) != b"2\n":
                assert started["status"] in ("queued", "running")
            with pytest.raises(Failure) as raised:
                await client.request(
                    "checkpoint/restore", {"chatId": first["chatId"], "checkpointId": start["id"]}
                )
            assert raised.value.kind == "busy"
            await client.request("agent/cancel", {"runId": started["runId"]})
            await client.request(
                "checkpoint/restore", {"chatId": first["chatId"], "checkpointId": start["id"]}
            )
            assert await tree(client, project_id) == {}


@pytest.mark.bubblewrap
async def test_a_rejection_is_finished_by_the_next_daemon() -> None:
    with place() as where:
        await killed_while_rejecting(where, "rewind.removed")
