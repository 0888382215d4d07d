"""Ten faults at five places of the Docker engine: what comes of each is in `docker_cells`, cell by cell."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from components.docker_engine import DockerEngine
from components.harms import Way
from faults.docker_cells import CELLS, PLACES, WAYS
from faults.docker_scene import DockerScene, docker_scene
from faults.docker_trial import trial

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[DockerScene]:
    base: Path = tmp_path_factory.mktemp("docker-matrix")
    async with docker_scene(docker_engine, base) as made:
        await made.change()
        yield made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", PLACES)
async def test_cell(scene: DockerScene, place: str, way: Way) -> None:
    assert await trial(scene, PLACES[place], way) == CELLS[place][way]
