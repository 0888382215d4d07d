"""One call to S3: the client, a thread for it, its deadline, its repetitions, its failures.

boto3 is imported when the first call is made, and finds credentials its usual way (environment, profile,
instance role): none are ever passed in here. Knows nothing of what is put and read.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from journeyman.adapters import s3_errors
from journeyman.adapters.bounded_threads import BoundedThreads
from journeyman.adapters.s3_patience import Patience, patiently

THREADS = 8

T = TypeVar("T")
Told = Callable[[int], None]
"""For the work to say, once it knows, how many bytes it is about to fetch."""


class S3Calls:
    def __init__(
        self,
        bucket: str,
        url: str,
        *,
        endpoint: str | None,
        region: str,
        patience: Patience,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._bucket = bucket
        self._url = url
        self._endpoint = endpoint
        self._region = region
        self._patience = patience
        self._sleep = sleep
        self._monotonic = monotonic
        self._chance = chance
        self._threads = BoundedThreads(THREADS, "s3")
        self._client_lock = threading.Lock()
        self._client: Any = None

    @property
    def busy(self) -> int:
        """Calls whose thread has not come back; those that were given up count."""
        return self._threads.busy

    async def run(
        self, key: str, work: Callable[[Any, Told], T], *, size: int = 0, conditional: bool = False
    ) -> T:
        """`work` of a client, in a thread, repeated where that helps. `size`: bytes it sends;
        `conditional`: whether it is made under a condition, so that 409 and 412 say something of it."""

        async def once() -> T:
            return await self._once(key, work, size, conditional)

        return await patiently(
            once,
            self._patience,
            size=size,
            monotonic=self._monotonic,
            sleep=self._sleep,
            chance=self._chance,
        )

    async def _once(self, key: str, work: Callable[[Any, Told], T], size: int, conditional: bool) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience.deadline_s(size)) as deadline:

                def fetching(more: int) -> None:
                    until = loop.time() + self._patience.deadline_s(more)
                    if not deadline.expired():
                        deadline.reschedule(until)

                def guarded() -> T:
                    with s3_errors.typed(
                        url=self._url, bucket=self._bucket, key=key, conditional=conditional
                    ):
                        return work(self._connected(), lambda more: _to_loop(loop, lambda: fetching(more)))

                return await self._threads.run(guarded)
        except TimeoutError as error:
            raise s3_errors.unavailable(self._url, "it took too long") from error

    def _connected(self) -> Any:
        with self._client_lock:
            if self._client is None:
                from boto3.session import Session
                from botocore.config import Config

                config = Config(
                    connect_timeout=self._patience.connect_s,
                    read_timeout=self._patience.answer_s,
                    retries={"mode": "standard", "total_max_attempts": 1},
                    max_pool_connections=THREADS,
                    response_checksum_validation="when_required",
                    s3={"addressing_style": "path" if self._endpoint else "auto"},
                    user_agent_extra="journeyman",
                )
                try:
                    session: Any = Session()
                    self._client = session.client(
                        "s3", endpoint_url=self._endpoint, region_name=self._region, config=config
                    )
                except ValueError as error:  # an endpoint that is no URL
                    raise s3_errors.refused(
                        self._url, str(error)[:200], "Set JOURNEYMAN_S3_ENDPOINT to an http(s) URL."
                    ) from error
            return self._client

    async def close(self) -> None:
        """Does not wait for a store that hangs."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)
        self._threads.close()


def _to_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # whoever asked has gone, and the loop with them
        loop.call_soon_threadsafe(work)
