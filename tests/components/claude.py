"""Anthropic's `/v1/messages` as far as thinking goes: it signs what it thinks and checks what comes back.

Every signature covers all that was sent before: system prompt, tools, messages and the thoughts in them,
marks of the cache left out. A thought that comes back changed, moved, under other words or to another model
is refused, and so is what a model of an older kind forbids. What was refused is in `refusals`.

    claude = Claude([Said((thinking("Hm."), tool("toolu_1", "ls"))), Said((text("Done."),))])
    async with ScriptedProvider() as provider:
        provider.script(claude, claude)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.provider import Received, Reply, refusal

Json = dict[str, Any]
THINKING = ("thinking", "redacted_thinking")


@dataclass(frozen=True)
class Said:
    """One answer: its content in order, thoughts not signed yet."""

    content: tuple[Json, ...]


def thinking(words: str) -> Json:
    return {"type": "thinking", "thinking": words}


REDACTED: Json = {"type": "redacted_thinking"}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def tool(ident: str, name: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "id": ident, "name": name, "input": arguments}


@dataclass
class Claude:
    """A script for `ScriptedProvider`: the same one for each request to come."""

    answers: list[Said]
    cut: Callable[[bytes], tuple[bytes, ...]] = lambda data: (data,)
    """How the bytes of a reply are sent."""
    bodies: list[Json] = field(default_factory=list[Json])
    refusals: list[str] = field(default_factory=list[str])

    def __call__(self, request: Received) -> Reply:
        body: Json = request.json
        self.bodies.append(body)
        if why := _wrong(body):
            self.refusals.append(why)
            return refusal(400, why)
        said = self.answers.pop(0)
        wanted = body.get("thinking", {}).get("type") == "enabled" or not _older(body)
        content = [block for block in said.content if wanted or block["type"] not in THINKING]
        events = _events(_signed(body, content))
        return Reply(pieces=self.cut(b"".join(events)))

    def thoughts(self, number: int = -1) -> list[list[Json]]:
        """What came back with each answer of that request: its thinking blocks."""
        return [
            [block for block in message["content"] if block["type"] in THINKING]
            for message in self.bodies[number]["messages"]
            if message["role"] == "assistant"
        ]


def _wrong(body: Json) -> str | None:
    """Why the request is refused."""
    messages, wanted = body["messages"], body.get("thinking", {})
    if wanted.get("type") == "enabled":
        if body["max_tokens"] <= wanted["budget_tokens"]:
            return "`max_tokens` must be greater than `thinking.budget_tokens`."
        last = [message["content"] for message in messages if message["role"] == "assistant"][-1:]
        called = any(block["type"] == "tool_use" for content in last for block in content)
        if called and last[0][0]["type"] not in THINKING:
            return "Expected `thinking` or `redacted_thinking`, but found `tool_use`."
    if wanted and body.get("tool_choice", {}).get("type") in ("any", "tool"):
        return "Thinking may not be enabled when tool_choice forces tool use."
    if wanted and body.get("temperature", 1) != 1:
        return "`temperature` may only be set to 1 when thinking is enabled."
    for at, message in enumerate(messages):
        for place, block in enumerate(message["content"]):
            where = f"messages.{at}.content.{place}"
            if block["type"] == "text" and not block["text"].strip():
                return f"{where}: text content blocks must contain non-whitespace text"
            if block["type"] in THINKING and "cache_control" in block:
                return f"{where}: thinking blocks take no cache_control"
            if block["type"] in THINKING and not wanted and _older(body):
                return f"{where}: when thinking is disabled, there cannot be a `thinking` block"
            if block["type"] in THINKING and _signature(body, at, place) != _signature_of(block):
                return f"{where}: Invalid `signature` in `thinking` block, bound to a different conversation"
    return None


def _older(body: Json) -> bool:
    """Of the kind that thinks only where it is asked to."""
    return body["model"].startswith(("claude-3", "claude-haiku-4"))


def _signed(body: Json, content: Sequence[Json]) -> list[Json]:
    """The answer to `body`, its thoughts signed."""
    done: list[Json] = []
    asked = {**body, "messages": [*body["messages"], {"role": "assistant", "content": done}]}
    for block in content:
        done.append(dict(block))
        if block["type"] in THINKING:
            name = "signature" if block["type"] == "thinking" else "data"
            done[-1][name] = _signature(asked, len(body["messages"]), len(done) - 1)
    return done


def _signature(body: Json, at: int, place: int) -> str:
    """Of the block at that place: of its words, its model and, where that is a newer one, all before it."""
    message = body["messages"][at]
    before = [*body["messages"][:at], {**message, "content": message["content"][:place]}]
    prefix = None if _older(body) else [body.get("system"), body.get("tools"), before]
    words = message["content"][place].get("thinking")
    data = json.dumps([body["model"], words, _unmarked(prefix)], sort_keys=True)
    return "sig+" + hashlib.sha256(data.encode()).hexdigest() + "=="


def _signature_of(block: Json) -> str:
    return block["signature"] if block["type"] == "thinking" else block["data"]


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(each) for each in value]
    if isinstance(value, dict):
        return {key: _unmarked(each) for key, each in value.items() if key != "cache_control"}
    return value


def _events(content: Sequence[Json]) -> Iterator[bytes]:
    usage = {"input_tokens": 100, "output_tokens": 1}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    yield _event("message_start", message={**head, "stop_reason": None, "usage": usage})
    for index, block in enumerate(content):
        start, deltas = _streamed(block)
        yield _event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    stop = "tool_use" if any(block["type"] == "tool_use" for block in content) else "end_turn"
    yield _event("message_delta", delta={"stop_reason": stop}, usage={"output_tokens": 20})
    yield _event("message_stop")


def _streamed(block: Json) -> tuple[Json, list[Json]]:
    """How a block begins, and its pieces."""
    if block["type"] == "thinking":
        words, half = block["thinking"], len(block["thinking"]) // 2
        pieces = [
            {"type": "thinking_delta", "thinking": each} for each in (words[:half], words[half:]) if each
        ]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*pieces, signed]
    if block["type"] == "text":
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": block["text"]}]
    if block["type"] == "tool_use":
        raw = json.dumps(block["input"])
        pieces = [{"type": "input_json_delta", "partial_json": each} for each in (raw[:3], raw[3:])]
        return {**block, "input": {}}, pieces
    return dict(block), []


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()
