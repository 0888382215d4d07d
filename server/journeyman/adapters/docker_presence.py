"""Does a Docker engine answer, and has it our image? Two small HTTP requests over its Unix socket.

The daemon asks this at start to choose a sandbox; docker-py, which takes a quarter of a second to import,
is not needed for it. Engines reached over TCP or SSH are used only when the settings say `docker`.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from urllib.parse import quote

ANSWER_S = 3.0
ANSWER_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Presence:
    engine: bool
    image: bool


def engine_socket() -> str | None:
    """The path of the engine's Unix socket, or None where DOCKER_HOST names something else."""
    host = os.environ.get("DOCKER_HOST", "")
    if not host:
        return "/var/run/docker.sock"
    return host.removeprefix("unix://") if host.startswith("unix://") else None


async def docker_presence(image: str) -> Presence:
    """Never raises: what does not answer in three seconds is not there."""
    path = engine_socket()
    if path is None or await _status(path, "/_ping") != 200:
        return Presence(engine=False, image=False)
    return Presence(engine=True, image=await _status(path, f"/images/{quote(image, safe='')}/json") == 200)


async def _status(path: str, target: str) -> int | None:
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=ANSWER_BYTES_MAX)
            try:
                writer.write(f"GET {target} HTTP/1.0\r\nHost: docker\r\n\r\n".encode("ascii"))
                await writer.drain()
                words = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        return None
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None
