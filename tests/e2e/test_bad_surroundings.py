"""The world around the daemon fails: no sandbox, image, store or space, a second daemon, broken files."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components.docker_engine import DockerEngine
from components.missing import unavailable
from components.s3_server import S3Server
from e2e.daemons import Place, place
from e2e.refused import ended, refused, served
from journeyman.client.connection import Client

CONTENT = b"kept\n"


def _command(where: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        where.command(*arguments), env=where.env, capture_output=True, text=True, timeout=60, check=False
    )


def _one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    first = done.stderr.strip().splitlines()[0]
    assert first.startswith("error: ")
    return done.stderr


async def _import(client: Client, name: str = "a.txt", content: bytes = CONTENT) -> str:
    project: dict[str, Any] = await client.request("project/create", {})
    file = {"path": name, "content": base64.b64encode(content).decode()}
    await client.request("workspace/import", {"projectId": project["id"], "files": [file]})
    return str(project["id"])


async def _content(client: Client, project_id: str, name: str = "a.txt") -> bytes:
    got = await client.request("workspace/readFile", {"projectId": project_id, "path": name})
    return base64.b64decode(got["content"])


def _dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_no_engine_answers() -> None:
    with place(JOURNEYMAN_SANDBOX="docker", DOCKER_HOST="unix:///nowhere/docker.sock") as where:
        async with served(where) as client:
            project = await client.request("project/create", {})
            failure = await refused(client, "workspace/open", {"projectId": project["id"]})
            assert failure.kind == "no_sandbox"
            run = await ended(client, projectId=project["id"], model="replay//no/such")
            assert run["status"] == "failed"
            status = await client.request("daemon/status")
            assert "sandbox" not in status
            assert status["sandboxProblem"]


async def test_neither_an_engine_nor_bubblewrap(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    settings = {"JOURNEYMAN_SANDBOX": "auto", "DOCKER_HOST": "unix:///nowhere/docker.sock", "PATH": path}
    with place(**settings) as where:
        async with served(where) as client:
            project = await client.request("project/create", {})
            failure = await refused(client, "workspace/open", {"projectId": project["id"]})
            assert failure.kind == "no_sandbox"
            assert "Docker" in failure.hint
            assert "bubblewrap" in failure.hint


@pytest.mark.docker
async def test_the_image_is_missing(docker_engine: DockerEngine) -> None:
    with place(JOURNEYMAN_SANDBOX="docker", JOURNEYMAN_IMAGE="journeyman-no-such-image:1") as where:
        async with served(where) as client:
            project = await client.request("project/create", {})
            failure = await refused(client, "workspace/open", {"projectId": project["id"]})
            assert failure.kind == "image_missing"
            assert "journeyman image build" in failure.hint


async def _archive_fails_and_nothing_is_lost(where: Place, kind: str) -> None:
    async with served(where) as client:
        project_id = await _import(client)
        failure = await refused(client, "workspace/archive", {"projectId": project_id})
        assert failure.kind == kind
        assert await _content(client, project_id) == CONTENT
        status = await client.request("workspace/status", {"projectId": project_id})
        assert "archive" not in status
    # With a store that works, everything is still there to be archived.
    where.settings.clear()
    async with served(where) as client:
        made = await client.request("workspace/archive", {"projectId": project_id})
        assert made["verified"] is True
        assert await _content(client, project_id) == CONTENT


async def test_object_storage_is_down() -> None:
    endpoint = f"http://127.0.0.1:{_dead_port()}"
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with place(JOURNEYMAN_OBJECTS="s3://archives/x", JOURNEYMAN_S3_ENDPOINT=endpoint, **keys) as where:
        await _archive_fails_and_nothing_is_lost(where, "store_unavailable")


@pytest.mark.s3
async def test_object_storage_refuses(s3_server: S3Server) -> None:
    keys = {"AWS_ACCESS_KEY_ID": s3_server.access_key, "AWS_SECRET_ACCESS_KEY": "wrong"}
    store = {"JOURNEYMAN_OBJECTS": f"s3://{s3_server.bucket}/x", "JOURNEYMAN_S3_ENDPOINT": s3_server.endpoint}
    with place(**store, **keys) as where:
        await _archive_fails_and_nothing_is_lost(where, "store_refused")


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Generator[None]:
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        unavailable(f"a small disk cannot be mounted here: {done.stderr}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


async def test_the_disk_is_full() -> None:
    with place(JOURNEYMAN_DISK_FLOOR_MB="0") as where, _small_disk(where.data, 24):
        async with served(where) as client:
            project_id = await _import(client)
            ballast = where.data / "ballast"
            _fill(ballast)
            big = base64.b64encode(os.urandom(1 << 20)).decode()
            params = {"projectId": project_id, "files": [{"path": "big", "content": big}]}
            assert (await refused(client, "workspace/import", params)).kind in (
                "disk_full",
                "workspace_failed",
            )
            failure = await refused(client, "workspace/archive", {"projectId": project_id})
            assert failure.kind in ("disk_full", "storage_failed")
            ballast.unlink()
            assert await _content(client, project_id) == CONTENT
            await client.request("workspace/import", params)
            assert (await client.request("workspace/archive", {"projectId": project_id}))["verified"]
            assert await _content(client, project_id) == CONTENT


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as sink:
        for size in (1 << 20, 1 << 16, 1 << 12, 1):
            try:
                while True:
                    sink.write(b"x" * size)
            except OSError:
                continue


async def test_a_second_daemon_on_the_same_data() -> None:
    with place() as where:
        async with served(where):
            done = await asyncio.to_thread(_command, where, "serve")
            said = _one_sentence(done)
            assert str(where.pid()) in said
            assert "journeyman status" in said or "journeyman stop" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("workspace_tll_s = 5\n", "workspace_tll_s"),
        ('runs_max = "many"\n', "runs_max"),
        ("runs_max = [", "TOML"),
        ('data_dir = "/elsewhere"\n', "JOURNEYMAN_DATA_DIR"),
    ],
)
def test_a_config_file_that_is_not_right(text: str, says: str) -> None:
    with place() as where:
        (where.root / "config.toml").write_text(text)
        assert says in _one_sentence(_command(where, "serve"))


def test_a_database_that_is_none() -> None:
    with place() as where:
        where.data.mkdir(parents=True)
        (where.data / "journeyman.sqlite3").write_bytes(b"not a database, not at all" * 200)
        said = _one_sentence(_command(where, "serve"))
        assert "journeyman.sqlite3" in said
        assert (where.data / "journeyman.sqlite3").read_bytes().startswith(b"not a database")
