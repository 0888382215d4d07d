"""What happened inside what, and for how long: spans for whoever collects traces.

A span belongs to one trace; its parent is another span of ours, or one of a caller's, which the caller names
as W3C Trace Context writes it. The attributes that may be told are listed here, and nothing else leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Attribute = Literal[
    "rpc.system",
    "rpc.method",
    "journeyman.outcome",
    "journeyman.run.id",
    "journeyman.chat.id",
    "journeyman.project.id",
    "journeyman.run.mode",
    "journeyman.run.status",
    "journeyman.run.steps",
    "journeyman.archive.id",
    "journeyman.archive.files",
    "journeyman.archive.bytes",
    "journeyman.archive.new_bytes",
    "journeyman.model.retries",
    "gen_ai.operation.name",
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.tool.name",
    "error.type",
]
"""Names, numbers and kinds only: no prompt, no argument of a tool, no path, no text of an error."""
Value = str | int | float | bool
Kind = Literal["server", "client", "internal"]
"""`server`: somebody asked us; `client`: we ask somebody."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The span something belongs under, as text: `traceparent` and `tracestate`."""

    traceparent: str
    tracestate: str = ""


class Span(Protocol):
    @property
    def here(self) -> Parent | None:
        """For those below it; None where nothing is collected."""
        ...

    def note(self, name: Attribute, value: Value) -> None: ...

    def child(self, name: str, kind: Kind) -> Span: ...

    def end(self, failed: str = "") -> None:
        """`failed`: the kind of what went wrong, in our words. Never blocks; a second call means nothing."""
        ...


class Tracer(Protocol):
    def begin(self, name: str, kind: Kind, parent: Parent | None) -> Span:
        """A parent that is not written as it should be counts as none."""
        ...

    async def close(self) -> None:
        """Send what was collected, within a few seconds."""
        ...
