"""What happens to containers though nobody's request failed: they vanish, run out of memory, of processes, of
disk, or have no image. Each hazard strikes while something is being done, and answers what came of that.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from components.docker_engine import DockerEngine
from faults.docker_scene import DockerScene, docker_scene
from faults.outcomes import Outcome, outcome
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.workspace.archive.outcomes import ArchiveProgress
from journeyman.workspace.errors import WorkspaceError

Hazard = Callable[[DockerEngine, Path], Awaitable[Outcome]]
DISK_MB = 24
HOG = "x = bytearray(400 << 20)"
HOGS = 8
"""So many that each is smaller than the guest when memory runs out."""
FILLER = """
import os, time
while True:
    try:
        os.fork() or time.sleep(600)
    except OSError:
        time.sleep(0.01)
"""
BOMB = "import os, time\nwhile True:\n    os.fork() or time.sleep(600)"


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], capture_output=True, check=True)


async def ran(guest: Guest, *argv: str) -> Outcome:
    """What came of a command: how it ended, or the failure of the workspace."""
    try:
        done = await guest.run(list(argv), timeout_s=60)
    except Failure as failure:
        return outcome(WorkspaceError(failure.kind, failure.message, failure.hint, failure.retryable))
    return f"exit {done.code}"


async def goes_on(scene: DockerScene) -> None:
    """The workspace answers, can be put away and brought back, and nothing is left over."""
    guest = (await scene.opened()).guest
    assert await ran(guest, "true") == "exit 0"
    before = scene.tree()
    assert outcome(await scene.archive()) == "ok"
    assert scene.containers() == []
    await scene.opened()
    assert scene.tree() == before
    await scene.nothing_leaked()


def _removing(scene: DockerScene, phase: str) -> Callable[[ArchiveProgress], None]:
    """A progress that removes every container once it hears of `phase`."""
    done: list[str] = []

    def listen(progress: ArchiveProgress) -> None:
        if progress.phase == phase and not done:
            done.extend(scene.containers())
            docker("rm", "-f", *done)

    return listen


# -- the container vanishes ---------------------------------------------------------------------------


async def vanishes_idle(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        before = scene.tree()
        docker("rm", "-f", *scene.containers())
        found = outcome(await scene.open())
        assert scene.tree() == before
        await goes_on(scene)
    return found


async def vanishes_during_a_command(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        before = scene.tree()
        guest = (await scene.opened()).guest
        running = asyncio.ensure_future(ran(guest, "sleep", "600"))
        await guest.ping()
        docker("rm", "-f", *scene.containers())
        found = await running
        await scene.opened()
        assert scene.tree() == before
        await goes_on(scene)
    return found


async def vanishes_during_an_archive(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        before = scene.tree()
        listen = _removing(scene, "scan")
        found = outcome(await scene.manager.archive(scene.project_id, on_progress=listen))
        assert scene.tree() == before
        await goes_on(scene)
    return found


async def vanishes_during_a_restore(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        assert outcome(await scene.archive(keep=True)) == "ok"
        before = scene.tree()
        listen = _removing(scene, "write")
        found = outcome(await scene.manager.restore(scene.project_id, on_progress=listen))
        await scene.opened()
        assert scene.tree() == before
        await goes_on(scene)
    return found


async def guest_is_killed_during_a_command(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        before = scene.tree()
        found = await ran((await scene.opened()).guest, "bash", "-c", "kill -9 $PPID; sleep 600")
        await scene.opened()
        assert scene.tree() == before
        await goes_on(scene)
    return found


# -- memory and processes ---------------------------------------------------------------------------------


async def out_of_memory_in_a_command(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        found = await ran((await scene.opened()).guest, "python3", "-c", HOG)
        await goes_on(scene)
    return found


async def out_of_memory_beside_an_archive(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        guest = (await scene.opened()).guest
        hogs = [asyncio.ensure_future(ran(guest, "python3", "-c", HOG)) for _ in range(HOGS)]
        found = outcome(await scene.archive(keep=True))
        ended = [await hog for hog in hogs]
        # At the limit the kernel kills rather than refuses, and takes what is marked to go before the guest.
        assert ended == ["exit -9"] * HOGS
        await goes_on(scene)
    return found


async def out_of_processes_in_a_command(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        found = await ran((await scene.opened()).guest, "python3", "-c", BOMB)
        await goes_on(scene)
    return found


async def out_of_processes_beside_an_archive(engine: DockerEngine, base: Path) -> Outcome:
    async with docker_scene(engine, base) as scene:
        await scene.change()
        guest = (await scene.opened()).guest
        running = asyncio.ensure_future(ran(guest, "python3", "-c", FILLER))
        while (await ran(guest, "true")) == "exit 0":  # noqa: ASYNC110 - nobody tells of the last process
            await asyncio.sleep(0.05)
        found = outcome(await scene.archive(keep=True))
        await guest.kill_all()
        await running
        await goes_on(scene)
    return found


# -- disk -------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(base: Path) -> Generator[Path]:
    """The data directory on a disk of its own that is soon full. Gives a file that can fill it."""
    data = base / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(data)], check=True)
    try:
        yield data / "filling"
    finally:
        subprocess.run(["umount", str(data)], check=True)


def fill(filling: Path) -> None:
    with filling.open("ab", buffering=0) as file:
        for step in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(step))
            except OSError:
                continue
    assert os.statvfs(filling.parent).f_bavail == 0


async def disk_full_in_a_command(engine: DockerEngine, base: Path) -> Outcome:
    with small_disk(base):
        async with docker_scene(engine, base) as scene:
            await scene.change()
            guest = (await scene.opened()).guest
            found = await ran(guest, "dd", "if=/dev/zero", "of=big", "bs=1M", "count=100", "status=none")
            assert outcome(await scene.archive(keep=True)) == "ok"
            assert await ran(guest, "rm", "big") == "exit 0"
            await goes_on(scene)
    return found


async def disk_full_at_an_archive(engine: DockerEngine, base: Path) -> Outcome:
    with small_disk(base) as filling:
        async with docker_scene(engine, base) as scene:
            await scene.change()
            before = scene.tree()
            fill(filling)
            found = outcome(await scene.archive(keep=True))
            assert scene.tree() == before
            filling.unlink()
            await goes_on(scene)
    return found


async def disk_full_at_opening(engine: DockerEngine, base: Path) -> Outcome:
    with small_disk(base) as filling:
        async with docker_scene(engine, base) as scene:
            fill(filling)
            found = outcome(await scene.open())
            filling.unlink()
            await scene.change()
            await goes_on(scene)
    return found


async def disk_full_at_a_restore(engine: DockerEngine, base: Path) -> Outcome:
    with small_disk(base) as filling:
        async with docker_scene(engine, base) as scene:
            await scene.change()
            await (await scene.opened()).guest.write("large.bin", os.urandom(10 << 20))
            before = scene.tree()
            assert outcome(await scene.archive(keep=True)) == "ok"
            filling.write_bytes(bytes(8 << 20))
            found = outcome(await scene.manager.restore(scene.project_id))
            filling.unlink()
            await scene.opened()
            assert scene.tree() == before
            await (await scene.opened()).guest.remove("large.bin")
            await goes_on(scene)
    return found


# -- the image ----------------------------------------------------------------------------------------------


async def no_image_at_opening(engine: DockerEngine, base: Path) -> Outcome:
    name = f"journeyman-test-none:{os.getpid()}"
    async with docker_scene(engine, base, image=name) as scene:
        found = outcome(await scene.open())
        docker("tag", engine.image, name)
        try:
            await scene.change()
            await goes_on(scene)
        finally:
            docker("rmi", name)
    return found


async def no_image_at_bringing_back(engine: DockerEngine, base: Path) -> Outcome:
    name = f"journeyman-test-gone:{os.getpid()}"
    docker("tag", engine.image, name)
    async with docker_scene(engine, base, image=name) as scene:
        await scene.change()
        before = scene.tree()
        assert outcome(await scene.archive()) == "ok"
        docker("rmi", name)
        found = outcome(await scene.open())
        docker("tag", engine.image, name)
        try:
            await scene.opened()
            assert scene.tree() == before
            await goes_on(scene)
        finally:
            docker("rmi", name)
    return found


HAZARDS: dict[str, dict[str, Hazard]] = {
    "container vanishes": {
        "idle": vanishes_idle,
        "command": vanishes_during_a_command,
        "archive": vanishes_during_an_archive,
        "restore": vanishes_during_a_restore,
    },
    "guest killed": {"command": guest_is_killed_during_a_command},
    "out of memory": {"command": out_of_memory_in_a_command, "archive": out_of_memory_beside_an_archive},
    "pids limit": {"command": out_of_processes_in_a_command, "archive": out_of_processes_beside_an_archive},
    "disk full": {
        "command": disk_full_in_a_command,
        "archive": disk_full_at_an_archive,
        "open": disk_full_at_opening,
        "restore": disk_full_at_a_restore,
    },
    "image missing": {"open": no_image_at_opening, "restore": no_image_at_bringing_back},
}
