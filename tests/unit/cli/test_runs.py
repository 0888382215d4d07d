"""journeyman runs, resume and queue: what they ask for, what they say, and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.cli import output
from journeyman.cli.main import main
from unit.cli.events import event
from unit.cli.fake_daemon import CHAT_ID, RUN, RUN_ID, TIME, FakeDaemon, daemon

__all__ = ["daemon"]

RAN = {**RUN, "prompt": "Repair it", "mode": "execute", "createdAt": TIME, "summary": "Done.\x1b[31m"}
CUT = {**RAN, "status": "failed", "stopReason": "interrupted"}
STEER: dict[str, Any] = {
    "itemId": "77c10000-0000-4000-8000-000000000007",
    "kind": "steer",
    "runId": RUN_ID,
    "prompt": "Keep the old\nname",
    "rev": 3,
    "createdAt": TIME,
}
WAITS = {**STEER, "itemId": "88d20000-0000-4000-8000-000000000008", "kind": "run", "prompt": "Then this"}


@pytest.fixture(autouse=True)
def fresh(daemon: FakeDaemon) -> None:
    output.stdout.cache_clear()
    output.stderr.cache_clear()
    daemon.answers["agent/runs"] = {"items": [RAN]}
    daemon.answers["agent/queue/list"] = {"items": [STEER, WAITS]}
    daemon.answers["agent/queue/update"] = {**STEER, "prompt": "Keep it"}
    daemon.answers["agent/queue/remove"] = {}
    daemon.answers["daemon/ping"] = {"now": TIME}


def test_runs_are_listed_with_why_they_ended(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "c0ff"]) == 0
    shown = capsys.readouterr().out
    assert "completed" in shown
    assert "fin" in shown
    assert "\x1b[31m" not in shown
    assert main(["runs", "c0ff", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [RAN]


def test_what_was_cut_off_is_carried_on_and_watched(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["agent/runs"] = {"items": [CUT]}
    asked = daemon.request

    async def request(method: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = await asked(method, params)
        if method == "agent/resume":
            daemon.answers["agent/runs"] = {"items": [RAN]}
            done = event(1, "run/finished", RUN_ID, status="completed", summary="Done.", stopReason="fin")
            daemon.events({**done, "chatId": CHAT_ID})
        return answer

    daemon.request = request  # type: ignore[method-assign]
    daemon.answers["agent/resume"] = {**RUN, "status": "running", "stopReason": None}
    assert main(["resume", "c0ff"]) == 0
    assert daemon.params_of("agent/resume") == {"runId": RUN_ID}
    assert "completed" in capsys.readouterr().out


@pytest.mark.parametrize("items", [[], [RAN]])
def test_what_was_not_cut_off_is_not_carried_on(
    daemon: FakeDaemon, items: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["agent/runs"] = {"items": items}
    assert main(["resume", "c0ff"]) == 2
    assert "nothing to carry on" in capsys.readouterr().err
    assert "agent/resume" not in [method for method, _ in daemon.asked]


def test_what_waits_is_listed_changed_and_dropped(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["queue", "list", "c0ff"]) == 0
    assert "Keep the old" in capsys.readouterr().out
    assert main(["queue", "edit", "c0ff", "77c1", "--say", "Keep it", "--place", "0"]) == 0
    changed = {"itemId": STEER["itemId"], "ifRev": 3, "prompt": "Keep it", "position": 0}
    assert daemon.params_of("agent/queue/update") == changed
    assert main(["queue", "drop", "c0ff", "88d2"]) == 0
    assert daemon.params_of("agent/queue/remove") == {"itemId": WAITS["itemId"]}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["edit", "c0ff", "77c1"], 2, "There is nothing to change"),
        (["edit", "c0ff", "99", "--say", "x"], 1, "Nothing that waits there begins with '99'"),
        (["drop", "c0ff", ""], 2, "More than one thing that waits there begins with ''"),
    ],
)
def test_what_cannot_be_changed_is_said(
    daemon: FakeDaemon, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["queue", *arguments]) == code
    assert words in " ".join(capsys.readouterr().err.split())
