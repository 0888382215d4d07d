"""The house keeps its shape: import layers, lint, formatting and strict types, as ordinary tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["pyright", "--warnings"],
    ],
    ids=["import layers", "lint", "format", "types"],
)
@pytest.mark.timeout(1800)
def test_house_rule(command: list[str]) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


FILE_LINES_MAX = 450


def test_no_room_grows_into_a_hall() -> None:
    large = {
        str(path.relative_to(ROOT)): lines
        for folder in ("server", "protocol", "tests", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    }
    assert large == {}


_BROAD = re.compile(r"\s*except (BaseException|Exception)\b[^#]*:\s*(?P<reason>#.*)?$")
_SKIPS = re.compile(r"\bpytest\.(skip|xfail|importorskip)\(|\bmark\.(skip|skipif|xfail)\b")


def _lines(pattern: re.Pattern[str], *folders: str) -> list[tuple[str, re.Match[str]]]:
    return [
        (f"{path.relative_to(ROOT)}:{number}", found)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := pattern.search(line))
    ]


def test_who_catches_everything_says_why() -> None:
    found = _lines(_BROAD, "server", "protocol", "bench", "tests")
    assert found
    assert [where for where, each in found if not each["reason"]] == []


def test_tests_are_left_out_in_one_place_which_fails_under_ci() -> None:
    places = {where.rpartition(":")[0] for where, _ in _lines(_SKIPS, "tests")}
    assert places == {"tests/components/missing.py"}
