"""Starting a run, staying with it, and leaving it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from journeyman.cli.view import RunView
from journeyman.cli.watching import watch_run
from journeyman.failures import Failure
from unit.cli.events import RUN, event


class RecordingPainter:
    def __init__(self) -> None:
        self.view = RunView()
        self.note = ""
        self.shown: list[int] = []

    def show(self, event: dict[str, Any]) -> None:
        if self.view.apply(event):
            self.shown.append(event["seq"])

    def say(self, text: str, style: str = "dim") -> None: ...


class OneRunDaemon:
    """Answers like the daemon, for one run that ends when `end` is set or it is cancelled."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.handler: Callable[[dict[str, Any]], None] = lambda event: None
        self.end = asyncio.Event()
        self.waiting = asyncio.Event()
        self.cancelled = False
        self.cancelling = asyncio.Event()
        self.slow_cancel = False
        self.before_accepted: list[dict[str, Any]] = []

    def on(self, method: str, handler: Callable[[dict[str, Any]], None]) -> None:
        assert method == "agent/event"
        self.handler = handler

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((method, params))
        if method == "agent/run" and params["wait"] == "accepted":
            for item in self.before_accepted:
                self.handler(item)
            return {"runId": "r1", "status": "running"}
        if method == "agent/run":
            self.waiting.set()
            await self.end.wait()
            # The answer overtakes the last event.
            asyncio.get_running_loop().call_later(0.01, self.handler, RUN[-1])
            return {"runId": "r1", "status": "cancelled" if self.cancelled else "completed"}
        if method == "agent/cancel":
            self.cancelled = True
            self.cancelling.set()
            if self.slow_cancel:
                await asyncio.Event().wait()
            self.end.set()
        return {}


async def test_events_between_subscribing_and_the_answer_are_not_lost() -> None:
    daemon, painter = OneRunDaemon(), RecordingPainter()
    daemon.before_accepted = [RUN[0], event(2, "notice", "r0", level="info", message="of a run before")]
    async with asyncio.TaskGroup() as group:
        run = group.create_task(watch_run(daemon, {"chatId": "c1", "prompt": "p"}, painter))
        await daemon.waiting.wait()
        for item in RUN[1:-1]:
            daemon.handler(item)
        daemon.handler({**RUN[2], "chatId": "another"})
        daemon.end.set()
    assert run.result()["status"] == "completed"
    assert painter.shown == [item["seq"] for item in RUN]


async def test_the_wait_is_for_the_same_run_and_the_subscription_comes_first() -> None:
    daemon = OneRunDaemon()
    daemon.end.set()
    await watch_run(daemon, {"chatId": "c1", "prompt": "p"}, RecordingPainter())
    methods = [(method, params.get("wait")) for method, params in daemon.asked]
    assert methods == [("agent/subscribe", None), ("agent/run", "accepted"), ("agent/run", "completed")]
    first, second = daemon.asked[1][1], daemon.asked[2][1]
    assert first["clientRunId"] == second["clientRunId"]


async def test_the_first_interrupt_cancels_the_run_and_waits_for_its_end() -> None:
    daemon, painter = OneRunDaemon(), RecordingPainter()
    async with asyncio.TaskGroup() as group:
        run = group.create_task(watch_run(daemon, {"chatId": "c1", "prompt": "p"}, painter))
        await daemon.waiting.wait()
        os.kill(os.getpid(), signal.SIGINT)
    assert run.result()["status"] == "cancelled"
    assert ("agent/cancel", {"runId": "r1"}) in daemon.asked


async def test_the_second_interrupt_leaves() -> None:
    daemon, painter = OneRunDaemon(), RecordingPainter()
    daemon.slow_cancel = True

    async def press_twice() -> None:
        await daemon.waiting.wait()
        os.kill(os.getpid(), signal.SIGINT)
        await daemon.cancelling.wait()
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Failure) as left:
        async with asyncio.timeout(60):
            await asyncio.gather(watch_run(daemon, {"chatId": "c1", "prompt": "p"}, painter), press_twice())
    assert left.value.kind == "cancelled"


async def test_a_failure_of_the_daemon_arrives_as_it_is() -> None:
    class Refusing(OneRunDaemon):
        async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
            if method == "agent/run" and params["wait"] == "completed":
                raise Failure("draining", "The daemon is shutting down.")
            return await super().request(method, params)

    with pytest.raises(Failure, match="shutting down"):
        await watch_run(Refusing(), {"chatId": "c1", "prompt": "p"}, RecordingPainter())
