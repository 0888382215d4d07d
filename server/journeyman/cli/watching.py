"""Starting a run, or carrying one on, and staying with it until its end; the first Ctrl-C cancels the run,
the second leaves.

The run belongs to the daemon. What happens comes as events; the end comes as the answer to a second
`agent/run` with the same `clientRunId`, which by the protocol is the same run, so a connection that
breaks is noticed at once.
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol, cast

from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.cli.link import Link
    from journeyman.cli.view import RunView


LOOK_EVERY_S = 5.0
LAST_EVENT_S = 3.0
"""Seconds the last event of a run may come after the answer."""


class Painter(Protocol):
    view: RunView
    note: str

    def show(self, event: dict[str, Any]) -> None: ...
    def say(self, text: str, style: str = "dim") -> None: ...


class _Left(Exception):  # noqa: N818 - a person's decision, not a fault
    pass


async def watch_run(client: Link, params: dict[str, Any], painter: Painter) -> dict[str, Any]:
    """Run with `params` (of `agent/run`, with `chatId`), paint every event, answer the finished run."""
    same = {**params, "clientRunId": str(uuid.uuid4())}

    async def begin() -> dict[str, Any]:
        return await client.request("agent/run", {**same, "wait": "accepted"})

    async def end(_: asyncio.Event) -> dict[str, Any]:
        return await client.request("agent/run", {**same, "wait": "completed"})

    return await _watch(client, params["chatId"], painter, begin, end)


async def watch_resumed(client: Link, chat_id: str, run_id: str, painter: Painter) -> dict[str, Any]:
    """Carry on a run of the chat, paint every event, answer the finished run."""

    async def begin() -> dict[str, Any]:
        return await client.request("agent/resume", {"runId": run_id})

    async def end(last_event: asyncio.Event) -> dict[str, Any]:
        while not last_event.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(last_event.wait(), LOOK_EVERY_S)
            await client.request("daemon/ping", {})  # which fails where nobody is there any more
        return (await client.request("agent/runs", {"chatId": chat_id, "limit": 1}))["items"][0]

    return await _watch(client, chat_id, painter, begin, end)


async def _watch(
    client: Link,
    chat_id: str,
    painter: Painter,
    begin: Callable[[], Awaitable[dict[str, Any]]],
    end: Callable[[asyncio.Event], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    early: list[dict[str, Any]] = []
    last_event = asyncio.Event()

    def happened(event: dict[str, Any]) -> None:
        if event["chatId"] != chat_id:
            return
        # Until the run's id is known its events cannot be told from those of a run before it.
        if painter.view.run_id is None:
            early.append(event)
            return
        painter.show(event)
        if painter.view.finished is not None:
            last_event.set()

    client.on("agent/event", happened)
    await client.request("agent/subscribe", {"chatId": chat_id, "after": "tail"})
    with _interrupts() as interrupts:
        accepted = await begin()
        painter.view.run_id = accepted["runId"]
        if accepted["status"] == "queued":
            painter.note = "waiting for its turn"
        for event in early:
            happened(event)
        early.clear()
        ended = await _until_the_end(client, end(last_event), accepted["runId"], painter, interrupts)
    # The answer may overtake the last events on their way here.
    with suppress(TimeoutError):
        await asyncio.wait_for(last_event.wait(), LAST_EVENT_S)
    return ended


async def _until_the_end(
    client: Link,
    end: Awaitable[dict[str, Any]],
    run_id: str,
    painter: Painter,
    interrupts: asyncio.Queue[None],
) -> dict[str, Any]:
    async def cancel_when_asked() -> None:
        await interrupts.get()
        painter.note = "cancelling; Ctrl-C again leaves"
        painter.say("cancelling the run ...", "yellow")
        async with asyncio.TaskGroup() as both:
            both.create_task(client.request("agent/cancel", {"runId": run_id}))
            both.create_task(leave_when_asked_again())

    async def leave_when_asked_again() -> None:
        await interrupts.get()
        raise _Left

    try:
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(cancel_when_asked())
            ended = await end
            watcher.cancel()
        return ended
    except BaseExceptionGroup as several:
        raise _cause(several) from None


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the wait: the person who left, before any failure that leaving brought about."""
    if group.subgroup(_Left) is not None:
        return Failure(
            "cancelled",
            "Left while the daemon was still cancelling the run.",
            hint="`journeyman status` shows what it is doing.",
        )
    first = group.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _cause(cast("BaseExceptionGroup[BaseException]", first))
    return first


@contextmanager
def _interrupts() -> Generator[asyncio.Queue[None], None, None]:
    """Ctrl-C as an item of a queue instead of an exception, for as long as this lasts."""
    queue: asyncio.Queue[None] = asyncio.Queue(maxsize=8)
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        if not queue.full():
            queue.put_nowait(None)

    loop.add_signal_handler(signal.SIGINT, pressed)
    try:
        yield queue
    finally:
        loop.remove_signal_handler(signal.SIGINT)
