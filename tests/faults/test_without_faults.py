"""The column without a fault: the same commands pass every place of the matrices and succeed; on a store that
knows no conditional put as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.docker_engine import DockerEngine
from components.s3_server import S3Server
from faults import docker_cells, store_cells
from faults.docker_scene import docker_scene
from faults.outcomes import outcome
from faults.store_scene import store_scene
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import workspace_uid


def passed(requests: list[str], method: str, target: str) -> bool:
    """Whether a request went by this place."""
    return any(
        re.fullmatch(method, each.split(" ")[0]) and re.search(target, each.split(" ")[1])
        for each in requests
    )


@pytest.mark.s3
@pytest.mark.bubblewrap
@pytest.mark.parametrize("kind", ["s3_server", "plain_s3_server"])
async def test_object_storage(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    server: S3Server = request.getfixturevalue(kind)
    sandbox = BubblewrapSandbox(tmp_path / "data", uid=workspace_uid(None))
    async with store_scene(server, tmp_path, sandbox) as scene:
        await scene.change()
        before = scene.tree()
        assert outcome(await scene.archive(keep=True)) == "ok"
        await scene.archive_holds_the_workspace()
        assert outcome(await scene.archive(keep=False)) == "ok"
        assert outcome(await scene.open()) == "ok"
        assert scene.tree() == before
        for name, place in store_cells.PLACES.items():
            assert passed(scene.proxy.requests, place.method, place.target), name


@pytest.mark.docker
async def test_docker(docker_engine: DockerEngine, tmp_path: Path) -> None:
    async with docker_scene(docker_engine, tmp_path) as scene:
        await scene.change()
        before = scene.tree()
        assert outcome(await scene.close()) == "ok"
        assert outcome(await scene.open()) == "ok"
        assert outcome(await scene.archive()) == "ok"
        assert outcome(await scene.open()) == "ok"
        assert scene.tree() == before
        await scene.nothing_leaked()
        for name, place in docker_cells.PLACES.items():
            assert passed(scene.proxy.requests, place.method, place.target), name
