"""Tasks as they are read, and results that are gone on from."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.evaluating.configuration import Configuration
from journeyman.evaluating.results import Results, key
from journeyman.evaluating.task import load_tasks
from journeyman.evaluating.trial import Trial
from journeyman.failures import Failure

TOML = 'instruction = "Do it."\ncheck = "true"\n'


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_task_is_read_with_its_trees_and_what_all_share(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "b/task.toml": TOML + "steps = 9\n",
            "a/task.toml": TOML,
            "a/start/src/x.py": "1\n",
            "a/check/check.sh": "true\n",
            "shared/judge.py": "2\n",
            "c/README": "no task",
        },
    )
    (tmp_path / "a/start/src/x.py").chmod(0o755)
    one, other = load_tasks(tmp_path)
    assert (one.name, one.instruction, one.check, one.steps, other.steps) == ("a", "Do it.", "true", None, 9)
    assert [(f.path, f.content, f.executable) for f in one.start] == [("src/x.py", b"1\n", True)]
    assert [f.path for f in one.judge] == ["judge.py", "check.sh"]
    assert [f.path for f in other.judge] == ["judge.py"]
    assert load_tasks(tmp_path, ("b",)) == [other]


@pytest.mark.parametrize("changed", ["task.toml", "start/x", "check/x", "../shared/x"])
def test_whatever_changes_makes_it_another_task(tmp_path: Path, changed: str) -> None:
    write(tmp_path, {"a/task.toml": TOML, "a/start/x": "1", "a/check/x": "1", "shared/x": "1"})
    (before,) = load_tasks(tmp_path)
    assert load_tasks(tmp_path) == [before]
    path = tmp_path / "a" / changed
    path.write_text(path.read_text() + "steps = 2\n")
    (after,) = load_tasks(tmp_path)
    assert after.digest != before.digest


BROKEN: dict[str, tuple[str, str]] = {
    "not TOML": ("x", "Expected"),
    "no check": ('instruction = "x"', "task.toml has no check"),
    "an empty instruction": ('instruction = " "\ncheck = "true"', "task.toml has no instruction"),
    "an unknown key": (TOML + "stepz = 3", "unknown key 'stepz'"),
    "another kind": (TOML + "steps = true", "'steps' in task.toml is not of the right kind"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_task_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    text, why = BROKEN[name]
    write(tmp_path, {"broken/task.toml": text})
    with pytest.raises(Failure, match="The task broken cannot be read") as caught:
        load_tasks(tmp_path)
    assert why in caught.value.message


def test_links_and_folders_without_tasks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="There is no task in"):
        load_tasks(tmp_path)
    write(tmp_path, {"a/task.toml": TOML, "a/start/x": "1"})
    os.symlink("/etc/hostname", tmp_path / "a/start/y")
    with pytest.raises(Failure, match="is not a regular file"):
        load_tasks(tmp_path)
    with pytest.raises(Failure, match="There is no task 'z'"):
        load_tasks(tmp_path, ("z",))


def test_what_was_judged_is_not_tried_again_and_errors_are(tmp_path: Path) -> None:
    write(tmp_path, {"t/a/task.toml": TOML})
    (task,) = load_tasks(tmp_path / "t")
    file = tmp_path / "results.jsonl"
    planned = Configuration("m/m")
    solved = Trial("a", task.digest, "m/m", 1, "solved", steps=3, mode="plan+execute")
    results = Results(file)
    results.add(solved)
    results.add(Trial("a", task.digest, "m/m", 2, "error", why="no workspace é\ud800", mode="plan+execute"))
    again = Results(file)
    assert again.get(key(task, planned, 1)) == solved
    assert again.get(key(task, planned, 2)) is None
    for other in (
        Configuration("o/o"), Configuration("m/m", "execute"), Configuration("m/m", effort="high")
    ):  # fmt: skip
        assert again.get(key(task, other, 1)) is None
    changed = replace(task, digest="other")
    assert again.get(key(changed, planned, 1)) is None
    assert again.of([task]) == {planned: [solved]}
    assert again.of([changed]) == {}
    assert len(file.read_text().splitlines()) == 2


def test_results_that_do_not_say_their_mode_count_for_none(tmp_path: Path) -> None:
    write(tmp_path, {"t/a/task.toml": TOML})
    (task,) = load_tasks(tmp_path / "t")
    file = tmp_path / "results.jsonl"
    row = Trial("a", task.digest, "m/m", 1, "solved").row()
    file.write_text(json.dumps({name: row[name] for name in row if name not in ("mode", "effort")}) + "\n")
    results = Results(file)
    assert len(results) == 1
    assert results.get(key(task, Configuration("m/m"), 1)) is None


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_line_that_was_cut_off_is_dropped_and_what_follows_is_kept(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "results.jsonl"
    results = Results(file)
    for number in (1, 2):
        results.add(Trial("a", "d", "m/m", number, "solved"))
    file.write_bytes(file.read_bytes()[:-cut])
    again = Results(file)
    assert len(again) == (2 if cut == 1 else 1)
    again.add(Trial("a", "d", "m/m", 3, "failed"))
    assert len(Results(file)) == len(again) == (3 if cut == 1 else 2)


def test_a_broken_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    Results(file).add(Trial("a", "d", "m/m", 1, "solved"))
    file.write_text('{"task": \n' + file.read_text())
    with pytest.raises(Failure, match="Line 1 of"):
        Results(file)


@pytest.mark.parametrize("line", ["[1]", "{}", json.dumps({"task": "a", "digest": "d", "colour": "red"})])
def test_a_file_of_something_else_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "results.jsonl"
    file.write_text(f"{line}\n")
    with pytest.raises(Failure, match="is no result of an evaluation"):
        Results(file)
