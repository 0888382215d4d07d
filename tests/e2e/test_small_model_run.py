"""A whole run with a real model's words: SmolLM2 behind an OpenAI-compatible server, driven by litellm.

The model is too small to be of use. What it shows is that real words go through everything and that each
valid call is really carried out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.adapters.litellm_model import LitellmModel
from journeyman.agent.runs import StartRun
from journeyman.app import build
from journeyman.config import Settings
from journeyman.model.providers import ProviderConfig
from journeyman.records import TERMINAL_RUN_STATUSES, Budget

NAME = "scripted/smollm2"


@pytest.mark.smallmodel
@pytest.mark.bubblewrap
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:Accessing the 'model_")
async def test_a_real_model_calls_a_tool_in_a_run(small_model: str, tmp_path: Path) -> None:
    model = LitellmModel(
        ProviderConfig(
            provider="openai",
            base_url=small_model,
            api_key="a local server takes any key",
            key_name=None,
            timeout_s=300,
            headers={},
            options={"tool_mode": "schema"},
        )
    )
    settings = Settings.model_validate({"data_dir": tmp_path, "sandbox": "bubblewrap"})
    async with build(settings, models={NAME: model}) as app:
        order = StartRun("List the files.", model=NAME, mode="execute", budget=Budget(steps=2))
        run = await app.services.runs.wait((await app.services.runs.start(order)).id)
        assert run.status in TERMINAL_RUN_STATUSES
        events = await app.store.events.read(run.chat_id, after=0)
        messages = await app.store.messages.history(run.chat_id)
    calls = [call for message in messages for call in message.tool_calls]
    assert any(call.invalid is None for call in calls), (run, messages)
    done = [event.data for event in events if event.kind == "tool/finished"]
    assert {call.id for call in calls} == {data["callId"] for data in done}
    assert run.usage.model_calls >= 1
