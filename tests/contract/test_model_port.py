"""What every `Model` keeps to: scripted, recorded, replayed, over HTTP, and through litellm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.endpoint import REQUEST
from components.provider import ScriptedProvider, answer, chunk, refusal, tool_piece, usage_chunk
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.failures import Failure
from journeyman.model.assembly import collect
from journeyman.model.providers import ProviderConfig
from journeyman.model.recorder import RecordingModel
from journeyman.model.replay import ReplayModel
from journeyman.model.trajectory import RecordedTurn, Trajectory
from journeyman.ports.model import Model, StopDelta, TextDelta, UsageDelta
from journeyman.testing.model import ScriptedCall, ScriptedModel, ScriptedTurn

pytestmark = pytest.mark.filterwarnings("ignore:Accessing the 'model_")  # litellm does that
USAGE = UsageDelta(100, 5, 80)


@dataclass
class Turn:
    """A turn every kind of model can be told to say; a failure takes the place of one."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    fails: bool = False


Maker = Callable[[list[Turn]], Awaitable[Model]]


def scripted(turns: list[Turn]) -> ScriptedModel:
    return ScriptedModel([
        Failure("model_unreachable", "gone", retryable=True) if turn.fails
        else ScriptedTurn(turn.text, tuple(ScriptedCall(*made) for made in turn.calls), usage=USAGE)
        for turn in turns
    ])  # fmt: skip


def replayed(turns: list[Turn]) -> ReplayModel:
    recorded = [RecordedTurn(turn.text, "", turn.calls, USAGE) for turn in turns if not turn.fails]
    # The request holds one assistant message, so its turn is the second.
    return ReplayModel(Trajectory((RecordedTurn("", "", (), None), *recorded)), pause_s=0)


def over_http(provider: ScriptedProvider, turns: list[Turn]) -> str:
    for turn in turns:
        if turn.fails:
            provider.script(refusal(503, "gone"))
            continue
        pieces = [chunk({"content": word}) for word in turn.text.split(" ") if word]
        for index, (name, arguments) in enumerate(turn.calls):
            raw = str(arguments).replace("'", '"')
            pieces += [
                tool_piece(raw[:3], index=index, id=f"c{index}", name=name),
                tool_piece(raw[3:], index=index),
            ]
        finish = chunk(finish="tool_calls" if turn.calls else "stop")
        provider.script(answer(*pieces, finish, usage_chunk(100, 5, 80)))
    return provider.base_url


@pytest.fixture(
    params=[
        "scripted",
        "recording",
        "replay",
        "http",
        pytest.param("litellm", marks=pytest.mark.xdist_group("litellm")),
    ]
)
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Maker]:
    made: list[Model] = []
    async with ScriptedProvider() as provider:

        async def maker(turns: list[Turn]) -> Model:
            model: Model
            if request.param == "scripted":
                model = scripted(turns)
            elif request.param == "recording":
                model = RecordingModel(scripted(turns), tmp_path / "t.jsonl")
            elif request.param == "replay":
                model = replayed(turns)
            else:
                config = ProviderConfig("openai", over_http(provider, turns), api_key="sk-test")
                model = (OpenAiCompatibleModel if request.param == "http" else LitellmModel)(config)
            made.append(model)
            return model

        yield maker
        for model in made:
            await model.close()


async def test_text_and_usage(make: Maker) -> None:
    model = await make([Turn(text="Hello")])
    turn = await collect(model.stream(REQUEST))
    assert (turn.text, turn.tool_calls, turn.stop_reason, turn.usage) == ("Hello", (), "stop", USAGE)


async def test_calls(make: Maker) -> None:
    model = await make([Turn(calls=(("ls", {"path": "x"}), ("read", {"path": "y"})))])
    turn = await collect(model.stream(REQUEST))
    assert [(c.name, c.arguments) for c in turn.tool_calls] == [
        ("ls", {"path": "x"}),
        ("read", {"path": "y"}),
    ]
    assert turn.stop_reason == "tool_calls"


async def test_the_stop_comes_once_and_last(make: Maker) -> None:
    model = await make([Turn(text="Hello you")])
    deltas = [delta async for delta in model.stream(REQUEST)]
    assert [delta for delta in deltas if isinstance(delta, StopDelta)] == [deltas[-1]] == [StopDelta("stop")]


async def test_a_failure_is_a_failure_of_the_port(make: Maker) -> None:
    model = await make([Turn(fails=True)])
    with pytest.raises(Failure) as caught:
        await collect(model.stream(REQUEST))
    assert caught.value.kind in ("model_unreachable", "model_broken")


async def test_a_stream_left_early_does_no_harm(make: Maker) -> None:
    model = await make([Turn(text="One two three four five"), Turn(text="Hello")])
    stream = model.stream(REQUEST)
    assert isinstance(await anext(stream), TextDelta)
    await stream.aclose()  # type: ignore[attr-defined]
    again = await collect(model.stream(REQUEST))
    assert again.text in ("Hello", "One two three four five")  # a replay repeats what has no answer yet


async def test_closing_twice_does_no_harm(make: Maker) -> None:
    model = await make([])
    await model.close()
    await model.close()
