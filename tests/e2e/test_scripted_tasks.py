"""A task of each language, from end to end: who knows the answer solves it, who lies does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ONE_OF_EACH_LANGUAGE = ("awk-gaps", "javascript-equal", "perl-ini", "python-cache", "shell-options")


def scripted(*names: str) -> str:
    """What `make eval-scripted` says of these tasks (none: of all); its exit code says that it is right."""
    command = [sys.executable, "-m", "bench.scripted", "bubblewrap", *names]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.bubblewrap
@pytest.mark.timeout(300)
def test_answers_solve_and_claims_do_not() -> None:
    said = scripted(*ONE_OF_EACH_LANGUAGE)
    assert "knows the answers: 5 of 5 solved, 0 errors" in said
    assert "says it is done: 0 of 5 solved, 0 errors" in said
    assert "attacks the check: 0 of 5 solved, 0 errors" in said
