"""Workspaces in containers of a Docker engine on this machine.

docker-py blocks, so every call runs in a thread of this adapter's own bounded set; the library is imported
there, when first needed. The generation's directory and the guest's socket directory are plain bind mounts:
nothing the engine can prune holds a workspace's bytes, and removing a container removes no file. The archive
endpoints of the engine (put_archive, get_archive) are never used: a container that runs can turn them
against the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journeyman.adapters.docker_calls import ENGINE_S, DockerCalls, Entry
from journeyman.adapters.docker_failures import is_being_removed, too_slow, vanished
from journeyman.adapters.docker_flags import LABEL, container_options, files_of, instance_from, report_of
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.delivery import deliver
from journeyman.ports.clock import Ids, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Instance, InstanceSpec, SandboxReport

if TYPE_CHECKING:
    from docker import DockerClient

ATTACH_S = 30.0
STOP_S = 2
LOOK_S = 0.1
"""How often it is looked whether a removal that somebody else asked for is over."""


class DockerSandbox:
    """Implements `ports.sandbox.Sandbox`. `host` is the engine's address (default: DOCKER_HOST, else the
    local socket); `extra_mounts` binds host directories read-only, for images that borrow the host's
    programs; `runtime` names another OCI runtime of the engine."""

    def __init__(
        self,
        data_dir: Path,
        *,
        uid: int,
        host: str | None = None,
        extra_mounts: Mapping[str, str] | None = None,
        runtime: str | None = None,
        ids: Ids | None = None,
        engine_s: float = ENGINE_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._data = data_dir
        self._uid = uid
        self._extra_mounts = dict(extra_mounts or {})
        self._runtime = runtime
        self._ids = ids or SystemIds()
        self._owner = hashlib.sha256(os.fsencode(str(data_dir.absolute()))).hexdigest()[:16]
        self._calls = DockerCalls(host, self._owner, engine_s=engine_s, sleep=sleep)
        self._making: set[str] = set()
        """Socket directories a container is being made for."""

    @property
    def name(self) -> str:
        return "docker"

    async def probe(self) -> SandboxReport:
        try:
            return report_of(await self._calls.run(self._calls.facts), self._runtime)
        except Failure as failure:
            return SandboxReport(False, "none", failure.message, failure.hint)

    async def create(self, spec: InstanceSpec) -> Instance:
        runtime = self._runtimes() / self._ids.new()

        def work(client: DockerClient) -> Instance:
            self._making.add(runtime.name)
            try:
                return self._create(client, spec, runtime)
            finally:
                self._making.discard(runtime.name)

        return await self._calls.run(work)

    def _create(self, client: DockerClient, spec: InstanceSpec, runtime: Path) -> Instance:
        """Again with the same `runtime`, it finds what an attempt whose answer was lost has made."""
        facts = self._calls.facts(client)
        if not facts.local:
            raise Failure(
                "no_sandbox",
                "The Docker engine is on another machine; workspaces need one on this machine.",
                hint="Unset DOCKER_HOST, or choose the bubblewrap sandbox.",
            )
        if not spec.files.is_dir():
            raise Failure("workspace_failed", f"The workspace's directory {spec.files} is not there.")
        for entry in self._swept(client):
            if entry["Labels"].get(f"{LABEL}.runtime") == runtime.name:
                return instance_from(entry)
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(runtime, self._uid, self._uid)
        options = container_options(
            spec,
            facts,
            uid=self._uid,
            owner=self._owner,
            program=deliver(self._data / "guest"),
            runtime=runtime,
            extra_mounts=self._extra_mounts,
            oci_runtime=self._runtime,
        )
        try:
            made: Any = client.containers.create(**options)
        except docker_errors().APIError:
            with contextlib.suppress(Failure):  # then the next one looks
                if not self._has_container(client, runtime):
                    runtime.rmdir()
            raise
        found = self._calls.entry(client, made.id)
        if found is None:
            raise vanished(made.id)
        return instance_from(found)

    def _has_container(self, client: DockerClient, runtime: Path) -> bool:
        return bool(self._calls.entries(client, f"{LABEL}.runtime={runtime.name}"))

    def _swept(self, client: DockerClient) -> list[Entry]:
        """What there is; socket directories no container has, and none is being made for, are removed."""
        there = list(self._runtimes().iterdir()) if self._runtimes().is_dir() else []
        kept = frozenset(self._making)
        entries = self._calls.entries(client)
        kept |= {entry["Labels"].get(f"{LABEL}.runtime") for entry in entries}
        for runtime in there:
            if runtime.name not in kept:
                _remove_runtime(runtime)
        return entries

    async def start(self, instance_id: str) -> None:
        def work(client: DockerClient) -> None:
            self._calls.known(client, instance_id)
            client.api.start(instance_id)

        await self._calls.run(work)

    async def attach(self, instance_id: str) -> Guest:
        until = time.monotonic() + ATTACH_S
        patience = 1.0
        while True:
            instance, socket, files = await self._calls.run(lambda client: self._found(client, instance_id))
            if instance.state != "running":
                raise await self._not_running(instance)
            left = until - time.monotonic()
            try:
                return await GuestClient.attach(socket, timeout_s=max(0.1, min(patience, left)), files=files)
            except Failure as failure:
                if failure.kind != "workspace_failed" or not failure.retryable or left <= patience:
                    raise
            patience *= 2

    def _found(self, client: DockerClient, instance_id: str) -> tuple[Instance, Path, Path | None]:
        """With its guest's socket and its files."""
        entry = self._calls.known(client, instance_id)
        socket = self._runtimes() / entry["Labels"][f"{LABEL}.runtime"] / "guest.sock"
        return instance_from(entry), socket, files_of(entry)

    async def _not_running(self, instance: Instance) -> Failure:
        def tail(client: DockerClient) -> str:
            raw: Any = client.api.logs(instance.id, tail=20)
            return bytes(raw)[-2000:].decode("utf-8", "replace")

        failure = Failure(
            "workspace_failed",
            f"The workspace {instance.name} is not running.",
            hint="Start it first; if it stops at once, see that its image has python3 3.8 or newer.",
            retryable=True,
        )
        with contextlib.suppress(Failure):
            failure.data["log"] = await self._calls.run(tail)
        return failure

    async def pause(self, instance_id: str) -> None:
        def work(client: DockerClient) -> None:
            self._calls.known(client, instance_id)
            client.api.pause(instance_id)

        await self._calls.run(work)

    async def resume(self, instance_id: str) -> None:
        def work(client: DockerClient) -> None:
            if instance_from(self._calls.known(client, instance_id)).state == "paused":
                client.api.unpause(instance_id)

        await self._calls.run(work)

    async def stop(self, instance_id: str, *, grace_s: float = 5.0) -> None:
        instance, socket, _ = await self._calls.run(lambda client: self._found(client, instance_id))
        if instance.state not in ("running", "paused"):
            return
        await self.resume(instance_id)
        with contextlib.suppress(Failure):  # where the guest does not answer, the engine ends it all the same
            guest = await GuestClient.attach(socket, timeout_s=2.0)
            try:
                await guest.end_all(grace_s=grace_s)
            finally:
                await guest.close()
        await self._calls.run(lambda client: client.api.stop(instance_id, timeout=STOP_S))

    async def remove(self, instance_id: str) -> None:
        runtimes: set[str] = set()

        def work(client: DockerClient) -> bool:
            entry = self._calls.entry(client, instance_id)
            if entry is not None:
                runtimes.add(entry["Labels"][f"{LABEL}.runtime"])
                try:
                    client.api.remove_container(instance_id, force=True, v=False)
                except docker_errors().NotFound:
                    if self._calls.entry(client, instance_id) is not None:
                        raise
                except docker_errors().APIError as error:
                    if not is_being_removed(error):
                        raise
                    return False
            for runtime in runtimes:
                _remove_runtime(self._runtimes() / runtime)
            return True

        clock = asyncio.get_running_loop().time
        until = clock() + self._calls.engine_s
        while not await self._calls.run(work):
            if clock() > until:
                raise too_slow()
            await asyncio.sleep(LOOK_S)

    async def find(self, name: str) -> Instance | None:
        def work(client: DockerClient) -> Instance | None:
            for entry in self._calls.entries(client, f"{LABEL}.name={name}"):
                return instance_from(entry)
            return None

        return await self._calls.run(work)

    async def list(self) -> tuple[Instance, ...]:
        return await self._calls.run(lambda client: tuple(map(instance_from, self._calls.entries(client))))

    async def close(self) -> None:
        await self._calls.close()

    def _runtimes(self) -> Path:
        return self._data / "instances" / "docker"


def docker_errors() -> Any:
    """The library's exceptions, imported where a thread of ours has the library already."""
    import docker.errors

    return docker.errors


def _remove_runtime(runtime: Path) -> None:
    for file in list(runtime.iterdir()) if runtime.is_dir() else ():
        file.unlink(missing_ok=True)
    if runtime.is_dir():
        runtime.rmdir()
