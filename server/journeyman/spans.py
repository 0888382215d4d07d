"""The span this code works in, readable from anywhere below it: cross-cutting, like `runctx`.

Spans are begun at the edges (a request, a run, an archive), where a tracer was handed in; what happens below
joins with `within`. Where nothing is collected, that is one look at a context variable and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from journeyman.failures import Failure
from journeyman.ports.tracing import Attribute, Kind, Parent, Span, Tracer, Value


class _Nothing:
    """A span nobody collects."""

    here = None

    def note(self, name: Attribute, value: Value) -> None:
        pass

    def child(self, name: str, kind: Kind) -> Span:
        return self

    def end(self, failed: str = "") -> None:
        pass


NOTHING: Span = _Nothing()
_NOT_COLLECTED = nullcontext(NOTHING)
_current: ContextVar[Span | None] = ContextVar("journeyman_span", default=None)


def parent() -> Parent | None:
    """For work that goes on elsewhere: a task with a clean context, say."""
    here = _current.get()
    return None if here is None else here.here


def within(name: str, kind: Kind = "internal") -> AbstractContextManager[Span]:
    """A span for the block, below the one this code works in; nothing where there is none."""
    here = _current.get()
    return _NOT_COLLECTED if here is None else lasting(here.child(name, kind))


def root(
    tracer: Tracer | None, name: str, kind: Kind, below: Parent | None = None
) -> AbstractContextManager[Span]:
    """A span for the block, below `below`, else at the top of a trace of its own."""
    return _NOT_COLLECTED if tracer is None else lasting(tracer.begin(name, kind, below))


def served(tracer: Tracer | None, method: str, above: Parent | None) -> Span:
    """For a request somebody has sent us; `method` is a name of ours, or of the protocol's."""
    if tracer is None:
        return NOTHING
    span = tracer.begin(method, "server", above)
    span.note("rpc.system", "jsonrpc")
    span.note("rpc.method", method)
    return span


@contextmanager
def entered(span: Span) -> Generator[None]:
    """Make `span` the one that the block, and the tasks it starts, work in. Does not end it."""
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def lasting(span: Span) -> Generator[Span]:
    """Make `span` the current one and end it with the block."""
    failed = ""
    try:
        with entered(span):
            yield span
    except BaseException as error:  # whatever ended it: the span says so, and it goes on
        failed = _kind(error)
        raise
    finally:
        span.end(failed)


def _kind(error: BaseException) -> str:
    if isinstance(error, Failure):
        return error.kind
    return "cancelled" if isinstance(error, asyncio.CancelledError) else "internal"
