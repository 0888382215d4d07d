"""What providers cache is the beginning of a request: each begins with nearly all of the one before."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from journeyman.adapters.body_layout import body_of, encode
from journeyman.adapters.chat_completions import NATIVE
from journeyman.adapters.litellm_thoughts import THOUGHTFUL
from journeyman.agent.families import FAMILIES
from journeyman.ports.model import ModelInfo, ModelRequest
from journeyman.records import Message
from journeyman.testing.model import ScriptedModel, call, calls
from journeyman.thoughts import Thought
from unit.agent.house import MODEL, House

TURNS = 30
SHARE = 0.95


def script() -> list[Any]:
    """A plan, then files written, read and run, two calls at a time now and then."""
    steps: list[Any] = [call("ls"), call("todoWrite", items=[{"content": "Count", "check": "test -e 9.txt"}])]
    for number in range((TURNS - len(steps)) // 2):
        name = f"{number % 10}.txt"
        steps.append(call("write", path=name, content=f"{number}\n" * 200, overwrite=True))
        steps.append(calls(call("read", path=name), call("terminal", command=f"cat {name} | tail -n 3")))
    steps.append(call("fin", summary="Counted.", status="partial"))
    return [
        replace(step, thoughts=(Thought("thought", f"{at}==", "So. " * 9),)) for at, step in enumerate(steps)
    ]


def shared(one: bytes, other: bytes) -> float:
    """How much of `one` is the beginning of `other`."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    return same / len(one)


def unmarked(request: ModelRequest) -> bytes:
    """As Anthropic compares it: the marks are no content, thoughts are."""
    body = body_of(THOUGHTFUL, request, {"cache_control": True})
    assert sum("thinking_blocks" in message for message in body["messages"]) == len(answers(request))
    marked = json.dumps(body).count('"cache_control"')
    assert 2 <= marked <= 4, "Anthropic takes at most four"
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            part.pop("cache_control", None)
    return encode(body)


def answers(request: ModelRequest) -> list[Message]:
    return [message for message in request.messages if message.role == "assistant"]


async def ran(agent: House, family: str) -> ScriptedModel:
    model = agent.script(script())
    info = ModelInfo(MODEL, "scripted", "test", 1_000_000, True, extra={"family": family})
    agent.models.inject(MODEL, model, info)
    await agent.run("Count to nine.")
    assert len(model.requests) >= TURNS
    return model


@pytest.mark.parametrize("family", FAMILIES)
async def test_thirty_turns_share_their_beginning(agent: House, family: str) -> None:
    requests = (await ran(agent, family)).requests
    plain = [encode(body_of(NATIVE, request, {})) for request in requests]
    parts = [unmarked(request) for request in requests]
    for bodies in (plain, parts):
        shares = [shared(one, other) for one, other in pairwise(bodies)]
        assert min(shares) >= SHARE, shares


async def test_a_second_run_of_the_chat_begins_with_the_first(agent: House) -> None:
    first = agent.script(script())
    run = await agent.run("Count to nine.")
    second = agent.script([call("fin", summary="Nothing.")])
    await agent.run("What did you count?", chat_id=run.chat_id)
    before, after = (encode(body_of(NATIVE, m.requests[-1], {})) for m in (first, second))
    assert shared(before, after) >= SHARE
