"""`python -m bench.agent [--quick]`: what a step of a run costs besides the model, and what runs take.

An instant provider over HTTP asks for one `echo` a step. Overhead is from the last byte of its answer to the
first byte of the next request. CPU is that of the daemon and of the workspaces' guests with all they started.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

from rich.progress import Progress

from bench.daemons import Daemon, daemon, memory_mb
from bench.instant_provider import InstantProvider
from bench.references import bash_echo_ms
from bench.table import Row, render
from journeyman.adapters.docker_presence import docker_presence
from journeyman.client.connection import Client

MODEL = "openai-compatible/instant"
GUEST = b"/guest.sock"
LOOK_S = 0.1
RUNS = 5
"""One after the other: a single one says more of the moment than of us."""
REFERENCE = Path(__file__).with_name("reference_agent.py")


@asynccontextmanager
async def at_work(sandbox: str, provider: InstantProvider) -> AsyncGenerator[tuple[Daemon, Client]]:
    """A daemon that knows the provider and has made one run, so that nothing is done for the first time."""
    settings = {
        "JOURNEYMAN_SANDBOX": sandbox,
        "JOURNEYMAN_MODEL_BASE_URL": await provider.start(),
        "JOURNEYMAN_STEPS_PER_SEGMENT": str(2 * provider.steps),
    }
    with daemon(**settings) as running:
        async with Client.connect(socket=running.socket) as client:
            await run(client, "warm up")
            provider.gaps_ms.clear()
            provider.request_bytes.clear()
            yield running, client
    await provider.stop()


async def run(client: Client, prompt: str) -> None:
    answer = await client.request("agent/run", {"prompt": prompt, "model": MODEL, "mode": "execute"})
    if answer["status"] != "completed":
        raise SystemExit(f"the bench's run ended {answer['status']}: {answer['summary']}")
    await client.request("project/delete", {"projectId": answer["projectId"], "archives": True})


async def overhead(sandbox: str, steps: int) -> list[Row]:
    provider = InstantProvider(steps)
    async with at_work(sandbox, provider) as (_, client):
        reference: list[float] = []
        for number in range(RUNS):
            reference += bash_echo_ms(10)
            await run(client, f"{steps} steps, {number}")
        sizes = tuple(provider.request_bytes[: steps + 1])
        name = f"overhead per step, {sandbox}, {steps} steps"
        rows = [Row(name, "ms", tuple(provider.gaps_ms), "bash -c echo", tuple(reference))]
        if steps >= 50:
            growth = tuple(float(after - size) for size, after in pairwise(sizes))
            rows += [
                Row(f"request at step 1, {sandbox}", "bytes", (float(sizes[0]),)),
                Row(f"request at step 50, {sandbox}", "bytes", (float(sizes[49]),)),
                Row(f"growth of a request per step, {sandbox}", "bytes", growth),
            ]
        return rows


async def least(steps: int) -> Row:
    """What the least agent there can be takes, with the same provider: it stores and guards nothing."""
    provider = InstantProvider(steps)
    command = [sys.executable, str(REFERENCE), await provider.start(), f"{steps} steps"]
    process = await asyncio.create_subprocess_exec(*command)
    if await process.wait():
        raise SystemExit("the reference agent failed")
    await provider.stop()
    return Row(f"overhead per step, reference agent, {steps} steps", "ms", tuple(provider.gaps_ms))


async def taken(sandbox: str, steps: int, together: int) -> list[Row]:
    """CPU and memory of so many runs at once."""
    provider = InstantProvider(steps)
    async with at_work(sandbox, provider) as (running, client):
        watch = _Watch(running)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        async with asyncio.TaskGroup() as group:
            runs = [group.create_task(run(client, f"run {i}")) for i in range(together)]
            while not all(task.done() for task in runs):
                watch.look()
                await asyncio.sleep(LOOK_S)
        seconds = loop.time() - begin
        made = steps * together
        name = f"{sandbox}, {together} at once, {steps} steps"
        return [
            Row(f"daemon's CPU per step, {name}", "ms", (watch.daemon_cpu_s() * 1000 / made,)),
            Row(f"workspace's CPU per step, {name}", "ms", (watch.guests_cpu_s * 1000 / made,)),
            Row(f"daemon's peak memory, {name}", "MiB", (watch.daemon_mb,)),
            Row(f"workspaces' peak memory, {name}", "MiB", (watch.guests_mb,)),
            Row(f"steps a second, {name}", "", (made / seconds,)),
        ]


class _Watch:
    """What a daemon and the guests on this machine took since it was made. Guests that were seen once are
    remembered as they were last seen."""

    def __init__(self, running: Daemon) -> None:
        self._running = running
        self._before = running.cpu_s()
        self._old = {pid: cpu for pid, cpu, _ in _guests(running.root)}
        self._seen: dict[int, float] = {}
        self.daemon_mb = self.guests_mb = 0.0

    def look(self) -> None:
        guests = _guests(self._running.root)
        self._seen.update({pid: cpu - self._old.get(pid, 0.0) for pid, cpu, _ in guests})
        self.daemon_mb = max(self.daemon_mb, self._running.memory_mb())
        self.guests_mb = max(self.guests_mb, sum(mb for _, _, mb in guests))

    def daemon_cpu_s(self) -> float:
        return self._running.cpu_s() - self._before

    @property
    def guests_cpu_s(self) -> float:
        return sum(self._seen.values())


def _guests(root: Path) -> list[tuple[int, float, float]]:
    """(process, CPU seconds with those of what it started and waited for, MiB) of every guest of the daemon
    whose data is below `root`: its files are mounted there."""
    found: list[tuple[int, float, float]] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if GUEST not in (entry / "cmdline").read_bytes():
                continue
            if root.name.encode() not in (entry / "mountinfo").read_bytes():
                continue
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            ticks = sum(int(field) for field in fields[11:15])
            found.append((int(entry.name), ticks / os.sysconf("SC_CLK_TCK"), memory_mb(int(entry.name))))
        except (OSError, RuntimeError):
            continue  # it ended while it was looked at
    return found


async def measured(sandboxes: list[str], *, quick: bool) -> list[Row]:
    together = 8 if quick else 32
    jobs = [overhead, overhead, taken, taken]
    rows = [await least(20), await least(100)]
    # Drawn between the measurements only: the provider is in this process.
    with Progress(transient=True, auto_refresh=False) as progress:
        task = progress.add_task("measuring", total=len(jobs) * len(sandboxes))

        def done(steps: int = 1) -> None:
            progress.advance(task, steps)
            progress.refresh()

        done(0)
        for sandbox in sandboxes:
            rows += await overhead(sandbox, 20)
            done()
            rows += await overhead(sandbox, 100)
            done()
            rows += await taken(sandbox, 50, 1)
            done()
            rows += await taken(sandbox, 50, together)
            done()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description="What a step costs.")
    parser.add_argument("--quick", action="store_true", help="fewer runs at once")
    quick: bool = parser.parse_args().quick
    presence = asyncio.run(docker_presence("code-workspace:latest"))
    docker = bool(presence.engine and presence.image)
    before = os.getloadavg()[0]
    rows = asyncio.run(measured(["bubblewrap", *(["docker"] if docker else [])], quick=quick))
    print(render(rows))
    print(f"load average before {before:.1f}, after {os.getloadavg()[0]:.1f}; {os.cpu_count()} processors")
    if not docker:
        print("No Docker engine with the workspace image answers: its rows are missing.")


if __name__ == "__main__":
    main()
