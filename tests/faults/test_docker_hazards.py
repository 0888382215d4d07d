"""Containers that vanish, run out of something, or have no image: what comes of each is in `docker_cells`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.docker_engine import DockerEngine
from components.missing import unavailable
from faults.docker_cells import HAZARDS as CELLS
from faults.docker_hazards import HAZARDS

pytestmark = [pytest.mark.docker]


@pytest.mark.parametrize(("hazard", "moment"), [(each, moment) for each in CELLS for moment in CELLS[each]])
async def test_cell(docker_engine: DockerEngine, tmp_path: Path, hazard: str, moment: str) -> None:
    if hazard == "disk full" and os.geteuid() != 0:
        unavailable("only root may mount a small disk")
    assert await HAZARDS[hazard][moment](docker_engine, tmp_path) == CELLS[hazard][moment]
