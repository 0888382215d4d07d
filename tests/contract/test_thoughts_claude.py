"""Claude through litellm: it is sent its own thoughts as it signed them, and asked to think where it may."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from components.claude import REDACTED, Claude, Said, text, thinking, tool
from components.endpoint import TOOL, message
from components.provider import Received, Reply, ScriptedProvider, refusal
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.failures import Failure
from journeyman.model.assembly import ModelTurn, collect
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelRequest
from journeyman.records import Message
from journeyman.thoughts import Thoughts

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("litellm"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # litellm does that
]
NEW, OLD = "claude-sonnet-5-5", "claude-haiku-4-5"
LOOK = tool("toolu_1", "ls", path="süß 👀")
OPTIONS = {"effort": "litellm", "cache_control": True}


@contextlib.asynccontextmanager
async def talking(claude: Claude, requests: int) -> AsyncGenerator[LitellmModel]:
    async with ScriptedProvider() as provider:
        provider.script(*[claude] * requests)
        base = provider.base_url.removesuffix("/v1")
        model = LitellmModel(ProviderConfig("anthropic", base, api_key="sk-test", options=OPTIONS))
        try:
            yield model
        finally:
            await model.close()


def begun(model: str, **more: Any) -> ModelRequest:
    return ModelRequest(model, "Be brief.", (message("user", "Look."),), (TOOL,), effort="high", **more)


def then(request: ModelRequest, turn: ModelTurn, *after: Message, model: str = "") -> ModelRequest:
    """The next request: with the answer as it is kept, and the results of its calls."""
    thoughts = Thoughts(model or request.model, "", turn.thoughts) if turn.thoughts else None
    said = message("assistant", turn.text, tool_calls=turn.tool_calls, thoughts=thoughts)
    said = replace(said, id=f"a{len(request.messages)}")
    results = [message("tool", "a.py", tool_call_id=call.id, tool_name="ls") for call in turn.tool_calls]
    return replace(request, messages=(*request.messages, said, *results, *after))


ANSWERS = {
    "a thought": (thinking("Let me see, 👀."), LOOK),
    "a thought and words": (thinking("Let me see."), text("I look."), LOOK),
    "what nobody is to read": (thinking("Hm."), REDACTED, REDACTED, LOOK),
    "no words, a signature": (thinking(""), thinking(""), LOOK),
    "between words": (thinking("One."), text("So: "), thinking("Two."), text("there."), LOOK),
    "words before it": (text("So."), thinking("Two."), LOOK),
    "blanks": (thinking("One."), text("\n\n"), LOOK),
    "none": (text("I look."), LOOK),
}


@pytest.mark.parametrize("content", ANSWERS.values(), ids=ANSWERS)
async def test_what_it_thought_comes_back_where_it_was(content: tuple[Any, ...]) -> None:
    claude = Claude([Said(content), Said((thinking("Again."), LOOK)), Said((text("Done."),))])
    async with talking(claude, 3) as model:
        first = await collect(model.stream(begun(NEW)))
        second = await collect(model.stream(then(begun(NEW), first)))
        asked = then(then(begun(NEW), first), second)
        assert (await collect(model.stream(asked))).text == "Done."
    assert claude.refusals == []
    shape = [[(b["type"], b.get("thinking")) for b in each] for each in claude.thoughts()]
    thought = [(b["type"], b.get("thinking")) for b in content if "thinking" in b["type"]]
    assert shape == [thought, [("thinking", "Again.")]]
    assert first.reasoning == "".join(b["thinking"] for b in content if b["type"] == "thinking")
    assert "sig+" not in first.text + first.reasoning


async def test_signatures_split_at_any_byte_are_the_same() -> None:
    content = (thinking("Süß, 👀."), REDACTED, text("Ich sehe: 👀"), LOOK)
    turns: list[ModelTurn] = []
    for size in (10_000, 1, 7):
        claude = Claude([Said(content)], cut=lambda data, size=size: pieces(data, size))
        async with talking(claude, 1) as model:
            turns.append(await collect(model.stream(begun(NEW))))
    assert [each.kind for each in turns[0].thoughts] == ["thought", "sealed"]
    assert turns[0].text == "Ich sehe: 👀"
    assert turns[1:] == turns[:1] * 2


def pieces(data: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, ({"type": "adaptive", "display": "summarized"}, "high", None)),
        ({"effort": "low"}, ({"type": "adaptive", "display": "summarized"}, "low", None)),
        ({"effort": None}, (None, None, None)),
        ({"tool_choice": "required", "model": "claude-opus-4-6"}, (None, None, "any")),
        ({"tool_choice": "none"}, ({"type": "adaptive", "display": "summarized"}, "high", "none")),
    ],
)
async def test_effort_of_a_model_that_takes_one(more: Any, wanted: tuple[Any, ...]) -> None:
    claude = Claude([Said((text("Done."),))])
    async with talking(claude, 1) as model:
        await collect(model.stream(replace(begun(NEW), **more)))
    body = claude.bodies[0]
    got = body.get("thinking"), body.get("output_config", {}).get("effort"), body.get("tool_choice", {})
    assert (*got[:2], got[2].get("type")) == wanted


@pytest.mark.parametrize(
    ("more", "budget", "most"),
    [
        ({}, 4096, 64_000),
        ({"effort": "low"}, 1024, 64_000),
        ({"model": "claude-3-7-sonnet-20250219"}, 2048, 4096),
        ({"output_tokens_max": 5000}, 4096, 5000),
        ({"output_tokens_max": 4096}, 2048, 4096),
        ({"output_tokens_max": 1500}, 1024, 1500),
        ({"output_tokens_max": 1024}, None, 1024),
        ({"effort": None}, None, 64_000),
        ({"tool_choice": "required"}, None, 64_000),
    ],
)
async def test_a_budget_leaves_room_for_the_answer(more: Any, budget: int | None, most: int) -> None:
    claude = Claude([Said((thinking("Hm."), text("Done.")))])
    async with talking(claude, 1) as model:
        await collect(model.stream(replace(begun(OLD), **more)))
    assert claude.refusals == []
    body = claude.bodies[0]
    assert (body.get("thinking", {}).get("budget_tokens"), body["max_tokens"]) == (budget, most)


async def test_an_older_model_thinks_on_only_where_it_thought_before_its_calls() -> None:
    thought, plain, done = Said((thinking("Hm."), LOOK)), Said((LOOK,)), Said((text("Done."),))
    claude = Claude([thought, plain, done, done, done])
    async with talking(claude, 5) as model:
        first = then(begun(OLD), await collect(model.stream(begun(OLD))))
        second = then(first, await collect(model.stream(first)))
        await collect(model.stream(second))
        # What was cleared meanwhile is no reason: this kind is not bound to what it read.
        await collect(model.stream(stale(first)))
        said = replace(second, messages=(*second.messages, message("assistant", "So."), message("user", "?")))
        await collect(model.stream(said))
    asked = ["thinking" in body for body in claude.bodies]
    assert asked == [True, True, False, True, True]
    assert [sum(map(len, claude.thoughts(number))) for number in range(5)] == [0, 1, 0, 1, 1]
    assert claude.refusals == []


def stale(request: ModelRequest) -> ModelRequest:
    return replace(
        request,
        messages=tuple(
            replace(each, thoughts=replace(each.thoughts, stale=True)) if each.thoughts else each
            for each in request.messages
        ),
    )


async def test_a_newer_model_is_not_sent_what_it_thought_before_something_was_cleared() -> None:
    claude = Claude([Said((thinking("Hm."), LOOK)), Said((thinking("Again."), LOOK)), Said((text("Done."),))])
    async with talking(claude, 3) as model:
        first = stale(then(begun(NEW), await collect(model.stream(begun(NEW)))))
        cleared = replace(
            first, messages=(*first.messages[:-1], message("tool", "[cleared]", tool_call_id="toolu_1"))
        )
        second = then(cleared, await collect(model.stream(cleared)))
        assert (await collect(model.stream(second))).text == "Done."
    assert [len(each) for each in claude.thoughts()] == [0, 1]
    assert [body["thinking"]["type"] for body in claude.bodies] == ["adaptive"] * 3
    assert claude.refusals == []


async def test_thoughts_that_are_refused_are_left_out_from_then_on_and_the_request_is_sent_again() -> None:
    claude = Claude([Said((thinking("Hm."), LOOK)), Said((thinking("Anew."), LOOK)), Said((text("Done."),))])
    async with talking(claude, 4) as model:
        first = then(begun(NEW), await collect(model.stream(begun(NEW))))
        other = replace(first, system="Be long.")
        after = then(other, await collect(model.stream(other)))
        assert (await collect(model.stream(after))).text == "Done."
    assert len(claude.refusals) == 1
    assert "bound to a different conversation" in claude.refusals[0]
    assert [claude.thoughts(number) for number in (2, 3)] == [[[]], [[], claude.thoughts(3)[1]]]
    assert claude.thoughts(3)[1][0]["thinking"] == "Anew."
    assert ["thinking" in body for body in claude.bodies] == [True, True, False, True]


async def test_a_refusal_of_something_else_is_told() -> None:
    def refuse(request: Received) -> Reply:
        return refusal(400, "messages: at least one message is required")

    async with ScriptedProvider() as provider:
        provider.script(refuse)
        base = provider.base_url.removesuffix("/v1")
        model = LitellmModel(ProviderConfig("anthropic", base, api_key="sk-test", options=OPTIONS))
        with pytest.raises(Failure, match="at least one"):
            await collect(model.stream(begun(NEW)))
        assert len(provider.requests) == 1
        await model.close()


async def test_an_answer_that_breaks_off_leaves_no_thought() -> None:
    claude = Claude(
        [Said((thinking("Hm."), LOOK))], cut=lambda data: (data[: data.index(b"content_block_stop")],)
    )
    async with talking(claude, 1) as model:
        turn = await collect(model.stream(begun(NEW)))
    assert (turn.stop_reason, turn.thoughts) == ("disconnected", ())
