"""Builds the workspace image: from a Dockerfile where a registry answers, else by a Debian bootstrap.

The bootstrap's tarball is kept in the cache directory, so that a second engine (or one that lost its
images) gets the image in seconds. All of it blocks for minutes: it runs in a thread, and reports as it goes.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from journeyman import paths
from journeyman.adapters.docker_failures import translated
from journeyman.failures import Failure

if TYPE_CHECKING:
    from docker import DockerClient

PACKAGES = ("bash", "ca-certificates", "curl", "git", "nodejs", "procps", "python3", "ripgrep")
SUITE = "bookworm"
BUILD_S = 1800.0
USER = "useradd --uid 10001 --user-group --no-create-home --home-dir /tmp/home --shell /bin/bash workspace"
DOCKERFILE = f"""\
FROM debian:{SUITE}-slim
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {" ".join(PACKAGES)} \\
 && rm -rf /var/lib/apt/lists/* \\
 && {USER} \\
 && mkdir -p /workspace /run/guest /run/journeyman
WORKDIR /workspace
"""

Progress = Callable[[str], None]


async def build_image(name: str, on_progress: Progress, *, host: str | None = None) -> str:
    """Make the image `name` (`repository:tag`) and answer its id. Raises Failure: `no_sandbox` without an
    engine, `image_missing` where neither way works, `disk_full`."""

    def report(line: str) -> None:
        anyio.from_thread.run_sync(on_progress, line)

    return await anyio.to_thread.run_sync(lambda: _build(name, report, host), abandon_on_cancel=True)


def _build(name: str, report: Progress, host: str | None) -> str:
    import docker

    with translated():
        client = (
            docker.from_env(timeout=60) if host is None else docker.DockerClient(base_url=host, timeout=60)
        )
        try:
            client.ping()  # pyright: ignore[reportUnknownMemberType]
            if not _from_registry(client, name, report):
                _from_bootstrap(client, name, report)
            return str(client.images.get(name).id)
        finally:
            client.close()


def _from_registry(client: DockerClient, name: str, report: Progress) -> bool:
    """Whether the registry answered and the Dockerfile was built."""
    import docker.errors

    report(f"asking the registry for debian:{SUITE}-slim")
    api: Any = client.api
    try:
        api.pull("debian", tag=f"{SUITE}-slim")
    except docker.errors.APIError as error:
        report(f"no registry answers ({str(error.explanation)[:200]})")
        return False
    report(f"building {name} from a Dockerfile")
    lines = api.build(
        fileobj=io.BytesIO(DOCKERFILE.encode()), tag=name, rm=True, network_mode="host", decode=True
    )
    for line in lines:
        if "error" in line:
            raise Failure(
                "image_missing",
                f"The image could not be built: {str(line['error'])[:300]}.",
                hint="See that this machine reaches Debian's package mirrors, then try again.",
            )
        text = str(line.get("stream", "")).strip()
        if text:
            report(text)
    return True


def _from_bootstrap(client: DockerClient, name: str, report: Progress) -> None:
    tarball = paths.cache_dir() / f"workspace-{SUITE}-{'-'.join(PACKAGES)}.tar"
    if tarball.exists():
        report(f"using {tarball}")
    else:
        _bootstrap(tarball, report)
    repository, _, tag = name.partition(":")
    report(f"importing {name}")
    api: Any = client.api
    with tarball.open("rb") as source:
        api.import_image_from_data(
            source, repository=repository, tag=tag or "latest", changes=["WORKDIR /workspace"]
        )


def _bootstrap(tarball: Path, report: Progress) -> None:
    """Write a Debian root file system with our packages to `tarball`, whole or not at all."""
    program = shutil.which("mmdebstrap")
    if program is None:
        raise Failure(
            "image_missing",
            "No image registry answers, and mmdebstrap, which does without one, is not installed.",
            hint="Install mmdebstrap (`apt-get install mmdebstrap`), or let this machine reach a registry.",
        )
    tarball.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=tarball.parent, suffix=".partial")
    command = [
        program,
        "--variant=minbase",
        f"--include={','.join(PACKAGES)},passwd",
        '--customize-hook=mkdir -p "$1/workspace" "$1/run/guest" "$1/run/journeyman"',
        f'--customize-hook=chroot "$1" {USER}',
        '--customize-hook=rm -rf "$1/var/lib/apt/lists" "$1/usr/share/doc" "$1/usr/share/locale"',
        "--format=tar",
        SUITE,
        "-",
    ]
    report(f"bootstrapping Debian {SUITE} (one to three minutes)")
    try:
        with os.fdopen(handle, "wb") as sink:
            last = _follow(command, sink, report)
        if last is not None:
            raise Failure(
                "image_missing",
                f"The Debian bootstrap failed: {last[:300]}.",
                hint="See that this machine reaches Debian's package mirrors, then try again.",
            )
        os.replace(partial, tarball)
    except BaseException:  # half an image is left behind by nobody
        Path(partial).unlink(missing_ok=True)
        raise


def _follow(command: list[str], sink: Any, report: Progress) -> str | None:
    """Run to the end, passing on what it says; its last line where it failed, None where it did not."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.PIPE, text=True
    ) as process:
        limit = threading.Timer(BUILD_S, process.kill)
        limit.start()
        last = ""
        try:
            assert process.stderr is not None
            for line in process.stderr:
                last = line.strip() or last
                if line.startswith("I:"):
                    report(line[2:].strip())
        finally:
            limit.cancel()
            if process.poll() is None:
                process.wait(timeout=30)
    return None if process.returncode == 0 else last
