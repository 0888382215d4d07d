"""`GET /metrics` for Prometheus, where the user asked for it: one loopback address, one path, nothing else.

Knows no service: it is given what to answer. The text is Prometheus' own; HTTP is h11's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence

import h11
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric

from journeyman.failures import Failure

log = logging.getLogger(__name__)

HEAD_MAX = 16 * 1024
DEADLINE_S = 10.0
AT_ONCE = 4
Collect = Callable[[], Awaitable[Sequence[Metric]]]


class _Families:
    """What `generate_latest` takes for a registry."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families


async def listen(host: str, port: int, collect: Collect) -> asyncio.Server:
    """Raises `invalid` where the address cannot be had."""
    free = asyncio.Semaphore(AT_ONCE)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S), free:
                writer.write(await _answer(reader, collect))
                await writer.drain()
        except (TimeoutError, OSError, h11.ProtocolError) as error:
            log.debug("a request for metrics was not answered: %s", type(error).__name__)
        except Failure as failure:
            log.warning("metrics cannot be had: %s", failure.message)
        finally:
            writer.close()

    try:
        return await asyncio.start_server(serve, host, port, family=_family(host), limit=HEAD_MAX)
    except OSError as error:
        raise Failure(
            "invalid",
            f"Cannot listen on {host}:{port} for metrics: {error.strerror or error}.",
            hint="Set metrics_listen to a free port.",
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _answer(reader: asyncio.StreamReader, collect: Collect) -> bytes:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(4096))
    if not isinstance(event, h11.Request):
        return b""
    status, body, kind = 404, b"There is only /metrics here.\n", "text/plain"
    if event.target.partition(b"?")[0] == b"/metrics":
        status, body = 405, b"Only GET.\n"
        if event.method == b"GET":
            families = await collect()
            body = generate_latest(_Families(families))  # pyright: ignore[reportArgumentType]
            status, kind = 200, CONTENT_TYPE_LATEST
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")]
    parts = [
        connection.send(h11.Response(status_code=status, headers=headers)),
        connection.send(h11.Data(data=body)) if event.method != b"HEAD" else b"",
    ]
    with contextlib.suppress(h11.LocalProtocolError):
        parts.append(connection.send(h11.EndOfMessage()))
    return b"".join(part or b"" for part in parts)
