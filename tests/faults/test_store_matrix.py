"""Fourteen faults at six places of object storage: what comes of each is in `store_cells`, cell by cell."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from components.harms import WAYS, Way
from components.s3_server import S3Server
from faults.store_cells import CELLS, PLACES
from faults.store_scene import StoreScene, store_scene
from faults.store_trial import trial
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import workspace_uid

pytestmark = [
    pytest.mark.s3,
    pytest.mark.bubblewrap,
    pytest.mark.xdist_group("store-matrix"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[StoreScene]:
    base = tmp_path_factory.mktemp("store-matrix")
    sandbox = BubblewrapSandbox(base / "data", uid=workspace_uid(None))
    async with store_scene(s3_server, base, sandbox) as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", PLACES)
async def test_cell(scene: StoreScene, place: str, way: Way) -> None:
    found = await trial(scene, PLACES[place], way)
    assert found == CELLS[place][way]
