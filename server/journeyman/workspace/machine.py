"""Instances and guests, with deadlines: making, starting, reaching and stopping. Nothing here removes.

It knows which name an instance has and which private directory it is bound to, and nothing of leases,
archives or the map.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Generation, Generations, Instance, InstanceSpec, Limits, Sandbox
from journeyman.workspace.deadlines import Deadlines, within
from journeyman.workspace.pressure import Space

log = logging.getLogger(__name__)

Attend = Callable[[str, Guest], None]
"""Told of every connection to a guest as soon as it is there, with the project's id. Must not block."""
ImageOf = Callable[[str], Awaitable[str | None]]
"""The image a project asks for; None for the default one."""
STAGING = ".restore"
"""Suffix of the instance a restore is staged in."""


def staging_name(project_id: str) -> str:
    return project_id + STAGING


class Machine:
    def __init__(
        self,
        sandbox: Sandbox,
        generations: Generations,
        *,
        image: str,
        image_of: ImageOf,
        limits: Limits,
        deadlines: Deadlines,
        attend: Attend | None,
        space: Space,
    ) -> None:
        self._space = space
        self._sandbox = sandbox
        self._generations = generations
        self._image = image
        self._image_of = image_of
        self._limits = limits
        self._deadlines = deadlines
        self._attend = attend

    async def find(self, name: str) -> Instance | None:
        async with within(self._deadlines.sandbox_s, "Looking for the workspace's instance"):
            return await self._sandbox.find(name)

    async def instances(self) -> tuple[Instance, ...]:
        async with within(self._deadlines.sandbox_s, "Listing instances"):
            return await self._sandbox.list()

    async def generations(self, project_id: str) -> tuple[Generation, ...]:
        async with within(self._deadlines.files_s, "Listing the workspace's directories"):
            return await self._generations.list(project_id)

    async def projects_with_files(self) -> tuple[str, ...]:
        async with within(self._deadlines.files_s, "Listing the workspaces' directories"):
            return await self._generations.projects()

    async def prepare(self, project_id: str, *, needed: int = 0) -> tuple[int, Path]:
        """An empty directory that is not a workspace until `commit`. `disk_full` where the machine has no
        room for `needed` bytes more."""
        await self._space.refuse_when_full(needed)
        async with within(self._deadlines.files_s, "Making a directory for the workspace"):
            return await self._generations.prepare(project_id)

    async def commit(self, project_id: str, generation: int) -> None:
        async with within(self._deadlines.files_s, "Completing the workspace's directory"):
            await self._generations.commit(project_id, generation)

    async def create(
        self,
        project_id: str,
        generation: int,
        *,
        epoch: int,
        files: Path | None = None,
        staging: bool = False,
    ) -> Instance:
        """A new instance on this generation, not yet started."""
        if files is None:
            async with within(self._deadlines.files_s, "Finding the workspace's directory"):
                files = await self._generations.path(project_id, generation)
        async with within(self._deadlines.store_s, "Reading the project's image"):
            image = await self._image_of(project_id) or self._image
        spec = InstanceSpec(
            project_id=project_id,
            name=staging_name(project_id) if staging else project_id,
            generation=generation,
            epoch=epoch,
            files=files,
            image=image,
            limits=self._limits,
        )
        async with within(self._deadlines.sandbox_s, "Making the workspace's instance"):
            return await self._sandbox.create(spec)

    async def reach(self, instance: Instance) -> Guest:
        """Start or resume the instance where it does not run, and connect to its guest."""
        async with within(self._deadlines.sandbox_s, "Starting the workspace"):
            if instance.state == "paused":
                await self._sandbox.resume(instance.id)
            elif instance.state != "running":
                await self._sandbox.start(instance.id)
            return await self._attach(instance)

    async def restart(self, instance: Instance) -> Guest:
        """Stop and start an instance whose guest does not answer, and connect."""
        async with within(self._deadlines.sandbox_s, "Restarting the workspace"):
            await self._sandbox.stop(instance.id)
            await self._sandbox.start(instance.id)
            return await self._attach(instance)

    async def _attach(self, instance: Instance) -> Guest:
        guest = await self._sandbox.attach(instance.id)
        if self._attend is not None:
            self._attend(instance.project_id, guest)
        return guest

    async def stop(self, instance: Instance) -> None:
        async with within(self._deadlines.sandbox_s, "Stopping the workspace"):
            await self._sandbox.stop(instance.id)

    async def pause(self, instance: Instance) -> None:
        async with within(self._deadlines.sandbox_s, "Freezing the workspace"):
            await self._sandbox.pause(instance.id)

    async def resume(self, instance: Instance) -> None:
        async with within(self._deadlines.sandbox_s, "Thawing the workspace"):
            await self._sandbox.resume(instance.id)

    async def quiesce(self, guest: Guest) -> int:
        """End what runs in the workspace, so that its files stand still."""
        async with within(self._deadlines.sandbox_s, "Ending the workspace's processes"):
            return await guest.kill_all()

    async def alive(self, guest: Guest) -> bool:
        """Whether the guest answers; a guest that fails in a known way is dead, a bug is not hidden."""
        try:
            async with within(self._deadlines.ping_s, "The guest's answer"):
                await guest.ping()
        except (Failure, OSError) as error:
            log.info("a guest did not answer: %s", error)
            return False
        return True

    async def hang_up(self, guest: Guest | None) -> None:
        """Drop a connection to a guest. It is of no use any more, so failing at it changes nothing."""
        if guest is None:
            return
        try:
            async with within(self._deadlines.ping_s, "Dropping the connection to the guest"):
                await guest.close()
        except Exception as error:  # noqa: BLE001 - closing what is given up must not fail its owner
            log.info("dropping a guest failed: %s", error)
