"""A question at the terminal, and what is said of one elsewhere."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from rich.console import Console

from journeyman.cli import output
from journeyman.cli.asking import Asked, answer_to
from journeyman.cli.live import RunPainter
from journeyman.cli.main import main
from journeyman.failures import Failure
from unit.cli.events import event
from unit.cli.fake_daemon import CHAT_ID, RUN_ID, TIME, FakeDaemon, daemon

__all__ = ["daemon"]


@pytest.fixture(autouse=True)
def fresh_consoles() -> None:
    output.stdout.cache_clear()
    output.stderr.cache_clear()


PERMISSION: dict[str, Any] = {
    "id": "7e8f9a0b-1c2d-4e3f-8a4b-5c6d7e8f9a0b",
    "chatId": CHAT_ID,
    "runId": RUN_ID,
    "callId": "call_1",
    "subject": {
        "type": "command",
        "title": "git push \x1b[2J",
        "why": "it changes a remote repository",
        "rules": ["git push"],
        "cwd": "/workspace",
        "command": "git push",
    },
    "options": [{"id": "allow", "title": "Allow once", "kind": "allow_once"}],
    "state": "pending",
    "createdAt": TIME,
    "expiresAt": TIME,
}
DECIDED = {**PERMISSION, "state": "denied", "optionId": "deny", "decidedBy": "vim"}


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("y\n", {"optionId": "allow"}),
        ("YES\n", {"optionId": "allow"}),
        ("a\n", {"optionId": "allow-run"}),
        ("always\n", {"optionId": "allow-run"}),
        ("n\n", {"optionId": "deny"}),
        ("use a branch\n", {"optionId": "deny", "feedback": "use a branch"}),
        ("\n", None),
    ],
)
def test_what_is_typed(typed: str, answer: dict[str, Any] | None) -> None:
    assert answer_to(typed, PERMISSION) == answer


QUESTION: dict[str, Any] = {
    **PERMISSION,
    "subject": {"type": "question", "title": "Which?", "why": "the agent asks", "rules": [], "cwd": ""},
    "options": [
        {"id": "1", "title": "GPL", "kind": "answer"},
        {"id": "deny", "title": "You decide", "kind": "deny"},
    ],
}


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1\n", {"optionId": "1"}),
        ("BSD\n", {"optionId": "deny", "feedback": "BSD"}),
        ("y\n", {"optionId": "deny", "feedback": "y"}),
    ],
)
async def test_a_question_of_the_agents_own(typed: str, answer: dict[str, Any]) -> None:
    stage, out = painter()
    asked = Asked(Keyboard(typed).read)
    asked.on(stage, CHAT_ID)
    assert await asked.answer(QUESTION) == answer
    assert "    1  GPL" in out.getvalue()
    assert "number or answer: " in out.getvalue()


class Keyboard:
    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.waiting = asyncio.Event()

    async def read(self) -> str:
        self.waiting.set()
        if not self.lines:
            await asyncio.Event().wait()
        return self.lines.pop(0)


def painter() -> tuple[RunPainter, io.StringIO]:
    out = io.StringIO()
    made = RunPainter(Console(file=out, width=100))
    made.view.run_id = RUN_ID
    return made, out


async def test_a_person_is_asked_until_something_is_said() -> None:
    stage, out = painter()
    asked = Asked(Keyboard("\n", "y\n").read)
    assert await asked.answer(PERMISSION) == {}  # nothing is shown yet
    asked.on(stage, CHAT_ID)
    assert await asked.answer({**PERMISSION, "chatId": "another"}) == {}
    assert await asked.answer(PERMISSION) == {"optionId": "allow"}
    shown = out.getvalue()
    assert "git push" in shown
    assert "because it changes a remote repository in /workspace" in shown
    assert shown.count("allow? y, n, a") == 2
    assert "\x1b" not in shown


async def test_the_end_of_input_is_no_answer() -> None:
    stage, _ = painter()
    asked = Asked(Keyboard("").read)
    asked.on(stage, CHAT_ID)
    assert await asked.answer(PERMISSION) == {}


async def test_a_question_somebody_else_answers_is_taken_back_and_what_happened_is_shown() -> None:
    stage, out = painter()
    keyboard = Keyboard()
    asked = Asked(keyboard.read)
    asked.on(stage, CHAT_ID)
    question = asyncio.create_task(asked.answer(PERMISSION))
    await keyboard.waiting.wait()
    stage.show(event(1, "permission/requested", RUN_ID, **PERMISSION))
    stage.show(event(2, "permission/resolved", RUN_ID, **DECIDED))
    assert "denied by vim" not in out.getvalue()
    question.cancel()
    await asyncio.wait({question})
    assert "denied by vim: git push" in out.getvalue()


def test_without_a_person_the_lines_say_what_waits_and_how_to_answer() -> None:
    stage, out = painter()
    stage.show(event(1, "permission/requested", RUN_ID, **PERMISSION))
    stage.show(event(2, "permission/resolved", RUN_ID, **DECIDED))
    assert out.getvalue() == (
        "   ? it asks for your permission: git push ␛[2J\n"
        f"     journeyman permissions allow {PERMISSION['id']}   (or deny; or show)\n"
        "   denied by vim: git push ␛[2J\n"
    )


def test_listing_and_answering(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.answers["permission/list"] = {"items": [PERMISSION]}
    daemon.answers["permission/reply"] = DECIDED
    assert main(["permissions"]) == 0
    assert PERMISSION["id"] in capsys.readouterr().out
    assert main(["permissions", "show", "7e8f"]) == 0
    assert "because it changes a remote" in capsys.readouterr().out
    assert main(["permissions", "deny", "7e8f", "--because", "No."]) == 0
    assert daemon.params_of("permission/reply") == {
        "permissionId": PERMISSION["id"],
        "optionId": "deny",
        "feedback": "No.",
    }
    assert main(["permissions", "allow", "7e8f", "--run"]) == 0
    assert daemon.asked[-1][1]["optionId"] == "allow-run"
    daemon.answers["permission/list"] = {"items": [QUESTION]}
    assert main(["permissions", "answer", "7e8f", "1"]) == 0
    assert daemon.asked[-1][1] == {"permissionId": QUESTION["id"], "optionId": "1"}
    assert main(["permissions", "allow", "dead"]) == 1
    assert "There is no permission 'dead'" in capsys.readouterr().err
    daemon.answers["permission/reply"] = Failure("conflict", "vim answered first: denied.", hint="Too late.")
    assert main(["permissions", "allow", "7e8f"]) == 1
    assert "vim answered first" in capsys.readouterr().err
