"""Programs of Debian's the tests need and this machine may lack: installed where that can be done."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from components.missing import unavailable

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
APT_LOCK = _CACHE / "journeyman-tests" / "apt.lock"
"""VS Code's window is installed at the same time, by a script that takes it, too."""


def ensure(program: str, package: str, path: str | None = None) -> None:
    """May give up, which skips the test or fails it. `path`: where it has to be, instead of `PATH`."""
    if not shutil.which(program, path=path) and (why := apt_install(package)):
        unavailable(f"{program} is not there: {why}")


def apt_install(package: str) -> str | None:
    """Why it cannot be installed; None once it is."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return f"{package} can only be installed by root, with apt-get"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    APT_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with APT_LOCK.open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
            done = subprocess.run(
                ["apt-get", "-qq", *command], capture_output=True, env=environment, timeout=600, check=False
            )
            if done.returncode:
                return f"apt-get {command[0]} failed: {done.stderr.decode(errors='replace')[-300:]}"
    return None
