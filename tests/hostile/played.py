"""Runs `hostile.child` and answers its verdicts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import journeyman
import journeyman_protocol

TESTS = Path(__file__).parents[1]
WITHIN_S = 900.0


def play(*arguments: str) -> dict[str, dict[str, Any]]:
    """Verdicts by name. The child's folder is short, so that paths of the greatest length fit below it."""
    folder = Path(tempfile.mkdtemp(prefix="jm-"))
    places = [str(Path(module.__file__ or "").parents[1]) for module in (journeyman, journeyman_protocol)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *places])}
    command = [sys.executable, "-m", "hostile.child", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=WITHIN_S
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-3000:]
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    return {verdict["name"]: verdict for verdict in verdicts}
