"""A real VS Code, installed beside the repository once. It takes about a minute, so it begins when the first
tests do, in the background, and is there by the time a test needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.missing import unavailable

EXTENSION = Path(__file__).resolve().parents[2] / "clients" / "vscode"
INSTALL = EXTENSION / "test" / "editor" / "install.sh"
INSTALLED_WITHIN_S = 900.0
_UNDER_WAY = pytest.StashKey[subprocess.Popen[bytes]]()


def _install() -> list[str]:
    """Once is enough, whoever asks and however often: the script itself sees to it. Tests come first."""
    return ["nice", "-n", "10", str(INSTALL)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHON": sys.executable}


def pytest_collection_finish(session: pytest.Session) -> None:
    """One process of those that run tests begins."""
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    if first and any(item.get_closest_marker("vscode") for item in session.items):
        session.config.stash[_UNDER_WAY] = subprocess.Popen(
            _install(), env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Never stopped halfway: Debian's installer would have to be repaired by hand."""
    if installing := config.stash.get(_UNDER_WAY, None):
        installing.wait(INSTALLED_WITHIN_S)


@pytest.fixture(scope="session")
def vscode() -> Path:
    """Where VS Code, its window and its node are."""
    done = subprocess.run(
        _install(),
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=INSTALLED_WITHIN_S,
        check=False,
    )
    if done.returncode:
        unavailable(f"VS Code cannot be installed here: {done.stderr[-2000:]}")
    return Path(done.stdout.strip())
