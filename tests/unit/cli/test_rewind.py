"""journeyman rewind: what it asks for, what it says, and what it refuses."""

from __future__ import annotations

import json

import pytest

from journeyman.cli import output
from journeyman.cli.main import main
from unit.cli.fake_daemon import CHAT_ID, CHECKPOINT, FakeDaemon, daemon

__all__ = ["daemon"]


@pytest.fixture(autouse=True)
def fresh_consoles() -> None:
    output.stdout.cache_clear()
    output.stderr.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "method", "more"),
    [
        ("4d5e", "checkpoint/restore", {"scope": "both", "onConflict": "keep"}),
        ("4d5e --files --preview", "checkpoint/preview", {"scope": "files", "onConflict": "keep"}),
        (
            "4d5e --conversation --on-conflict overwrite",
            "checkpoint/restore",
            {"scope": "conversation", "onConflict": "overwrite"},
        ),
    ],
)
def test_a_checkpoint_is_named_by_its_first_characters(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], arguments: str, method: str, more: dict[str, str]
) -> None:
    assert main(["rewind", "c0ff", *arguments.split()]) == 0
    assert daemon.params_of(method) == {"chatId": CHAT_ID, "checkpointId": CHECKPOINT["id"], **more}
    shown = capsys.readouterr()
    assert "written  a.py" in shown.out
    assert "somebody else changed it since" in shown.out
    assert "\x1b" not in shown.out
    assert ("--undo" in shown.err) == ("--preview" not in arguments)


def test_undo(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewind", "c0ff", "--undo", "--json"]) == 0
    assert daemon.params_of("checkpoint/undo") == {"chatId": CHAT_ID, "onConflict": "keep"}
    assert json.loads(capsys.readouterr().out)["rewindId"] == "r2"


@pytest.mark.parametrize("arguments", ["", "4d5e --undo", "4d5e --files --both", "--undo --preview", "ffff"])
def test_what_makes_no_sense_is_refused_with_a_hint(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], arguments: str
) -> None:
    assert main(["rewind", "c0ff", *arguments.split()]) != 0
    assert "journeyman checkpoints c0ff" in capsys.readouterr().err
    assert not {"checkpoint/restore", "checkpoint/undo"} & {method for method, _ in daemon.asked}


def test_a_diff_names_what_is_not_kept(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoints", "c0ff", "4d5e", "--since"]) == 0
    assert daemon.params_of("checkpoint/diff")["against"] == "now"
    out = capsys.readouterr().out
    assert "+2" in out
    assert "added big (too large" in out
