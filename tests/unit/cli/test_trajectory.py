"""journeyman trajectory: export, replay and diff, and what each says and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from journeyman.cli import output
from journeyman.cli.main import main
from unit.cli.fake_daemon import CHAT_ID, RUN, RUN_ID, TIME, FakeDaemon, daemon

__all__ = ["daemon"]

RUNS = [{**RUN, "prompt": "Repair it", "mode": "execute", "createdAt": TIME, "summary": "Done."}]


def lines(*, content: str = "Repair it", path: str = ".", steps: int = 2) -> str:
    call = {"id": "c1", "name": "ls", "arguments": {"path": path}}
    rows: list[dict[str, Any]] = [
        {"trajectory": 1, "runId": RUN_ID, "prompt": "Repair it", "mode": "execute", "model": "a/b"},
        {"type": "prefix", "digest": "d", "system": "S", "tools": []},
    ]
    rows[0] |= {"effort": None, "budget": {"steps": 9}}
    for step in range(1, steps + 1):
        message = {"role": "user", "content": content}
        rows.append(
            {"type": "request", "step": step, "model": "a/b", "prefix": "d", "kept": step - 1,
             "messages": [message], "settings": {}, "exact": True}
        )  # fmt: skip
        rows.append({"type": "answer", "step": step, "text": "", "toolCalls": [call]})
        rows.append({"type": "result", "step": step, "name": "ls", "text": f"exit 0 in 0.{step}s cwd=/w"})
    usage = {"inputTokens": 1200, "costUsd": None}
    rows.append({"type": "end", "status": "completed", "usage": usage, "startedAt": TIME, "finishedAt": TIME})
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(autouse=True)
def fresh(daemon: FakeDaemon) -> None:
    output.stdout.cache_clear()
    output.stderr.cache_clear()
    daemon.answers["agent/runs"] = {"items": RUNS}
    daemon.answers["trajectory/export"] = {"runId": RUN_ID, "text": lines()}


def test_a_run_and_a_chat_are_written_down(
    daemon: FakeDaemon, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trajectory", "export", RUN_ID]) == 0
    assert capsys.readouterr().out == lines()
    file = tmp_path / "t.jsonl"
    assert main(["trajectory", "export", "--chat", CHAT_ID, "-o", str(file)]) == 0
    assert file.read_text() == lines()
    assert main(["trajectory", "export"]) == 2
    assert main(["trajectory", "export", RUN_ID, "--chat", CHAT_ID]) == 2


def test_a_run_is_done_again_as_it_was_asked_for(
    daemon: FakeDaemon, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(lines())
    assert main(["trajectory", "replay", str(file)]) == 0
    assert "2 of 2 requests are equal, byte for byte" in capsys.readouterr().out
    (params,) = [given for method, given in daemon.asked if method == "agent/run"]
    assert (params["prompt"], params["mode"], params["budget"]) == ("Repair it", "execute", {"steps": 9})
    assert params["model"] == f"replay/{file}"
    assert daemon.asked[-1][0] == "project/delete"


def test_what_explore_asked_is_done_again_too(
    daemon: FakeDaemon, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def exploring(question: str) -> str:
        header, *rows = [json.loads(line) for line in lines().splitlines()]
        inside = {"callId": "c1", "step": 1}
        asked = {**rows[1], "type": "exploreRequest", "messages": [{"role": "user", "content": question}]}
        answer = {"type": "exploreAnswer", "text": "There.", **inside}
        rows[3:3] = [{**asked, **inside}, answer]
        return "".join(json.dumps(row) + "\n" for row in [{**header, "trajectory": 2}, *rows])

    file = tmp_path / "t.jsonl"
    file.write_text(exploring("Where?"))
    daemon.answers["trajectory/export"] = {"runId": RUN_ID, "text": exploring("Where?")}
    assert main(["trajectory", "replay", str(file)]) == 0
    assert "3 of 3 requests are equal, byte for byte" in capsys.readouterr().out
    daemon.answers["trajectory/export"] = {"runId": RUN_ID, "text": exploring("Who?")}
    assert main(["trajectory", "replay", str(file)]) == 1
    assert "step 1 differs: explore, request 1: message 1 (user), content" in capsys.readouterr().out
    assert main(["trajectory", "diff", str(file), str(file)]) == 0
    assert "asked by explore\t1\t1" in capsys.readouterr().out


def test_a_run_with_images_is_not_done_again_without_them(
    daemon: FakeDaemon, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.jsonl"
    header, *rest = lines().splitlines()
    images = [{"sha256": "0" * 64, "mimeType": "image/png", "bytes": 9}]
    file.write_text("\n".join([json.dumps({**json.loads(header), "images": images}), *rest]))
    assert main(["trajectory", "replay", str(file)]) == 2
    assert "had images" in capsys.readouterr().err
    assert daemon.asked == []


def test_the_first_difference_is_shown(
    daemon: FakeDaemon, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(lines(content="Repair that"))
    assert main(["trajectory", "replay", str(file)]) == 1
    shown = capsys.readouterr().out
    assert "step 1 differs: message 1 (user), content" in shown
    assert "'Repair that'" in shown
    assert "'Repair it'" in shown


def test_two_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_text(lines())
    other.write_text(lines(path="src", steps=3))
    assert main(["trajectory", "diff", str(one), str(one)]) == 0
    assert "they did the same" in capsys.readouterr().out
    assert main(["trajectory", "diff", str(one), str(other)]) == 1
    shown = capsys.readouterr().out
    assert "steps\t2\t3" in shown
    assert "cost in US dollars\tunknown\tunknown" in shown
    assert "step 1 differs: the answer's calls" in shown
    assert main(["trajectory", "diff", str(one), str(other), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["figures"]["input tokens"] == [1200, 1200]
    assert found["firstDifference"]["step"] == 1
    assert main(["trajectory", "diff", str(one), str(tmp_path / "none")]) == 2
