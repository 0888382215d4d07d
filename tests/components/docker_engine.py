"""A real Docker engine for the tests that need one: the one that answers, or one we install and start.

The image is a skeleton (a few links and files of /etc) that borrows this machine's /usr read-only: made in a
moment, and good enough to run the guest, bash, git and python in a real container.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from components.debian import apt_install, ensure
from components.missing import unavailable
from journeyman import paths

SKELETON = "journeyman-test-skeleton:3"
READY_WITHIN_S = 60.0


@dataclass(frozen=True)
class DockerEngine:
    host: str | None = None
    image: str = SKELETON
    mounts: dict[str, str] = field(default_factory=lambda: {"/usr": "/usr"})


def _answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    return subprocess.run([docker, "info"], capture_output=True, timeout=30, check=False).returncode == 0


def _install() -> str | None:
    """Why no engine can be had here; None once `dockerd` is there."""
    if os.geteuid() != 0:
        return "no Docker engine answers, and only root may start one"
    if shutil.which("dockerd"):
        return None
    return apt_install("docker.io")


def ensure_mmdebstrap() -> None:
    """What `journeyman image build` needs where no image registry answers. May give up."""
    if not list(paths.cache_dir().glob("workspace-*.tar")):
        ensure("mmdebstrap", "mmdebstrap")


def ensure_workspace_image(name: str) -> None:
    """The full workspace image, made by `journeyman image build` where the engine does not have it."""
    inspect = ["docker", "image", "inspect", name]
    if subprocess.run(inspect, capture_output=True, check=False).returncode == 0:
        return
    ensure_mmdebstrap()
    command = [sys.executable, "-m", "journeyman", "image", "build"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        unavailable(f"`journeyman image build` failed: {done.stderr[-800:]}")


def _skeleton() -> None:
    """Import the skeleton image, unless the engine has it."""
    if (
        subprocess.run(["docker", "image", "inspect", SKELETON], capture_output=True, check=False).returncode
        == 0
    ):
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in (
            "usr",
            "etc",
            "tmp",
            "proc",
            "sys",
            "dev",
            "run",
            "sbin",  # the engine mounts its init program there
            "workspace",
            "run/guest",
            "run/journeyman",
        ):
            (root / name).mkdir()
        (root / "tmp").chmod(0o1777)  # the engine gives its tmpfs the mode of what it hides
        for name in ("bin", "lib", "lib32", "lib64", "libx32"):
            if os.path.islink(f"/{name}"):
                (root / name).symlink_to(os.readlink(f"/{name}"))
        for name in ("ld.so.cache", "nsswitch.conf", "os-release"):
            source = Path("/etc") / name
            if source.exists():
                (root / "etc" / name).write_bytes(source.read_bytes())
        user = "workspace:x:10001:10001::/tmp/home:/bin/bash"
        (root / "etc/passwd").write_text(f"root:x:0:0:root:/root:/bin/false\n{user}\n")
        (root / "etc/group").write_text("root:x:0:\nworkspace:x:10001:\n")
        packed = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(
            ["docker", "import", "-", SKELETON], stdin=packed.stdout, check=True, stdout=subprocess.DEVNULL
        )
        assert packed.wait() == 0


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """An engine that answers. One we started ends with the tests; its image cache stays."""
    started: subprocess.Popen[bytes] | None = None
    if not _answers():
        why = _install()
        if why:
            unavailable(why)
        with tempfile.NamedTemporaryFile(prefix="journeyman-dockerd-", suffix=".log", delete=False) as log:
            started = subprocess.Popen(["dockerd"], stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + READY_WITHIN_S
        while not _answers():
            if started.poll() is not None or time.monotonic() > until:
                started.kill()
                unavailable(f"dockerd did not come up: {Path(log.name).read_text()[-500:]}")
            time.sleep(0.2)
    try:
        if os.path.islink("/bin"):
            _skeleton()
        else:
            unavailable("the skeleton image needs a merged /usr")
        yield DockerEngine()
    finally:
        if started is not None:
            started.terminate()
            try:
                started.wait(timeout=30)
            except subprocess.TimeoutExpired:
                started.kill()
