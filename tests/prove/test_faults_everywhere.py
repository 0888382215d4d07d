"""Every cell of the fault matrices again, with cuts at other bytes and other bits flipped each time.

Where a reply is cut decides whether what arrived of it says enough; so a cut may end better than its cell.
`JOURNEYMAN_TEST_FAULTS` is the number of rounds, `JOURNEYMAN_TEST_SEED` the first.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from components.docker_engine import DockerEngine
from components.s3_server import S3Server
from faults import docker_cells, docker_trial, store_cells, store_trial
from faults.docker_scene import docker_scene
from faults.store_scene import store_scene
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import workspace_uid

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1800)]
FIRST = int(os.environ.get("JOURNEYMAN_TEST_SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("JOURNEYMAN_TEST_FAULTS", "5")))
CUT = {"ok", "store_unavailable!", "archive_corrupt", "archive_corrupt!"}
CUT_ENGINE = {"ok", "no_sandbox!"}


@pytest.mark.s3
@pytest.mark.bubblewrap
@pytest.mark.parametrize("seed", SEEDS)
async def test_object_storage(s3_server: S3Server, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    sandbox = BubblewrapSandbox(tmp_path / "data", uid=workspace_uid(None))
    async with store_scene(s3_server, tmp_path, sandbox, seed=seed) as scene:
        for name, place in store_cells.PLACES.items():
            for way, cell in store_cells.CELLS[name].items():
                at = chance.randrange(1 << 20)
                found = await store_trial.trial(scene, place, way, at=at)
                fine = found == cell or (way == "cut" and set(found) <= CUT)
                assert fine, f"seed {seed}: {name}, {way} at {at}: {found}"


@pytest.mark.docker
@pytest.mark.parametrize("seed", SEEDS)
async def test_docker(docker_engine: DockerEngine, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with docker_scene(docker_engine, tmp_path, seed=seed) as scene:
        await scene.change()
        for name, place in docker_cells.PLACES.items():
            for way, cell in docker_cells.CELLS[name].items():
                at = chance.randrange(1 << 20)
                found = await docker_trial.trial(scene, place, way, at=at)
                fine = found == cell or (way == "cut" and set(found) <= CUT_ENGINE)
                assert fine, f"seed {seed}: {name}, {way} at {at}: {found}"
