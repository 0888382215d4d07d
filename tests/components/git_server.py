"""A git server of our own on loopback: a bare repository behind git's plain HTTP protocol."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "2026-01-01T00:00:00Z"))
}


def _git(folder: Path, *arguments: str) -> None:
    environment = {**os.environ, **_WHO, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )


def repository(folder: Path, files: Mapping[str, bytes], *, branch: str = "other") -> Path:
    """A bare repository `folder/work.git` with `files` on `main`, and on `branch` one file more."""
    work = folder / "work"
    work.mkdir(parents=True)
    _git(work, "init", "-q")
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    _git(work, "add", "-A")
    _git(work, "commit", "-q", "-m", "first")
    _git(work, "checkout", "-q", "-b", branch)
    (work / "branch").write_text(branch)
    _git(work, "add", "-A")
    _git(work, "commit", "-q", "-m", "second")
    _git(work, "checkout", "-q", "main")
    bare = folder / "work.git"
    _git(folder, "clone", "-q", "--bare", str(work), str(bare))
    _git(bare, "update-server-info")
    return bare


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Generator[str]:
    """The address of `folder` for git."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
