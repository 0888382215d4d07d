"""Models too weak for tool calls: files and commands as blocks, through our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.endpoint import REQUEST, connected, message
from components.provider import Reply, answer, chunk, text_answer
from journeyman.model.assembly import collect
from journeyman.model.blocks import examples
from journeyman.ports.model import ModelRequest, TextDelta, ToolSpec
from journeyman.records import ToolCall

BLOCKS = {"tool_mode": "blocks"}
TOOLS = tuple(
    ToolSpec(name, "", {"type": "object", "properties": {}}) for name in ("write", "terminal", "fin")
)
NAMES = [spec.name for spec in TOOLS]
FILE = "a.py\n```python\nx = 1\n```"
WRITTEN = ("write", {"path": "a.py", "content": "x = 1\n"})
HISTORY = (
    message("user", "Set x to 1.", context="a.py\n```python\nx = 0\n```"),
    message("assistant", "", tool_calls=(ToolCall("c1", *WRITTEN),)),
    message("tool", "replaced a.py, 1 lines\n--- a/a.py", tool_call_id="c1", tool_name="write", ok=True),
    message("assistant", "Now:", tool_calls=(ToolCall("c2", "terminal", {"command": "ls"}),)),
    message("tool", "exit 0\na.py", tool_call_id="c2", tool_name="terminal", ok=True),
    message("assistant", "", tool_calls=(ToolCall("c3", "fin", {"summary": "Done."}),)),
    message("assistant", "", tool_calls=(ToolCall("c4", "grep", {"pattern": "é"}),)),
    message("assistant", ""),
)
ASKED = ModelRequest("m", "Be brief.", HISTORY, TOOLS)


async def test_request_shape() -> None:
    async with connected(text_answer("Done."), options=BLOCKS) as (provider, model):
        await collect(model.stream(ASKED))
        sent = provider.requests[0].json
    assert not {"tools", "response_format", "tool_choice"} & sent.keys()
    system, *rest = sent["messages"]
    assert system["content"].startswith("Be brief.\n")
    shown = [(each["role"], each["content"]) for each in rest]
    assert shown[: len(examples())] == list(examples())
    assert shown[len(examples()) :] == [
        ("user", "a.py\n```python\nx = 0\n```\n\nSet x to 1."),
        ("assistant", FILE),
        ("user", "Result of write:\nreplaced a.py, 1 lines"),
        ("assistant", "Now:\n\n```sh\nls\n```"),
        ("user", "Result of terminal:\nexit 0\na.py"),
        ("assistant", "Done."),
        ("assistant", '{"tool": "grep", "arguments": {"pattern": "é"}}'),
    ]


@pytest.mark.parametrize(
    ("text", "calls", "said"),
    [
        (FILE, [WRITTEN], ""),
        (f"Here:\n{FILE}\nThat is it.", [WRITTEN], "Here:"),
        (f"{FILE}\n\nb.py\n```\ny\n```", [WRITTEN, ("write", {"path": "b.py", "content": "y\n"})], ""),
        (f"{FILE}\n\n```sh\npython3 a.py\n```\n\nb.py\n```\ny\n```", [WRITTEN], ""),
        (f"{FILE}\n\n{FILE}", [WRITTEN], ""),
        (f"```sh\nls\n```\n\n{FILE}", [("terminal", {"command": "ls\n"})], ""),
        (" It is 3.\n", [("fin", {"summary": "It is 3."})], ""),
    ],
)
async def test_a_reply_in_pieces_becomes_calls(text: str, calls: list[Any], said: str) -> None:
    seen: list[Any] = []
    reply = answer(*(chunk({"content": letter}) for letter in text), chunk(finish="stop"))
    async with connected(reply, options=BLOCKS) as (_, model):
        turn = await collect(model.stream(ASKED), seen.append, tool_names=NAMES)
    assert [(call.name, call.arguments) for call in turn.tool_calls] == calls
    assert (turn.text, turn.stop_reason) == (said, "tool_calls")
    assert [each.text for each in seen if isinstance(each, TextDelta)] == ([said] if said else [])


@pytest.mark.parametrize(
    ("reply", "stop"),
    [
        (answer(chunk({"content": FILE[:-3]}), chunk(finish="length")), "length"),
        (answer(chunk({"content": FILE[:-3]}), chunk(finish="stop")), "stop"),
        (answer(chunk({"content": "It is"}), chunk(finish="length")), "length"),
        (answer(chunk({"content": "```python\nx\n```"}), chunk(finish="stop")), "stop"),
        (answer(chunk({"content": FILE}), done=False, close_delimited=True), "disconnected"),
    ],
)
async def test_what_is_no_call_stays_text(reply: Reply, stop: str) -> None:
    async with connected(reply, options=BLOCKS) as (_, model):
        turn = await collect(model.stream(ASKED), tool_names=NAMES)
    assert turn.tool_calls == ()
    assert turn.text
    assert turn.stop_reason == stop


@pytest.mark.parametrize("text", [FILE, "```sh\nls\n```", "Done."])
async def test_only_tools_that_are_offered_are_called(text: str) -> None:
    async with connected(text_answer(text), options=BLOCKS) as (_, model):
        turn = await collect(model.stream(REQUEST), tool_names=["ls"])
    assert (turn.tool_calls, turn.text) == ((), text)


async def test_a_thousand_files_are_not_a_thousand_calls() -> None:
    text = "\n".join(f"f{number}.py\n```\nx\n```" for number in range(1000))
    async with connected(text_answer(text), options=BLOCKS) as (_, model):
        turn = await collect(model.stream(ASKED), tool_names=NAMES)
    assert [call.arguments["path"] for call in turn.tool_calls] == [f"f{number}.py" for number in range(16)]


@pytest.mark.parametrize("more", [{"tools": ()}, {"tool_choice": "none"}])
async def test_without_tools_it_is_an_ordinary_request(more: dict[str, Any]) -> None:
    async with connected(text_answer("Hi"), options=BLOCKS) as (provider, model):
        turn = await collect(model.stream(replace(REQUEST, **more)))
        assert len(provider.requests[0].json["messages"]) == 1 + len(REQUEST.messages)
    assert turn.text == "Hi"
