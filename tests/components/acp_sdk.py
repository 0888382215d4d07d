"""The TypeScript implementation of the Agent Client Protocol, from npm, in a folder of its own.

Pinned with hashes by `requirements/acp-npm/package-lock.json` and installed once per version of that file.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from components.missing import unavailable
from journeyman import paths

PINS = Path(__file__).parents[2] / "requirements" / "acp-npm"
INSTALLED_WITHIN_S = 300.0
ENTRY = Path("node_modules", "@agentclientprotocol", "sdk", "dist", "v1", "stable", "acp.js")


@pytest.fixture(scope="session")
def acp_sdk() -> str:
    """The SDK's module, for `import()` in a program that `node` runs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        unavailable("no ACP SDK: node and npm are not installed")
    lock = (PINS / "package-lock.json").read_bytes()
    target = paths.cache_dir() / f"acp-sdk-{hashlib.sha256(lock).hexdigest()[:12]}"
    target.mkdir(parents=True, exist_ok=True)
    done = target / "installed"
    with target.with_suffix(".lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not done.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(PINS / name, target)
            _install(target)
            done.touch()
    return str(target / ENTRY)


def _install(target: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        ended = subprocess.run(
            command, cwd=target, capture_output=True, text=True, timeout=INSTALLED_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        unavailable(f"no ACP SDK: installing failed: {error}")
        raise
    if ended.returncode:
        unavailable(f"no ACP SDK: installing failed: {ended.stderr[-500:]}")
