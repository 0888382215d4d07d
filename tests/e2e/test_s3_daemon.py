"""The daemon with its archives on a real S3 server: archive, crash, restore, an older archive, deletion."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from components.s3_server import S3Server
from e2e.daemons import Place, place
from e2e.refused import served
from e2e.wordcount import digests, new_project, repaired, still_green
from journeyman.adapters.s3_objects import S3Objects
from journeyman.client.connection import Client

pytestmark = [pytest.mark.s3, pytest.mark.timeout(300)]


@pytest.fixture
async def where(s3_server: S3Server, request: pytest.FixtureRequest) -> AsyncGenerator[Place]:
    prefix = f"daemon-{abs(hash(request.node.name))}"
    settings = {
        "JOURNEYMAN_OBJECTS": f"s3://{s3_server.bucket}/{prefix}",
        "JOURNEYMAN_S3_ENDPOINT": s3_server.endpoint,
        **s3_server.environment(),
    }
    with place(**settings) as found:
        yield found


@pytest.fixture
async def bucket(
    where: Place, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[S3Objects]:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    objects = S3Objects.from_url(where.settings["JOURNEYMAN_OBJECTS"], endpoint=s3_server.endpoint)
    yield objects
    await objects.close()


async def _keys(bucket: S3Objects, project_id: str) -> list[str]:
    return [info.key async for info in bucket.list(f"p/{project_id}/")]


async def test_archived_killed_restored(where: Place, bucket: S3Objects) -> None:
    process = await asyncio.to_thread(where.start)
    async with Client.connect(socket=where.socket) as client:
        project_id = await new_project(client)
        await repaired(client, project_id)
        before = await digests(client, project_id)
        archived = await client.request("workspace/archive", {"projectId": project_id})
        assert archived["verified"]
        status = await client.request("workspace/status", {"projectId": project_id})
        assert status["state"] == "archived"
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    assert process.stdout is not None
    process.stdout.close()
    keys = await _keys(bucket, project_id)
    assert {key.split("/")[2] for key in keys} == {"packs", "m", "HEAD"}
    async with served(where) as client:
        opened = await client.request("workspace/open", {"projectId": project_id})
        assert opened["acquired"] == "restored"
        assert await digests(client, project_id) == before
        await still_green(client, projectId=project_id)


async def _write(client: Client, project_id: str, name: str, content: bytes) -> None:
    file = {"path": name, "content": base64.b64encode(content).decode()}
    await client.request("workspace/import", {"projectId": project_id, "files": [file]})


async def _archive(client: Client, project_id: str) -> dict[str, Any]:
    made = await client.request("workspace/archive", {"projectId": project_id, "keep": True})
    archive: dict[str, Any] = made["archive"]
    return archive


async def test_archives_share_what_did_not_change_and_any_of_them_comes_back(
    where: Place, bucket: S3Objects
) -> None:
    async with served(where) as client:
        project = await client.request("project/create", {})
        project_id = project["id"]
        await _write(client, project_id, "big", os.urandom(3 << 20))
        first = await _archive(client, project_id)
        unchanged = await _archive(client, project_id)
        assert first["newBytes"] > 3 << 20
        assert unchanged["digest"] == first["digest"]
        assert unchanged["newBytes"] < 10_000
        early = await digests(client, project_id)
        await _write(client, project_id, "later", b"later")
        await _archive(client, project_id)
        listed = await client.request("workspace/archives", {"projectId": project_id})
        assert len(listed["items"]) == 3
        params = {"projectId": project_id, "archiveId": first["archiveId"]}
        await client.request("workspace/restore", params)
        assert await digests(client, project_id) == early


async def test_deleting_a_project_with_and_without_its_archives(where: Place, bucket: S3Objects) -> None:
    async with served(where) as client:
        for archives in (False, True):
            project = await client.request("project/create", {})
            project_id = project["id"]
            await _write(client, project_id, "a", b"a")
            await _archive(client, project_id)
            await client.request("project/delete", {"projectId": project_id, "archives": archives})
            assert bool(await _keys(bucket, project_id)) is not archives
            assert not any((where.data / "workspaces" / project_id).glob("[0-9]*"))


async def test_a_request_takes_the_workspace_back_from_its_archiving(where: Place) -> None:
    async with served(where) as client:
        project = await client.request("project/create", {})
        project_id = project["id"]
        await _write(client, project_id, "big", os.urandom(4 << 20))
        await client.request("workspace/archive", {"projectId": project_id, "wait": False})
        got = await client.request(
            "workspace/readFile", {"projectId": project_id, "path": "big", "limit": 10}
        )
        assert got["size"] == 4 << 20
