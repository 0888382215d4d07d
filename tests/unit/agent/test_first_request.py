"""What a model is sent before anything has happened: every tool, no word twice, 8 KB."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components.endpoint import connected
from components.provider import answer, chunk
from journeyman.agent.families import FAMILIES
from journeyman.extensions.extensions import Extensions
from journeyman.ports.model import ModelInfo
from unit.agent.house import MODEL, house

BYTES_MAX = 8 * 1024
FULL = [name for name, family in FAMILIES.items() if family.plans]
REPLY = answer(chunk({"content": "Blue."}), chunk(finish="stop"))


@pytest.mark.parametrize("family", FULL)
async def test_the_first_request_is_small_with_all_tools(tmp_path: Path, family: str) -> None:
    async with (
        house(tmp_path, extensions=Extensions(explore=True)) as agent,
        connected(REPLY) as (provider, model),
    ):
        info = ModelInfo(MODEL, "scripted", "some/model", None, True)
        agent.models.inject(MODEL, model, replace(info, extra={"family": family}))
        assert (await agent.run("What colour is the sky?")).summary == "Blue."
    body = provider.requests[0].json
    assert len(body["tools"]) == 15
    assert len(provider.requests[0].body) <= BYTES_MAX
