"""What a step costs besides the model: an instant provider over HTTP, one `echo` a step."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from bench.daemons import Daemon, daemon
from bench.instant_provider import InstantProvider
from bench.references import bash_echo_ms
from bench.table import Row
from journeyman.client.connection import Client

MODEL = "openai-compatible/instant"


def stepping(sandbox: str, steps: int, together: int) -> list[Row]:
    return asyncio.run(_stepping(sandbox, steps, together))


async def _stepping(sandbox: str, steps: int, together: int) -> list[Row]:
    provider = InstantProvider(steps)
    url = await provider.start()
    settings = {"JOURNEYMAN_SANDBOX": sandbox, "JOURNEYMAN_MODEL_BASE_URL": url}
    with daemon(**settings) as running:
        async with Client.connect(socket=running.socket) as client:
            await _run(client, "warm up")
            provider.gaps_ms.clear()
            provider.request_bytes.clear()
            before, memory = running.cpu_s(), running.memory_mb()
            reference = bash_echo_ms(30)
            await _run(client, "one alone")
            gaps = tuple(provider.gaps_ms)
            sizes = tuple(provider.request_bytes)
            cpu = (running.cpu_s() - before) * 1000 / steps
            rows = [
                Row(f"overhead per step, {sandbox}", "ms", gaps, "bash -c echo", reference),
                Row(f"the daemon's CPU per step, {sandbox}", "ms", (cpu,)),
                Row("first request with all tools", "KiB", (sizes[0] / 1024,)),
                Row("growth of a request per step", "bytes", tuple(b - a for a, b in pairwise(sizes))),
            ]
            if together:
                rows += await _together(running, client, sandbox, steps, together, memory)
    await provider.stop()
    return rows


async def _together(
    running: Daemon, client: Client, sandbox: str, steps: int, together: int, idle_mb: float
) -> list[Row]:
    loop = asyncio.get_running_loop()
    before, begin = running.cpu_s(), loop.time()
    peak = idle_mb
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(_run(client, f"together {i}")) for i in range(together)]
        while not all(task.done() for task in runs):
            peak = max(peak, running.memory_mb())
            await asyncio.sleep(0.2)
    seconds = loop.time() - begin
    cpu = (running.cpu_s() - before) * 1000 / (steps * together)
    return [
        Row(f"{together} runs at once, {sandbox}", "steps/s", (steps * together / seconds,)),
        Row("the daemon's CPU per step then", "ms", (cpu,)),
        Row("memory per run then (daemon only)", "MiB", ((peak - idle_mb) / together,)),
    ]


async def _run(client: Client, prompt: str) -> None:
    answer = await client.request("agent/run", {"prompt": prompt, "model": MODEL, "mode": "execute"})
    if answer["status"] != "completed":
        raise SystemExit(f"the bench's run ended {answer['status']}: {answer['summary']}")
    await client.request("project/delete", {"projectId": answer["projectId"], "archives": True})
