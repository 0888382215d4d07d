"""An archive's files in a directory of this machine, or their list, without a workspace and without a daemon.

The guest writes them, as it does in a workspace: by directory descriptors, without following a link, into
an empty directory. Nothing is run there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from journeyman.app.build import object_store
from journeyman.config import Settings
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.delivery import command, deliver
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.guest import Guest
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.model import Node
from journeyman.workspace.archive.outcomes import ArchiveProgress, RestoreOutcome

ATTACH_S = 30.0


async def extract(
    settings: Settings,
    project_id: str,
    target: Path,
    *,
    store: str,
    archive_id: str | None = None,
    path: str | None = None,
    on_progress: Callable[[ArchiveProgress], None] | None = None,
) -> RestoreOutcome:
    """Write an archive (None: the newest), or only `path` of it, into `target`, verified. `store`: where the
    daemon says its archives are. `invalid` unless that directory is empty or not there; `conflict` where
    these settings lead to another store; otherwise what `ArchiveEngine.restore` raises."""
    async with _engine(settings, store) as engine:
        root = await asyncio.to_thread(_emptied, target)
        async with _guest(root) as guest:
            return await engine.restore(
                project_id,
                guest,
                archive_id=archive_id,
                path=None if path is None else os.fsencode(path.strip("/")),
                on_progress=on_progress,
            )


async def listing(
    settings: Settings, project_id: str, archive_id: str | None = None, *, store: str
) -> tuple[Node, ...]:
    """What is in an archive (None: the newest), by its manifest alone. Raises `not_found`, `archive_corrupt`,
    `conflict` as `extract`, or what the store raises."""
    async with _engine(settings, store) as engine:
        return (await engine.manifest(project_id, archive_id)).nodes


@asynccontextmanager
async def _engine(settings: Settings, store: str) -> AsyncGenerator[ArchiveEngine]:
    objects = object_store(settings)
    try:
        if objects.url != store:
            raise Failure(
                "conflict",
                f"The daemon keeps archives in {store}; the settings of this command lead to {objects.url}.",
                hint="Give it the settings the daemon was started with, or end that with `journeyman stop`.",
            )
        yield ArchiveEngine(objects, clock=SystemClock(), ids=SystemIds())
    finally:
        await objects.close()


def _emptied(target: Path) -> str:
    """Its absolute path."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        used = any(target.iterdir())
    except OSError as error:
        raise Failure(
            "invalid", f"{target} cannot be used: {error.strerror}.", hint="Name an empty directory."
        ) from error
    if used:
        raise Failure("invalid", f"{target} is not empty.", hint="Name an empty or a new directory.")
    return str(target.absolute())


@asynccontextmanager
async def _guest(root: str) -> AsyncGenerator[Guest]:
    with tempfile.TemporaryDirectory(prefix="jm-extract-") as private:
        place = Path(private)
        program = await asyncio.to_thread(deliver, place / "guest")
        socket, home = place / "guest.sock", place / "home"
        home.mkdir()
        words = command(sys.executable, str(program), str(socket), root=root, home=str(home), lifeline=1)
        process = await asyncio.create_subprocess_exec(
            *words, stdin=subprocess.PIPE, cwd="/", start_new_session=True
        )
        try:
            guest = await GuestClient.attach(
                socket, timeout_s=ATTACH_S, alive=lambda: process.returncode is None
            )
            try:
                yield guest
            finally:
                await guest.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
