"""The only place where an instance or a generation goes. No error path leads here.

Each function removes on the strength of something that is COMMITted or plainly visible, which it looks
up itself: an archive recorded in the database and named by the store's pointer, a decided swap, a user's
deletion, or a directory nobody ever worked in. What cannot be verified is kept. Instances go by id,
never by name; generations go to the trash, where they stay for the grace period.
"""

from __future__ import annotations

import logging
from datetime import datetime

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.sandbox import Generations, Instance, Sandbox
from journeyman.ports.store import ArchiveStore
from journeyman.workspace.archiving import Archiver
from journeyman.workspace.deadlines import Deadlines, within
from journeyman.workspace.facts import Facts
from journeyman.workspace.ledger import ARCHIVED, DELETE, DELETIONS, FORGET, Ledger
from journeyman.workspace.machine import staging_name

log = logging.getLogger(__name__)


class Removal:
    def __init__(
        self,
        sandbox: Sandbox,
        generations: Generations,
        engine: Archiver,
        archives: ArchiveStore,
        deadlines: Deadlines,
    ) -> None:
        self._sandbox = sandbox
        self._generations = generations
        self._engine = engine
        self._archives = archives
        self._deadlines = deadlines

    async def after_archive(self, ledger: Ledger) -> Failure | None:
        """Step 9 of the commit protocol: finish the removal the row intends, of the instance and, unless
        the files are to stay warm, of the files.

        Read again before anything goes: the intent, the archive's record, and the pointer. What cannot
        be verified is kept: then the intent is void, and the answer is why.
        """
        row = await ledger.reread()
        if row.journal not in ARCHIVED or row.archive_id is None:
            raise Failure("conflict", "Nothing was decided to be removed.", hint="Archive it first.")
        try:
            await self._archive_is_there(row.project_id, row.archive_id)
        except Failure as unverified:
            await ledger.write(state="idle", journal=None)
            return unverified
        if row.instance_id is not None:
            await self._remove(row.instance_id)
        reach("archive.instance_removed")
        other = await self._find(row.project_id)
        if other is not None and other.generation == row.generation:
            await ledger.write(state="idle", journal=None, instance_id=other.id)
            return Failure(
                "conflict",
                "Another instance uses the files that were archived, so they are kept.",
                hint="Archive the workspace again.",
                retryable=True,
            )
        if row.journal != DELETE:
            await ledger.write(state="warm", journal=None, instance_id=None)
            return None
        if row.generation:
            await self._discard(row.project_id, row.generation)
        reach("archive.files_in_trash")
        await ledger.write(state="archived", journal=None, instance_id=None, generation=0)
        reach("archive.done")
        return None

    async def leftovers(self, facts: Facts, project_id: str) -> None:
        """Remove what `facts` calls left over: staged restores, replaced and never opened directories."""
        for instance in facts.leftover_instances:
            log.info("removing left over instance %s (%s)", instance.name, instance.id)
            await self._remove(instance.id)
        for generation in facts.leftover_generations:
            await self._discard(project_id, generation)

    async def unreachable(self, instance: Instance, facts: Facts) -> None:
        """Remove an instance whose guest cannot be reached, so that another can take its files over.
        The files are the live generation and stay where they are."""
        log.warning("replacing instance %s, whose guest does not answer", instance.id)
        await self.exchanged(instance, facts)

    async def exchanged(self, instance: Instance, facts: Facts) -> None:
        """Remove an instance whose files another will take over."""
        if facts.live is None or instance.generation != facts.live:
            raise Failure("conflict", "The instance's files are not complete.", hint="Try again.")
        await self._remove(instance.id)

    async def forgotten(self, ledger: Ledger) -> None:
        """Remove what there is of a project its user deleted: archives too, unless they were to stay."""
        row = await ledger.reread()
        project_id = row.project_id
        if row.journal not in DELETIONS:
            raise Failure("conflict", "Nobody deleted this project.")
        for name in (project_id, staging_name(project_id)):
            instance = await self._find(name)
            if instance is not None:
                await self._remove(instance.id)
        reach("delete.instance_removed")
        async with within(self._deadlines.files_s, "Listing the workspace's directories"):
            generations = await self._generations.list(project_id)
        for generation in generations:
            await self._discard(project_id, generation.number)
        reach("delete.files_in_trash")
        if row.journal == FORGET:
            async with within(self._deadlines.archive_s, "Deleting the project's archives"):
                await self._engine.forget(project_id)
            reach("delete.archives_removed")
            async with within(self._deadlines.store_s, "Forgetting the archives' records"):
                for record in await self._archives.list(project_id):
                    await self._archives.delete(record.id)

    async def purge(self, *, older_than_s: float, of: tuple[str, datetime] | None = None) -> int:
        """Empty the trash of what has been in it longer than this; `of` a project, what went since then."""
        async with within(self._deadlines.files_s, "Emptying the trash"):
            return await self._generations.purge(older_than_s=older_than_s, of=of)

    async def _archive_is_there(self, project_id: str, archive_id: str) -> None:
        async with within(self._deadlines.store_s, "Reading the archive's record"):
            recorded = await self._archives.get(archive_id)
        async with within(self._deadlines.pointer_s, "Asking for the newest archive"):
            newest = await self._engine.newest(project_id)
        if newest is None or newest.archive_id != recorded.id or recorded.project_id != project_id:
            raise Failure(
                "archive_failed",
                "The archive store does not name the archive that was made, so the workspace is kept.",
                hint="Check the object storage with `journeyman doctor`, then archive again.",
                retryable=True,
            )

    async def _find(self, name: str) -> Instance | None:
        async with within(self._deadlines.sandbox_s, "Looking for the workspace's instance"):
            return await self._sandbox.find(name)

    async def _remove(self, instance_id: str) -> None:
        async with within(self._deadlines.sandbox_s, "Removing the workspace's instance"):
            await self._sandbox.remove(instance_id)

    async def _discard(self, project_id: str, generation: int) -> None:
        async with within(self._deadlines.files_s, "Moving the workspace's directory to the trash"):
            await self._generations.discard(project_id, generation)
