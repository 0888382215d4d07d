"""Workspaces in containers of a Docker engine on this machine.

docker-py blocks, so every call runs in a thread of this adapter's own bounded set; the library is imported
there, when first needed. The generation's directory and the guest's socket directory are plain bind mounts:
nothing the engine can prune holds a workspace's bytes, and removing a container removes no file. The archive
endpoints of the engine (put_archive, get_archive) are never used: a container that runs can turn them
against the host.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread

from journeyman.adapters.docker_failures import translated
from journeyman.adapters.docker_flags import (
    LABEL,
    EngineFacts,
    container_options,
    engine_facts,
    instance_from,
    report_of,
)
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.delivery import deliver
from journeyman.ports.clock import Ids, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Instance, InstanceSpec, SandboxReport

if TYPE_CHECKING:
    from docker import DockerClient

T = TypeVar("T")
THREADS = 8
ENGINE_S = 60
ATTACH_S = 30.0


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
    ) -> None:
        self._data = data_dir
        self._uid = uid
        self._host = host
        self._extra_mounts = dict(extra_mounts or {})
        self._runtime = runtime
        self._ids = ids or SystemIds()
        self._owner = hashlib.sha256(os.fsencode(str(data_dir.absolute()))).hexdigest()[:16]
        self._made: DockerClient | None = None
        self._facts: EngineFacts | None = None
        self._limiter: anyio.CapacityLimiter | None = None

    @property
    def name(self) -> str:
        return "docker"

    async def _run(self, work: Callable[[DockerClient], T]) -> T:
        """Run `work` in a thread of ours; whatever docker-py raises becomes a Failure."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(THREADS)

        def call() -> T:
            with translated():
                return work(self._client())

        return await anyio.to_thread.run_sync(call, limiter=self._limiter)

    def _client(self) -> DockerClient:
        if self._made is None:
            import docker

            if self._host is None:
                self._made = docker.from_env(timeout=ENGINE_S)
            else:
                self._made = docker.DockerClient(base_url=self._host, timeout=ENGINE_S)
        return self._made

    def _engine(self, client: DockerClient) -> EngineFacts:
        if self._facts is None:
            self._facts = engine_facts(client)
        return self._facts

    async def probe(self) -> SandboxReport:
        try:
            return report_of(await self._run(self._engine), self._runtime)
        except Failure as failure:
            return SandboxReport(False, "none", failure.message, failure.hint)

    async def create(self, spec: InstanceSpec) -> Instance:
        return await self._run(lambda client: self._create(client, spec))

    def _create(self, client: DockerClient, spec: InstanceSpec) -> Instance:
        facts = self._engine(client)
        if not facts.local:
            raise Failure(
                "no_sandbox",
                "The Docker engine is on another machine; workspaces need one on this machine.",
                hint="Unset DOCKER_HOST, or choose the bubblewrap sandbox.",
            )
        if not spec.files.is_dir():
            raise Failure("workspace_failed", f"The workspace's directory {spec.files} is not there.")
        runtime = self._runtimes() / self._ids.new()
        runtime.mkdir(mode=0o700, parents=True)
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
        except BaseException:
            runtime.rmdir()
            raise
        found = self._look(client, made.id)
        assert found is not None
        return found

    async def start(self, instance_id: str) -> None:
        def work(client: DockerClient) -> None:
            self._known(client, instance_id)
            client.api.start(instance_id)

        await self._run(work)

    async def attach(self, instance_id: str) -> Guest:
        until = time.monotonic() + ATTACH_S
        patience = 1.0
        while True:
            instance, socket = await self._run(lambda client: self._socket_of(client, instance_id))
            if instance.state != "running":
                raise await self._not_running(instance)
            left = until - time.monotonic()
            try:
                return await GuestClient.attach(socket, timeout_s=max(0.1, min(patience, left)))
            except Failure as failure:
                if failure.kind != "workspace_failed" or not failure.retryable or left <= patience:
                    raise
            patience *= 2

    def _socket_of(self, client: DockerClient, instance_id: str) -> tuple[Instance, Path]:
        entry = self._known(client, instance_id)
        return instance_from(entry), self._runtimes() / entry["Labels"][f"{LABEL}.runtime"] / "guest.sock"

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
            failure.data["log"] = await self._run(tail)
        return failure

    async def pause(self, instance_id: str) -> None:
        def work(client: DockerClient) -> None:
            self._known(client, instance_id)
            client.api.pause(instance_id)

        await self._run(work)

    async def resume(self, instance_id: str) -> None:
        def work(client: DockerClient) -> None:
            if instance_from(self._known(client, instance_id)).state == "paused":
                client.api.unpause(instance_id)

        await self._run(work)

    async def stop(self, instance_id: str, *, grace_s: float = 5.0) -> None:
        instance, socket = await self._run(lambda client: self._socket_of(client, instance_id))
        if instance.state not in ("running", "paused"):
            return
        await self.resume(instance_id)
        with contextlib.suppress(Failure):  # where the guest does not answer, the engine ends it all the same
            guest = await GuestClient.attach(socket, timeout_s=2.0)
            try:
                await guest.end_all(grace_s=grace_s)
            finally:
                await guest.close()
        await self._run(lambda client: client.api.stop(instance_id, timeout=2))

    async def remove(self, instance_id: str) -> None:
        await self._run(lambda client: self._remove(client, instance_id))

    def _remove(self, client: DockerClient, instance_id: str) -> None:
        entry = self._entry(client, id=instance_id)
        if entry is None:
            return
        client.api.remove_container(instance_id, force=True, v=False)
        runtime = self._runtimes() / entry["Labels"][f"{LABEL}.runtime"]
        for file in list(runtime.iterdir()) if runtime.is_dir() else ():
            file.unlink(missing_ok=True)
        if runtime.is_dir():
            runtime.rmdir()

    async def find(self, name: str) -> Instance | None:
        def work(client: DockerClient) -> Instance | None:
            for entry in self._entries(client, label=[f"{LABEL}.name={name}"]):
                return instance_from(entry)
            return None

        return await self._run(work)

    async def list(self) -> tuple[Instance, ...]:
        return await self._run(lambda client: tuple(map(instance_from, self._entries(client))))

    async def close(self) -> None:
        client, self._made = self._made, None
        if client is not None:
            await anyio.to_thread.run_sync(client.close)

    # What the engine knows, by our labels only: containers of others are never touched.

    def _entries(self, client: DockerClient, **filters: Any) -> list[dict[str, Any]]:
        labels = [f"{LABEL}.data={self._owner}", *filters.pop("label", [])]
        api: Any = client.api
        found = api.containers(all=True, filters={"label": labels, **filters})
        return list(found)

    def _entry(self, client: DockerClient, **filters: Any) -> dict[str, Any] | None:
        for entry in self._entries(client, **filters):
            if entry["Id"] == filters["id"]:
                return entry
        return None

    def _look(self, client: DockerClient, instance_id: str) -> Instance | None:
        entry = self._entry(client, id=instance_id)
        return None if entry is None else instance_from(entry)

    def _known(self, client: DockerClient, instance_id: str) -> dict[str, Any]:
        entry = self._entry(client, id=instance_id)
        if entry is None:
            raise Failure(
                "workspace_failed",
                f"There is no workspace container {instance_id[:12]!r}.",
                hint="Open the workspace again.",
                retryable=True,
            )
        return entry

    def _runtimes(self) -> Path:
        return self._data / "instances" / "docker"
