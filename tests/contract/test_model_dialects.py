"""Answers that say the same in the dialects of different providers."""

from __future__ import annotations

from typing import Any

import pytest

from components.endpoint import REQUEST, connected
from components.provider import Reply, answer, chunk, sse, usage_chunk
from journeyman.model.assembly import collect
from journeyman.ports.model import UsageDelta

PARTS = [{"type": "text", "text": "Hi"}, {"type": "thinking", "thinking": [{"text": "hm"}]}]
NONSENSE = {"prompt_tokens": "ten", "completion_tokens": True, "cost": "1"}
WHOLE = Reply(
    200,
    {"Content-Type": "application/json"},
    (b'{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}',),
)


@pytest.mark.parametrize(
    ("reply", "text", "reasoning", "stop"),
    [
        (answer(chunk({"content": "Hi"})), "Hi", "", "unknown"),
        (Reply(pieces=(sse(chunk({"content": "Hi"}, "stop")),), cut=True), "Hi", "", "stop"),
        (Reply(pieces=(sse(chunk({"content": "Hi"}, "stop"))[:-2],)), "Hi", "", "stop"),
        (answer(chunk({"reasoning_content": "hm", "content": "Hi"}, "stop")), "Hi", "hm", "stop"),
        (answer(chunk({"reasoning": "hm"}), chunk({"content": "Hi"}, "eos")), "Hi", "hm", "stop"),
        (answer(chunk({"content": PARTS}, "stop")), "Hi", "hm", "stop"),
        (answer(chunk({"content": "Hi"}, "content_filter")), "Hi", "", "content_filter"),
        (answer(chunk({"content": "Hi"}, "novel_reason")), "Hi", "", "unknown"),
        (answer({"choices": None}, {"choices": [0]}, {}, chunk({"content": "Hi"}, "stop")), "Hi", "", "stop"),
        (WHOLE, "Hi", "", "stop"),
    ],
)  # fmt: skip
async def test_dialects(reply: Reply, text: str, reasoning: str, stop: str) -> None:
    async with connected(reply) as (_, model):
        turn = await collect(model.stream(REQUEST))
    assert (turn.text, turn.reasoning, turn.stop_reason) == (text, reasoning, stop)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (usage_chunk(10, 2, 4, cost=0.01), UsageDelta(10, 2, 4, 0.01)),
        (usage_chunk(10, 2, prompt_cache_hit_tokens=3), UsageDelta(10, 2, 3, None)),
        (usage_chunk(10, 2, cache_creation_input_tokens=6), UsageDelta(10, 2, None, None, 6)),
        (
            usage_chunk(10, 2, completion_tokens_details={"reasoning_tokens": 1}),
            UsageDelta(10, 2, None, None, None, 1),
        ),
        (
            usage_chunk(10, 2, prompt_tokens_details={"cached_tokens": 4, "cache_write_tokens": 5}),
            UsageDelta(10, 2, 4, None, 5),
        ),
        (
            usage_chunk(10, 2) | {"usage": {"prompt_tokens": "ten", "completion_tokens": True, "cost": "1"}},
            UsageDelta(),
        ),
    ],
)
async def test_usage(usage: Any, expected: UsageDelta) -> None:
    async with connected(answer(chunk({"content": "Hi"}, "stop"), usage)) as (_, model):
        assert (await collect(model.stream(REQUEST))).usage == expected
