"""A run as `$/progress`: begin, reports at most ten times a second, exactly one end.

Nothing is shown before the client sent `initialized`, and token text never goes this way. The percentage
is todos done of all todos, the message the todo that is being worked on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from journeyman.records import Event
from journeyman.rpc import wire
from journeyman.rpc.peer import Peer, ProgressToken, notification

if TYPE_CHECKING:
    from journeyman.chat.event_log import EventLog

REPORT_EVERY_S = 0.1
RATE_AFTER_S = 0.5
"""A rate of less than this says nothing."""
TITLE = "Journeyman"


class WorkDone:
    """The life of one work-done token."""

    def __init__(self, peer: Peer, token: ProgressToken) -> None:
        self._peer = peer
        self._token = token
        self._begun = False
        self._ended = False
        self._next_at = 0.0
        self._pending: dict[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, message: str) -> None:
        if not self._begun and not self._ended and self._peer.initialized:
            self._begun = True
            value = {
                "kind": "begin",
                "title": TITLE,
                "cancellable": True,
                "message": message,
                "percentage": 0,
            }
            self._send(value)

    def report(self, message: str, percentage: int) -> None:
        """The newest state; states that come faster than ten a second replace each other."""
        self.begin(message)
        if not self._begun or self._ended:
            return
        self._pending = {
            "kind": "report",
            "cancellable": True,
            "message": message[:200],
            "percentage": max(0, min(100, percentage)),
        }
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._next_at - loop.time()), self._flush)

    def end(self, message: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._begun and not self._ended:
            self._send({"kind": "end", "message": message[:200]})
        self._ended = True

    def _flush(self) -> None:
        self._timer = None
        pending, self._pending = self._pending, None
        if pending is not None:
            self._next_at = asyncio.get_running_loop().time() + REPORT_EVERY_S
            params = {"token": self._token, "value": pending}
            self._peer.outbox.state(("progress", self._token), notification("$/progress", params))

    def _send(self, value: dict[str, Any]) -> None:
        self._peer.notify("$/progress", {"token": self._token, "value": value})


class RunProgress:
    """Follows one run's events and shows them on the tokens a client gave."""

    def __init__(
        self, peer: Peer, run_id: str, work_done: ProgressToken | None, partial: ProgressToken | None
    ) -> None:
        self._peer = peer
        self._run_id = run_id
        self._token = work_done
        self._partial = partial
        self._work_done = WorkDone(peer, work_done) if work_done is not None else None
        self._message = "Starting"
        self._percentage = 0

    @property
    def wanted(self) -> bool:
        return self._token is not None or self._partial is not None

    def begin(self) -> None:
        if self._work_done is not None and self._token is not None:
            self._peer.run_by_token[self._token] = self._run_id
            self._work_done.begin(self._message)

    def end(self, status: str) -> None:
        if self._work_done is not None and self._token is not None:
            self._work_done.end(status)
            self._peer.run_by_token.pop(self._token, None)

    async def follow(self, events: EventLog, chat_id: str, after: int) -> None:
        """Until the run's last event. Give it the log's head from before the run was started."""
        subscription = events.subscribe(chat_id, after=after)
        try:
            async for event in subscription:
                if event.run_id not in (None, self._run_id):
                    continue
                self._show(event)
                if event.kind == "run/finished":
                    return
        finally:
            subscription.close()

    def _show(self, event: Event) -> None:
        if self._partial is not None:
            self._pass_on(event, self._partial)
        if self._work_done is None or not event.durable:
            return
        match event.kind:
            case "todo/changed":
                self._todos(event.data.get("items") or [])
            case "run/phase":
                self._message = {"plan": "Planning", "workspace": "Getting the workspace"}.get(
                    str(event.data.get("phase")), self._message
                )
            case "permission/requested":
                title = event.data["subject"]["title"]
                self._work_done.report(f"Waiting for your permission: {title}", self._percentage)
                return
            case "permission/resolved":
                pass
            case "tool/started" if self._percentage == 0 and event.data.get("title"):
                self._message = str(event.data["title"])
            case _:
                return
        self._work_done.report(self._message, self._percentage)

    def _todos(self, items: list[dict[str, Any]]) -> None:
        counted = [item for item in items if item.get("status") != "dropped"]
        done = sum(item.get("status") == "done" for item in counted)
        self._percentage = 100 * done // len(counted) if counted else 0
        active = [item for item in counted if item.get("status") == "in_progress"]
        waiting = [item for item in counted if item.get("status") == "pending"]
        if active or waiting:
            self._message = str((active or waiting)[0].get("content", ""))

    def _pass_on(self, event: Event, token: ProgressToken) -> None:
        message = notification("$/progress", {"token": token, "value": wire.event(event).wire()})
        if event.durable:
            self._peer.outbox.must(message)


class ArchiveWork:
    """An archive or a restore on a client's token; without a token, nothing. Use it as a block."""

    def __init__(self, peer: Peer, token: ProgressToken | None, what: str) -> None:
        self._work_done = WorkDone(peer, token) if token is not None else None
        self._what = what
        self._phase = ""
        self._since = 0.0

    def __enter__(self) -> ArchiveWork:
        if self._work_done is not None:
            self._work_done.begin(self._what)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._work_done is not None:
            self._work_done.end("Failed" if exc[0] is not None else "Done")

    def show(self, progress: Any) -> None:
        """Takes an `ArchiveProgress`."""
        if self._work_done is not None:
            total = progress.bytes_total or 0
            percentage = 100 * progress.bytes_done // total if total else 0
            now = asyncio.get_running_loop().time()
            if progress.phase != self._phase:
                self._phase, self._since = progress.phase, now
            far = how_far(progress, now - self._since)
            self._work_done.report(f"{self._what}: {progress.phase}{far}", percentage)


def how_far(progress: Any, spent_s: float) -> str:
    """Files, bytes and the mean rate of an `ArchiveProgress` whose phase has gone on for so long."""
    if not progress.bytes_total:
        return ""
    rate = f", {progress.bytes_done / 1e6 / spent_s:,.0f} MB/s" if spent_s >= RATE_AFTER_S else ""
    return (
        f" {progress.files_done:,} of {progress.files_total:,} files,"
        f" {progress.bytes_done / 1e6:,.0f} of {progress.bytes_total / 1e6:,.0f} MB{rate}"
    )


class SourceWork:
    """A project's files on their way in, on a client's token; without a token, nothing. Use it as a block."""

    def __init__(self, peer: Peer, token: ProgressToken | None) -> None:
        self._work_done = WorkDone(peer, token) if token is not None else None

    def __enter__(self) -> SourceWork:
        if self._work_done is not None:
            self._work_done.begin("Making the project")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._work_done is not None:
            self._work_done.end("Failed" if exc[0] is not None else "Done")

    def show(self, what: str, percentage: int) -> None:
        if self._work_done is not None:
            self._work_done.report(what, percentage)
