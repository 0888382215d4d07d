"""journeyman changes, accept, reject, apply: what they ask for, what they say, and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.cli import output
from journeyman.cli.main import main
from unit.cli.fake_daemon import CHAT_ID, FakeDaemon, daemon

__all__ = ["daemon"]

EDIT: dict[str, Any] = {
    "hunkId": "5d1f0b7c2a94.0f6e1d2c3b4a59687786",
    "path": "src/a.py",
    "kind": "edit",
    "oldStart": 1,
    "oldLines": 1,
    "newStart": 1,
    "newLines": 1,
    "text": "@@ -1,1 +1,1 @@\n-1\n+2\x1b[31m\n",
    "doubtful": True,
}
MADE = {"hunkId": "c3a1905e7f42.99b8a7c6d5e4f3021120", "path": "b", "kind": "created", "guarded": "it runs"}


@pytest.fixture(autouse=True)
def fresh(daemon: FakeDaemon) -> None:
    output.stdout.cache_clear()
    output.stderr.cache_clear()
    daemon.answers["changes/list"] = {"items": [EDIT, MADE]}
    for act in ("accept", "reject"):
        items = [
            {"hunkId": EDIT["hunkId"], "outcome": f"{act}ed", "path": "src/a.py"},
            {"hunkId": MADE["hunkId"], "outcome": f"{act}ed", "path": "b", "earlier": True},
        ]
        daemon.answers[f"changes/{act}"] = {"items": items}
    daemon.answers["changes/apply"] = {
        "root": "/r",
        "items": [
            {"path": "src/a.py", "outcome": "written"},
            {"path": "b", "outcome": "refused", "why": "no"},
        ],
    }


def test_changes_are_shown_with_their_ids(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "c0ff"]) == 0
    shown = capsys.readouterr().out
    assert EDIT["hunkId"] in shown
    assert "-1\n+2" in shown
    assert "\x1b" not in shown
    assert "not carried to a folder unasked: it runs" in shown
    assert "2 hunks in 2 files" in shown
    assert main(["changes", "c0ff", "--json"]) == 0
    assert [each["chatId"] for each in json.loads(capsys.readouterr().out)] == [CHAT_ID] * 2


@pytest.mark.parametrize("where", ["c0ff", "alpha"])
@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["5d1f"], [EDIT["hunkId"]]),
        (["0f6e1d"], [EDIT["hunkId"]]),
        (["src/a.py", "b"], [EDIT["hunkId"], MADE["hunkId"]]),
        (["--all"], [EDIT["hunkId"], MADE["hunkId"]]),
    ],
)
def test_hunks_are_named_by_path_or_first_characters(
    daemon: FakeDaemon, where: str, arguments: list[str], ids: list[str]
) -> None:
    assert main(["reject", where, *arguments, "-m", "No."]) == 0
    assert daemon.params_of("changes/reject") == {"chatId": CHAT_ID, "hunkIds": ids, "feedback": "No."}
    assert main(["accept", where, *arguments]) == 0
    assert daemon.params_of("changes/accept") == {"chatId": CHAT_ID, "hunkIds": ids, "feedback": ""}


def test_what_is_in_conflict_is_an_exit_code(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    item = {"hunkId": EDIT["hunkId"], "outcome": "conflict", "path": "src/a.py", "message": "Moved on."}
    daemon.answers["changes/reject"] = {"items": [item]}
    assert main(["reject", "c0ff", "5d1f"]) == 1
    assert "src/a.py conflict: Moved on." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        ([], {}),
        (["--accepted"], {"hunkIds": []}),
        (["src/a.py"], {"hunkIds": [EDIT["hunkId"]]}),
        (["--root", "/r", "--allow", "b"], {"root": "/r", "allow": ["b"]}),
    ],
)
def test_apply(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], arguments: list[str], more: dict[str, Any]
) -> None:
    assert main(["apply", "c0ff", *arguments]) == 1, "something was refused"
    assert daemon.params_of("changes/apply") == {"chatId": CHAT_ID, "allow": [], **more}
    assert capsys.readouterr().out == "written src/a.py\nnot carried b: no\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["accept", "c0ff"],
        ["reject", "c0ff", "--all", "b"],
        ["reject", "c0ff", "nothing"],
        ["reject", "c0ff", "5"],
        ["apply", "c0ff", "--accepted", "b"],
        ["changes", "nothing"],
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) != 0
    assert capsys.readouterr().err.count("\n") >= 2
    assert not {"changes/accept", "changes/reject", "changes/apply"} & {method for method, _ in daemon.asked}
