"""No instance outlives a daemon that was killed, at whatever moment that was."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
SERVER = TESTS.parent / "server"
PATIENCE_S = 90.0
KINDS = ["direct", *(pytest.param(kind, marks=pytest.mark.bubblewrap) for kind in ("late", "too early"))]


def _mentioning(*words: str) -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if any(word in line for word in words):
                    found.append(f"{entry.name} {line}")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outlives_a_killed_daemon(kind: str, tmp_path: Path) -> None:
    tag = f"4711.{os.getpid()}"
    done = subprocess.run(
        [sys.executable, TESTS / "contract" / "orphan_maker.py", kind, tmp_path / "data", tag],
        env={**os.environ, "PYTHONPATH": str(SERVER)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    until = time.monotonic() + PATIENCE_S
    while left := _mentioning(str(tmp_path), f"sleep {tag}"):
        assert time.monotonic() < until, left
        time.sleep(0.05)
