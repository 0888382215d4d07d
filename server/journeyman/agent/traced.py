"""What the spans of a run, its model calls and its tool calls say: names and numbers, never what was said."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from journeyman import spans
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import ModelInfo
from journeyman.ports.tracing import Parent, Span, Tracer
from journeyman.records import Run


@contextmanager
def run(tracer: Tracer | None, begun: Run, above: Parent | None) -> Generator[Callable[[Run], Run]]:
    """A span for a run; give it the run as it ended, which it answers."""
    with spans.root(tracer, "invoke_agent journeyman", "internal", above) as span:
        span.note("gen_ai.operation.name", "invoke_agent")
        span.note("journeyman.run.id", begun.id)
        span.note("journeyman.chat.id", begun.chat_id)
        span.note("journeyman.project.id", begun.project_id)
        span.note("journeyman.run.mode", begun.mode)

        def told(ended: Run) -> Run:
            span.note("journeyman.run.status", ended.status)
            span.note("journeyman.run.steps", ended.steps)
            if ended.status == "failed":
                span.end(ended.stop_reason or "internal")
            return ended

        yield told


@contextmanager
def model_call(info: ModelInfo) -> Generator[Span]:
    with spans.within(f"chat {info.id}", "client") as span:
        span.note("gen_ai.operation.name", "chat")
        span.note("gen_ai.request.model", info.id)
        yield span


def answered(span: Span, turn: ModelTurn) -> None:
    """What the provider said of its answer; what it did not say is left out."""
    used = turn.usage
    if used is not None and used.input_tokens is not None:
        span.note("gen_ai.usage.input_tokens", used.input_tokens)
    if used is not None and used.output_tokens is not None:
        span.note("gen_ai.usage.output_tokens", used.output_tokens)


@contextmanager
def tool_call(name: str) -> Generator[Callable[[bool], None]]:
    """`name`: a tool of ours. Give it whether the call came to a good end."""
    with spans.within(f"execute_tool {name}") as span:
        span.note("gen_ai.operation.name", "execute_tool")
        span.note("gen_ai.tool.name", name)
        yield lambda ok: span.note("journeyman.outcome", "ok" if ok else "failed")
