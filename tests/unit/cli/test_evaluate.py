"""journeyman eval: what it asks of the daemon, what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from journeyman.cli import output
from journeyman.cli.main import main
from journeyman.failures import Failure
from unit.cli.fake_daemon import PROJECT_IDS, RUN, TIME, FakeDaemon, daemon, project

__all__ = ["daemon"]

DELETED = ("project/delete", {"projectId": PROJECT_IDS[0], "archives": True})


class Judging(FakeDaemon):
    """One whose commands end at once with the codes a test wants, one after the other."""

    codes: list[int]

    def on(self, method: str, handler: Any) -> None:
        if method == "workspace/execExited":
            self.exited = handler
        elif method == "workspace/execOutput":
            self.output = handler

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "workspace/import":
            self.asked.append((method, params))
            return {"files": 1, "bytes": 1}
        if method == "agent/run":
            params = {**params, "wait": "accepted"}
        answer = await super().request(method, params)
        if method == "workspace/exec":  # heard before the answer is
            number = str(sum(name == method for name, _ in self.asked))
            code = self.codes.pop(0)
            text = {"execId": number, "offset": 0, "content": f"it ended {code}\n", "encoding": "utf8"}
            self.output(text)
            self.exited({"execId": number, "reason": "exited", "code": code})
            return {"execId": number}
        return answer


@pytest.fixture
def judging(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    output.stdout.cache_clear()
    output.stderr.cache_clear()
    daemon.__class__ = Judging
    run = {**RUN, "prompt": "x", "mode": "execute", "createdAt": TIME, "startedAt": TIME, "finishedAt": TIME}
    daemon.answers["agent/runs"] = {"items": [run]}
    daemon.answers["project/fork"] = project(1, "check")
    daemon.answers["workspace/exec"] = {"execId": "e1"}
    return daemon


def tasks(root: Path, count: int) -> str:
    for number in range(count):
        folder = root / f"t{number}"
        (folder / "check").mkdir(parents=True)
        (folder / "start").mkdir()
        (folder / "task.toml").write_text('instruction = "Do it."\ncheck = "sh $CHECK/c.sh"\nsteps = 7\n')
        (folder / "check" / "c.sh").write_text("true\n")
        (folder / "start" / "x").write_text("1\n")
    return str(root)


def test_trials_are_judged_in_a_fork_with_files_nobody_saw(
    judging: Judging, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judging.codes = [0, 1]
    folder = tasks(tmp_path, 2)
    assert main(["eval", folder, "--model", "a/{task}", "--jobs", "1", "--mode", "execute"]) == 0
    shown = capsys.readouterr()
    assert "solved\t1 of 2, 50% (9% to 91%, Wilson)" in shown.out
    assert "the check ended with 1: it ended 1" in shown.err
    first = judging.asked[: next(i for i, each in enumerate(judging.asked) if each == DELETED)]
    names = [name for name, _ in first]
    assert names == [
        "project/create",
        "workspace/import",
        "chat/create",
        "agent/subscribe",
        "agent/run",
        "agent/runs",
        "project/fork",
        "workspace/import",
        "workspace/exec",
    ]
    run = dict(first)["agent/run"]
    assert (run["prompt"], run["model"], run["budget"]) == ("Do it.", "a/t0", {"steps": 7})
    brought, command = first[7][1], first[8][1]
    place = command["env"]["CHECK"]
    assert (brought["projectId"], brought["files"][0]["path"]) == (PROJECT_IDS[1], f"{place}/c.sh")
    assert len(place) > 30
    assert command["projectId"] == PROJECT_IDS[1]
    assert sum(name == "project/delete" for name, _ in judging.asked) == 4


def test_what_cannot_be_judged_is_an_error_and_is_tried_again(
    judging: Judging, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judging.codes = [127, 0, 0]
    folder, file = tasks(tmp_path / "tasks", 2), tmp_path / "r.jsonl"
    common = ["eval", folder, "--model", "a/b", "--jobs", "1", "--results", str(file)]
    assert main(common) == 3
    assert "errors\t1" in capsys.readouterr().out
    before = len(judging.asked)
    assert main([*common, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in found["trials"]] == ["solved", "solved"]
    assert sum(name == "agent/run" for name, _ in judging.asked[before:]) == 1


FAILURES: dict[str, tuple[str, Any]] = {
    "no workspace": ("project/create", Failure("no_sandbox", "There is no sandbox.", hint="Install one.")),
    "no model": ("agent/run", {**RUN, "status": "failed", "stopReason": "model_unreachable"}),
    "cancelled": ("agent/run", {**RUN, "status": "cancelled", "stopReason": "cancelled"}),
    "no fork": ("project/fork", Failure("storage_failed", "The disk is full.")),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_keeps_a_run_from_being_judged_is_no_failure_of_the_model(
    judging: Judging, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    method, answer = FAILURES[name]
    judging.codes = []
    judging.answers[method] = answer
    assert main(["eval", tasks(tmp_path, 1), "--model", "a/b", "--json"]) == 3
    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    assert trial["verdict"] == "error"
    assert trial["why"]
    made = sum(each == "project/create" for each, _ in judging.asked)
    removed = sum(each == "project/delete" for each, _ in judging.asked)
    assert removed == (0 if method == "project/create" else made)


def test_two_models_are_compared(
    judging: Judging, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judging.codes = [0, 1] * 3
    arguments = ["eval", tasks(tmp_path, 3), "--model", "a/a", "--against", "b/b", "--jobs", "1"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "pair by pair (3): both 0, neither 0, only a/a 3, only b/b 0; p = 0.25 (McNemar, exact)" in shown


@pytest.mark.parametrize(
    ("more", "name", "asked"),
    [
        (("--against-mode", "execute"), "a/a (execute)", {"mode": "execute"}),
        (("--against-effort", "high"), "a/a (effort high)", {"mode": "plan+execute", "effort": "high"}),
    ],
)
def test_two_configurations_of_one_model_are_compared(
    judging: Judging,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    name: str,
    asked: dict[str, str],
) -> None:
    judging.codes = [0, 1] * 3
    assert main(["eval", tasks(tmp_path, 3), "--model", "a/a", *more, "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"\ta/a\t{name}"
    assert f"pair by pair (3): both 0, neither 0, only a/a 3, only {name} 0;" in "\n".join(lines)
    runs = [params for method, params in judging.asked if method == "agent/run"]
    assert asked.items() <= runs[1].items()
    assert "effort" not in runs[0]


def test_kept_results_of_other_settings_are_compared_with(
    judging: Judging, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judging.codes = [0, 1, 0, 0, 0, 1]
    folder, old = tasks(tmp_path / "tasks", 2), tmp_path / "old.jsonl"
    common = ["eval", folder, "--model", "a/a", "--jobs", "1"]
    assert main([*common, "--results", str(old)]) == 0
    assert main([*common, "--against-results", str(old)]) == 0
    shown = capsys.readouterr().out
    assert f"pair by pair (2): both 1, neither 0, only a/a 1, only a/a of {old} 0" in shown
    assert main([*common, "--mode", "execute", "--results", str(old)]) == 0
    assert judging.codes == []  # what was judged in another mode was not taken for this one
    assert main([*common, "--against-results", str(old)]) == 2
    assert "results of 2 configurations" in capsys.readouterr().err


def test_wrong_usage_is_said(judging: Judging, tmp_path: Path) -> None:
    assert main(["eval", str(tmp_path), "--model", "a/b"]) == 2
    folder, file = tasks(tmp_path, 1), str(tmp_path / "r.jsonl")
    for wrong in (
        ["--against", "a/b"],
        ["--against-mode", "plan+execute"],
        ["--mode", "plan"],
        ["--against-mode", "plan"],
        ["--effort", "most"],
        ["--only", "t9"],
        ["--against-results", file],
        ["--results", file, "--against-results", file],
        ["--against", "c/d", "--against-results", file],
    ):
        assert main(["eval", folder, "--model", "a/b", *wrong]) == 2
    assert judging.asked == []
