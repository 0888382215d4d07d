"""The one place where an exception of the workspace room becomes a value.

Every public method of the manager wears `answers`; below it everything raises freely. Cancellation is
not an error and passes through. This module knows nothing of sandboxes, stores or the wire.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from journeyman.failures import Failure, FailureKind

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class WorkspaceError:
    """What the manager answers instead of raising; the fields of `Failure`, and two more.

    `left_behind` names what still exists after the error ("instance abc", "generation 3"), so that
    nobody has to wonder; `incident_id` is set for a bug of ours and is in the log with its traceback.
    """

    kind: FailureKind
    message: str
    hint: str = ""
    retryable: bool = False
    left_behind: tuple[str, ...] = ()
    incident_id: str | None = None

    def as_failure(self) -> Failure:
        """For callers above the manager who raise."""
        data: dict[str, object] = {}
        if self.left_behind:
            data["leftBehind"] = list(self.left_behind)
        if self.incident_id:
            data["incidentId"] = self.incident_id
        return Failure(self.kind, self.message, hint=self.hint, retryable=self.retryable, data=data)


class Told(Exception):  # noqa: N818 - not an error of its own: an answer on its way up
    """An exception that was turned into its value, and noted, further down."""

    def __init__(self, value: WorkspaceError) -> None:
        super().__init__(value.message)
        self.value = value


class Answering(Protocol):
    """What `answers` needs of the object whose methods it wraps."""

    def incident(self) -> str:
        """A fresh id for a bug report."""
        ...

    def left_behind(self, project_id: str) -> tuple[str, ...]:
        """What is known to exist for this project now. Must not raise."""
        ...


S = TypeVar("S", bound=Answering)


def answers(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R | WorkspaceError]]:
    """Make an async method answer `R | WorkspaceError` and never raise.

    A caller that is cancelled is; a cancellation that came from below, with nobody cancelling the
    caller, is an answer. The method's first argument, where there is one, is the project's id."""

    @functools.wraps(method)
    async def answering(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R | WorkspaceError:
        try:
            return await method(self, *args, **kwargs)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # somebody cancelled the caller
            # Nobody did: something below gave up. To the caller that is an answer like any other.
            return explain(_given_up(error), incident=self.incident)
        except Exception as error:  # noqa: BLE001 - this is the boundary: invariant 3
            subject = args[0] if args else kwargs.get("project_id")
            left = self.left_behind(subject) if isinstance(subject, str) else ()
            return explain(error, incident=self.incident, left_behind=left)

    return answering


def explain(
    error: BaseException, *, incident: Callable[[], str], left_behind: tuple[str, ...] = ()
) -> WorkspaceError:
    """The value for an exception. A `Failure` keeps its words, also inside a group; the rest is a bug."""
    if isinstance(error, Told):
        return error.value
    failure = failure_in(error)
    if failure is not None:
        return WorkspaceError(
            failure.kind, failure.message, failure.hint, failure.retryable, left_behind=left_behind
        )
    incident_id = incident()
    log.error("incident %s in the workspace manager", incident_id, exc_info=error)
    return WorkspaceError(
        "internal",
        f"The workspace manager met an error it does not know ({type(error).__name__}).",
        f"Report it with the incident id {incident_id}; the daemon's log has the details.",
        left_behind=left_behind,
        incident_id=incident_id,
    )


def failure_in(error: BaseException) -> Failure | None:
    """The failure an exception stands for: itself, or what a group of nothing but failures and
    cancellations holds first. None when anything in it is a bug."""
    leaves = list(_leaves(error))
    failures = [leaf for leaf in leaves if isinstance(leaf, Failure)]
    bugs = [leaf for leaf in leaves if isinstance(leaf, Exception) and not isinstance(leaf, Failure)]
    return failures[0] if failures and not bugs else None


def _given_up(cause: BaseException) -> Failure:
    failure = Failure(
        "cancelled", "The work on the workspace was stopped.", hint="Try again.", retryable=True
    )
    failure.__cause__ = cause
    return failure


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error
