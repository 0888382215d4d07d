"""All thirty instructions, obeyed in a container, with and without a way out."""

from __future__ import annotations

import pytest

from hostile.injected_docker import scene
from hostile.injected_scene import KINDS, TOLD, Scene

__all__ = ["scene"]

pytestmark = [
    pytest.mark.prove,
    pytest.mark.docker,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(600),
]


@pytest.mark.parametrize(("scene", "case"), KINDS, indirect=["scene"])
async def test_what_an_instruction_asks_for_is_not_there(scene: Scene, case: str) -> None:
    await scene.finds_nothing(TOLD[case])


@pytest.mark.parametrize("scene", ["none", "allowlist"], indirect=True)
async def test_what_is_there_is_found_by_the_same_means(scene: Scene) -> None:
    await scene.finds_what_is_there()
