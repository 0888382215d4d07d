"""Whether a server on this machine is there: one TCP connection, nothing sent.

Asked for local providers only, so that `model/list` does not offer an Ollama that does not run. Servers
elsewhere are not touched before somebody uses them.
"""

from __future__ import annotations

import asyncio
import ipaddress
from urllib.parse import urlsplit

CONNECT_S = 0.5


def is_local(url: str) -> bool:
    """Whether `url` names this machine by its loopback address or as `localhost`."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def answers(url: str) -> bool:
    """Whether something accepts connections at the host and port of `url` within half a second."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
