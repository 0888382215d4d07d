"""One call to the Docker engine: the client, a thread for it, its deadline, its repetition, its failures; and
what the engine says there is of ours.

docker-py blocks, so every call runs in a thread of a bounded set; the library is imported there, when first
needed. Knows containers by our labels only: those of others are never touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from journeyman.adapters.bounded_threads import BoundedThreads
from journeyman.adapters.docker_failures import (
    PassingError,
    cannot_list,
    too_slow,
    translated,
    unreadable,
    vanished,
)
from journeyman.adapters.docker_flags import LABEL, EngineFacts, engine_facts
from journeyman.failures import Failure

if TYPE_CHECKING:
    from docker import DockerClient

T = TypeVar("T")
THREADS = 8
ENGINE_S = 60
"""Longest silence of the engine; a call as a whole may take twice this."""
ATTEMPTS = 3
PAUSE_S = 0.2
"""Before what broke off is tried again: a connection kept open does not outlive a restart of the engine."""

Entry = dict[str, Any]
"""A container in the engine's list."""


class DockerCalls:
    def __init__(
        self,
        host: str | None,
        owner: str,
        *,
        engine_s: float = ENGINE_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`host` is the engine's address (default: DOCKER_HOST, else the local socket); `owner` marks the
        containers of this data directory."""
        self._host = host
        self._owner = owner
        self.engine_s = engine_s
        self._sleep = sleep
        self._made: DockerClient | None = None
        self._facts: EngineFacts | None = None
        self._threads = BoundedThreads(THREADS, "docker")

    @property
    def busy(self) -> int:
        """Calls whose thread has not come back; those that were given up count."""
        return self._threads.busy

    async def run(self, work: Callable[[DockerClient], T]) -> T:
        """Run `work` in a thread of ours, and again where its connection broke off: it must be something
        that can be done twice. Whatever docker-py raises becomes a Failure."""

        def call() -> T:
            with translated():
                return work(self._client())

        attempt = 1
        while True:
            try:
                async with asyncio.timeout(2 * self.engine_s):
                    return await self._threads.run(call)
            except TimeoutError:
                raise too_slow() from None
            except PassingError:
                if attempt == ATTEMPTS:
                    raise
            await self._sleep(PAUSE_S * attempt)
            attempt += 1

    def _client(self) -> DockerClient:
        if self._made is None:
            import docker

            if self._host is None:
                self._made = docker.from_env(timeout=ENGINE_S)
            else:
                self._made = docker.DockerClient(base_url=self._host, timeout=ENGINE_S)
        api: Any = self._made.api
        api.timeout = self.engine_s
        return self._made

    async def close(self) -> None:
        """Does not wait for an engine that hangs."""
        client, self._made = self._made, None
        if client is not None:
            await asyncio.to_thread(client.close)
        self._threads.close()

    # -- in a thread ------------------------------------------------------------------------------------

    def facts(self, client: DockerClient) -> EngineFacts:
        if self._facts is None:
            self._facts = engine_facts(client)
        return self._facts

    def entries(self, client: DockerClient, *labels: str, **filters: Any) -> list[Entry]:
        wanted = [f"{LABEL}.data={self._owner}", *labels]
        api: Any = client.api
        try:
            with translated():
                found: Any = api.containers(all=True, filters={"label": wanted, **filters})
        except PassingError:
            raise
        except Failure as failure:
            raise cannot_list(failure) from failure
        if not isinstance(found, list):
            raise unreadable()
        return cast("list[Entry]", found)

    def entry(self, client: DockerClient, instance_id: str) -> Entry | None:
        for entry in self.entries(client, id=instance_id):
            if entry["Id"] == instance_id:
                return entry
        return None

    def known(self, client: DockerClient, instance_id: str) -> Entry:
        entry = self.entry(client, instance_id)
        if entry is None:
            raise vanished(instance_id)
        return entry
