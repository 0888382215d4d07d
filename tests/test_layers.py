"""The house keeps its shape: import layers, lint, formatting and strict types, as ordinary tests."""

from __future__ import annotations

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
@pytest.mark.timeout(600)
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
