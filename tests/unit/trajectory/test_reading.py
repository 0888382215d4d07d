"""Reading trajectories: what cannot be read is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from journeyman.failures import Failure
from journeyman.trajectory.comparing import without_times
from journeyman.trajectory.reading import load, parse

HEADER = json.dumps({"trajectory": 1, "runId": "r"})
PREFIX = json.dumps({"type": "prefix", "digest": "d", "system": "S", "tools": []})

BROKEN: dict[str, tuple[str, str]] = {
    "empty": ("", "there is no run in it"),
    "not JSON": (f"{HEADER}\n{{", "line 2 is not JSON"),
    "no object": (f"{HEADER}\n[1]", "line 2 is not a JSON object"),
    "no header": (PREFIX, "line 1: IndexError"),
    "a newer format": ('{"trajectory": 3}', "format 3 is newer than 2"),
    "an answer to nothing": (f'{HEADER}\n{{"type": "answer"}}', "line 2: IndexError"),
    "an unknown prefix": (
        f'{HEADER}\n{{"type":"request","step":1,"kept":0,"messages":[],"prefix":"x"}}',
        "line 2: KeyError 'x'",
    ),
    "more kept than there are": (
        f'{HEADER}\n{PREFIX}\n{{"type":"request","step":1,"kept":2,"messages":[],"prefix":"d"}}',
        "line 3: ValueError 2 messages are kept of 0",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_said(name: str, tmp_path: Path) -> None:
    text, why = BROKEN[name]
    file = tmp_path / "t.jsonl"
    file.write_text(text)
    with pytest.raises(Failure, match=r"t\.jsonl is not a trajectory") as caught:
        load(file)
    assert why in caught.value.message
    assert caught.value.kind == "invalid"


def test_several_runs_and_lines_of_kinds_to_come() -> None:
    text = f'{HEADER}\n{{"type":"later"}}\n\n{HEADER}\n{{"type":"end","status":"completed"}}\n'
    runs = parse(text)
    assert [run.end for run in runs] == [{}, {"type": "end", "status": "completed"}]


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="No such file"):
        load(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("exit 0 in 1.2s cwd=/workspace\nhi", "exit 0 in *s cwd=/workspace\nhi"),
        ("Ran 10 tests in 0.057s; 12.5 ms each", "Ran 10 tests in *s; * ms each"),
        ("version 1.2, 3.5 seconds, 1.2.3sp", "version 1.2, * seconds, 1.2.3sp"),
        ("running id=3 pid=12 after 7s; no output yet", "running id=3 pid=* after *s; no output yet"),
        ("a\ndate: 2026-11-25\nb", "a\ndate: *\nb"),
    ],
)
def test_only_times_are_left_out(text: str, masked: str) -> None:
    assert without_times(text) == masked
