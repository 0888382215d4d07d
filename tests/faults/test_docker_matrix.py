"""Faults at five places of the Docker engine: what comes of each is in `docker_cells`, cell by cell.

Those answers that mean the same at every place are given at one or two here, and at all in `make prove`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from components.docker_engine import DockerEngine
from components.harms import Harm, Way
from faults.docker_cells import CELLS, PLACES, WAYS
from faults.docker_scene import DockerScene, docker_scene
from faults.docker_trial import trial
from journeyman.failures import Failure

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[DockerScene]:
    base: Path = tmp_path_factory.mktemp("docker-matrix")
    async with docker_scene(docker_engine, base) as made:
        await made.change()
        yield made


CHOSEN: dict[Way, tuple[str, ...]] = {
    "403": ("create", "list"),
    "412": ("stop",),
    "429": ("start", "remove"),
}


@pytest.mark.parametrize(
    ("place", "way"), [(place, way) for place in PLACES for way in WAYS if place in CHOSEN.get(way, PLACES)]
)
async def test_cell(scene: DockerScene, place: str, way: Way) -> None:
    assert await trial(scene, PLACES[place], way) == CELLS[place][way]


def _being_removed(method: str, status: int) -> bytes:
    said = b'{"message":"removal of container 5ca1ab1e is already in progress"}'
    head = (
        f"HTTP/1.1 {status} On Order\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    )
    return head.encode() + said


@pytest.mark.parametrize("times", [2, None])
async def test_a_removal_that_is_on_its_way_is_waited_for(scene: DockerScene, times: int | None) -> None:
    """As an engine answers that still removes what it was asked to by a call that was given up."""
    await scene.opened()
    await scene.forget_the_connection()
    (instance,) = await scene.sandbox.list()
    with scene.harmed(Harm("409", "DELETE", "/containers/", _being_removed, times=times)):
        if times is None:
            scene.sandbox._calls.engine_s = 0.4
            with pytest.raises(Failure) as refused:
                await scene.sandbox.remove(instance.id)
            assert (refused.value.kind, refused.value.retryable) == ("no_sandbox", True)
        else:
            await scene.sandbox.remove(instance.id)
    assert len(await scene.sandbox.list()) == (1 if times is None else 0)
    await scene.opened()
    await scene.nothing_leaked()
