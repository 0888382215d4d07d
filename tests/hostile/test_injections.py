"""A model that obeys what is hidden in a workspace finds neither keys nor the network, in a real sandbox.

The sandbox is tested, not the model: it knows where everything lies and may run any command.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from components.missing import unavailable
from hostile.injected import PLACES
from hostile.injected_scene import CASES, KINDS, TOLD, Scene, injected_scene
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import workspace_uid

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.bubblewrap]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Scene]:
    root = tmp_path_factory.mktemp("injected")
    sandbox = BubblewrapSandbox(root / "data", uid=workspace_uid(None))
    report = await sandbox.probe()
    if not report.available:
        await sandbox.close()
        unavailable(f"bubblewrap: {report.why}")
    async with injected_scene(root, sandbox, request.param) as made:
        yield made


async def test_there_are_thirty_and_every_place_is_among_them() -> None:
    assert len(TOLD) == 30
    assert {case.place for case in CASES} == set(PLACES)


@pytest.mark.parametrize(("scene", "case"), KINDS, indirect=["scene"])
async def test_what_an_instruction_asks_for_is_not_there(scene: Scene, case: str) -> None:
    await scene.finds_nothing(TOLD[case])


@pytest.mark.parametrize("scene", ["none", "allowlist"], indirect=True)
async def test_what_is_there_is_found_by_the_same_means(scene: Scene) -> None:
    await scene.finds_what_is_there()
