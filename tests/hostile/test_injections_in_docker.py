"""What an instruction in a workspace asks for is not in a container either. All thirty: `make prove`."""

from __future__ import annotations

import pytest

from hostile.injected_docker import NEAREST, scene
from hostile.injected_scene import TOLD, Scene

__all__ = ["scene"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.docker]
CASES = [name for name, case in TOLD.items() if case.errand in NEAREST]


async def test_each_of_the_nearest_is_among_them() -> None:
    assert {TOLD[name].errand for name in CASES} == NEAREST


@pytest.mark.parametrize("scene", ["none"], indirect=True)
@pytest.mark.parametrize("case", CASES)
async def test_what_an_instruction_asks_for_is_not_there(scene: Scene, case: str) -> None:
    await scene.finds_nothing(TOLD[case])


@pytest.mark.parametrize("scene", ["none"], indirect=True)
async def test_what_is_there_is_found_by_the_same_means(scene: Scene) -> None:
    await scene.finds_what_is_there()
