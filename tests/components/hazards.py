"""The streams that real providers are known to send, and what must come out of them.

Each row is one wire behaviour that has made some client lose, merge or invent tool calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.provider import Reply, answer, chunk, tool_piece, usage_chunk

Calls = tuple[tuple[str, dict[str, Any] | None], ...]
"""Name and arguments; None where the call must be marked invalid."""

LS: tuple[str, dict[str, Any]] = ("ls", {"path": "x"})
READ: tuple[str, dict[str, Any]] = ("read", {"path": "y"})
END = chunk(finish="tool_calls")

QWEN = """I will look.
<tool_call>
<function=ls>
<parameter=path>
x
</parameter>
</function>
</tool_call>"""

AS_JSON = '{"name": "ls", "arguments": {"path": "x"}}'


@dataclass(frozen=True)
class Hazard:
    name: str
    reply: Reply
    calls: Calls = ()
    stop: str = "tool_calls"
    usage: tuple[int, int, int | None] | None = None
    text: str = ""
    failure: str | None = None
    """Kind of the failure that must be raised instead."""


HAZARDS: tuple[Hazard, ...] = (
    Hazard(
        "interleaved parallel calls",
        answer(
            tool_piece('{"pa', index=0, id="a", name="ls"),
            tool_piece('{"path"', index=1, id="b", name="read"),
            tool_piece('th":"x"}', index=0),
            tool_piece(':"y"}', index=1),
            END,
        ),
        (LS, READ),
    ),
    Hazard(
        "no index",
        answer(
            tool_piece('{"path":"x"}', id="a", name="ls"),
            tool_piece('{"path":"y"}', id="b", name="read"),
            END,
        ),
        (LS, READ),
    ),
    Hazard(
        "every call at index 0",
        answer(
            tool_piece("", index=0, id="a", name="ls"),
            tool_piece('{"path":"x"}', index=0),
            tool_piece("", index=0, id="b", name="read"),
            tool_piece('{"path":"y"}', index=0),
            END,
        ),
        (LS, READ),
    ),
    Hazard(
        "empty ids",
        answer(
            tool_piece('{"path":"x"}', index=0, id="", name="ls"),
            tool_piece('{"path":', index=1, id="", name="read"),
            tool_piece('"y"}', index=1, id=""),
            END,
        ),
        (LS, READ),
    ),
    Hazard(
        "arguments cut by length",
        answer(
            tool_piece('{"path":"x"}', index=0, id="a", name="ls"),
            tool_piece('{"path":"y', index=1, id="b", name="read"),
            chunk(finish="length"),
        ),
        (LS, ("read", None)),
        stop="length",
    ),
    Hazard(
        "connection ends early",
        answer(chunk({"content": "Half a sen"}), done=False, close_delimited=True),
        stop="disconnected",
        text="Half a sen",
    ),
    Hazard(
        "call as XML text", answer(chunk({"content": QWEN}), chunk(finish="stop")), (LS,), text="I will look."
    ),
    Hazard("call as JSON text", answer(chunk({"content": AS_JSON}), chunk(finish="stop")), (LS,)),
    Hazard(
        "call as Hermes text",
        answer(chunk({"content": f"I will.\n<tool_call>\n{AS_JSON}\n</tool_call>"}), chunk(finish="stop")),
        (LS,),
        text="I will.",
    ),
    Hazard(
        "call inside the thoughts",
        answer(chunk({"reasoning_content": QWEN}), chunk(finish="stop")),
        (LS,),
    ),
    Hazard(
        "error inside the stream",
        answer(chunk({"content": "Well"}), {"error": {"message": "upstream failed", "code": 502}}),
        failure="model_unreachable",
    ),
    Hazard(
        "usage in the last chunk",
        answer(chunk({"content": "Hi"}), chunk(finish="stop"), usage_chunk(100, 5, cached=80)),
        stop="stop",
        text="Hi",
        usage=(100, 5, 80),
    ),
    Hazard("no usage", answer(chunk({"content": "Hi"}), chunk(finish="stop")), stop="stop", text="Hi"),
    Hazard(
        "arguments as a JSON string",
        answer(tool_piece('"{\\"path\\": \\"x\\"}"', index=0, id="a", name="ls"), END),
        (LS,),
    ),
)
