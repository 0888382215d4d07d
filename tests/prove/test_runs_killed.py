"""A run dies at every single write: it can be resumed from there, and nothing that was said to it is lost."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from unit.agent.house import House, house
from unit.agent.test_crash_points import MOMENTS, resume_everywhere, say_everywhere

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1800)]


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncGenerator[House]:
    async with house(tmp_path) as made:
        yield made


async def test_every_write_is_a_point_to_resume_from(agent: House) -> None:
    await resume_everywhere(agent, every=1)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_no_text_is_lost_whatever_write_was_the_last(agent: House, moment: str) -> None:
    await say_everywhere(agent, moment, every=1)
