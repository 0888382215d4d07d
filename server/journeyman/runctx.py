"""Who is running, readable from anywhere below a run without being passed along.

The context variable is set in exactly one place (`agent/run.py`, through `entered`). The agent and its
tools get the context as an argument; only cross-cutting code (log records, usage metering, tracing)
reads `current()`. The value is frozen: nothing communicates through it.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journeyman.ports.sandbox import Workspace


@dataclass(frozen=True, slots=True)
class RunContext:
    run_id: str
    chat_id: str
    project_id: str
    user_id: str
    model: str
    workspace: Workspace


_current: ContextVar[RunContext | None] = ContextVar("journeyman_run", default=None)


def current() -> RunContext | None:
    """The run this code works for, or None outside a run."""
    return _current.get()


@contextmanager
def entered(context: RunContext) -> Generator[RunContext]:
    """Make `context` the current one for the duration of the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


class RunContextFilter(logging.Filter):
    """Stamps log records with the run and project they belong to ('-' outside a run)."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = _current.get()
        record.run_id = context.run_id if context else "-"
        record.project_id = context.project_id if context else "-"
        return True
