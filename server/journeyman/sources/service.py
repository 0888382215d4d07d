"""Making a project of a source. Either it is there with all its files, or there is nothing of it.

The row comes first, marked pending; then the files, in a workspace of its own; then the mark goes. What fails
or is cancelled in between takes workspace and row away; what a daemon's end left pending, the next one does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.project.service import ProjectService
from journeyman.records import LOCAL_USER_ID, Project, SourceKind
from journeyman.sources import devcontainer, folder, git
from journeyman.sources.spec import (
    FromArchive,
    FromFolder,
    FromGit,
    Notice,
    Say,
    Source,
    check_git,
    fork_name,
    name_of,
)
from journeyman.tasks import Supervisor
from journeyman.workspace.archive.outcomes import ArchiveProgress
from journeyman.workspace.archiving import Archiver
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager

log = logging.getLogger(__name__)

HOLDER = "source"
POST_CREATE_S = 1800.0
TOLD_CHARS = 400


@dataclass(frozen=True, slots=True)
class Made:
    project: Project
    notices: tuple[Notice, ...]


class Sources:
    def __init__(
        self,
        projects: ProjectService,
        manager: WorkspaceManager,
        engine: Archiver,
        supervisor: Supervisor,
        *,
        images: bool,
    ) -> None:
        """`images`: whether the sandbox in use runs images at all."""
        self._projects = projects
        self._manager = manager
        self._engine = engine
        self._supervisor = supervisor
        self._images = images

    async def create(
        self,
        source: Source,
        *,
        name: str | None = None,
        image: str | None = None,
        user_id: str = LOCAL_USER_ID,
        say: Say = lambda what, percent: None,
    ) -> Made:
        """Raises `invalid` before anything is made; `source_failed` and what workspaces and archives raise
        after it was taken away again."""
        kind, model = await self._checked(source, user_id)
        project = await self._projects.create(
            name=name or (model.name if model else name_of(source)),
            source=kind,
            image=image or (model.image if model else None),
            commands=model.commands if model else None,
            user_id=user_id,
            pending=True,
            folder=str(source.path) if isinstance(source, FromFolder) else None,
            left_out=folder.left_out(source) if isinstance(source, FromFolder) else None,
        )
        if model is not None:
            project = replace(project, forward_ports=model.forward_ports)
        async with self._whole(project.id):
            notices = await self._fill(project, source, say)
            project, more = await self._describe(project, source, say, chosen=image is not None)
            project = await self._projects.settle(
                project.id, image=project.image, forward_ports=project.forward_ports
            )
        return Made(project, (*notices, *more))

    async def fork(
        self,
        project_id: str,
        *,
        archive_id: str | None = None,
        name: str | None = None,
        user_id: str = LOCAL_USER_ID,
        say: Say = lambda what, percent: None,
    ) -> Project:
        """A new project that shares an archive with another one: no content is copied. Without `archive_id`
        it is the other as it is now, which is archived first where that is not done yet. Image, commands
        and ports are the other's; its chats stay with it."""
        model = await self._model(project_id, user_id)
        project = await self._projects.create(
            name=name or fork_name(model.name),
            source="archive",
            image=model.image,
            commands=model.commands,
            quota=model.quota,
            user_id=user_id,
            pending=True,
        )

        def show(progress: ArchiveProgress) -> None:
            say("Archiving what changed", 100 * progress.bytes_done // max(1, progress.bytes_total))

        async with self._whole(project.id):
            say("Forking", 0)
            made = await self._manager.forks.fork(project.id, project_id, archive_id, on_progress=show)
            if isinstance(made, WorkspaceError):
                raise made.as_failure()
            return await self._projects.settle(
                project.id, image=model.image, forward_ports=model.forward_ports
            )

    @asynccontextmanager
    async def _whole(self, project_id: str) -> AsyncGenerator[None]:
        """Either all of the block is done, or nothing of the project is left."""
        try:
            yield
        except BaseException:  # cancelled or not
            # To its end, whoever goes away meanwhile; a daemon that ends first does it at its next start.
            undoing = self._supervisor.start(self._undo(project_id), name=f"undo project {project_id}")
            await asyncio.shield(undoing)
            raise

    async def recover(self) -> None:
        """Take away what an earlier daemon left pending. Before anything else uses projects."""
        for project in await self._projects.pending():
            log.warning("project %s was still being made when the daemon ended; it is removed", project.id)
            await self._undo(project.id)

    async def _undo(self, project_id: str) -> None:
        gone = await self._manager.delete(project_id, archives=True)
        if isinstance(gone, WorkspaceError):
            log.warning("the next start removes project %s: %s", project_id, gone.message)
            return
        await self._projects.delete(project_id)

    async def _checked(self, source: Source, user_id: str) -> tuple[SourceKind, Project | None]:
        """The kind, and of another project's archive that project."""
        if isinstance(source, FromGit):
            check_git(source)
            return "git", None
        if isinstance(source, FromFolder):
            await asyncio.to_thread(folder.check, source)
            return "folder", None
        return "archive", await self._model(source.project_id, user_id)

    async def _model(self, project_id: str, user_id: str) -> Project:
        model = await self._projects.get(project_id)
        if model.user_id != user_id:
            raise Failure("not_found", f"There is no project {project_id!r}.")
        return model

    async def _fill(self, project: Project, source: Source, say: Say) -> list[Notice]:
        async with self._guest(project.id) as guest:
            if isinstance(source, FromFolder):
                say("Copying files", 0)
                notices, copied = await folder.copy(guest, source, say)
                await self._projects.remember_folder(project.id, copied)
                return notices
            if isinstance(source, FromGit):
                say("Cloning", 0)
                await git.clone(guest, source)
                return []
            await self._restore(guest, source, say)
            return []

    async def _restore(self, guest: Guest, source: FromArchive, say: Say) -> None:
        """The other project's archive is only read; nothing is shared with it afterwards."""

        def show(progress: ArchiveProgress) -> None:
            say("Restoring", 100 * progress.bytes_done // max(1, progress.bytes_total))

        say("Restoring", 0)
        await self._engine.restore(source.project_id, guest, archive_id=source.archive_id, on_progress=show)

    async def _describe(
        self, project: Project, source: Source, say: Say, *, chosen: bool
    ) -> tuple[Project, list[Notice]]:
        """Do what a `devcontainer.json` among the files says; of an archive it was done long ago.
        `chosen`: the image was said by the user, who is heard before any file."""
        if isinstance(source, FromArchive):
            return project, []
        async with self._guest(project.id) as guest:
            found = await _read(guest)
        if found is None:
            return project, []
        notices = list(found.notices)
        project = replace(project, forward_ports=found.forward_ports)
        if found.image is not None and not chosen:
            image, more = await self._take_image(project, found.image)
            project, notices = replace(project, image=image), [*notices, *more]
        for argv in found.post_create:
            say("Running postCreateCommand", 0)
            async with self._guest(project.id) as guest:
                notices += await _post_create(guest, argv, found.remote_user)
        return project, notices

    async def _take_image(self, project: Project, image: str) -> tuple[str | None, list[Notice]]:
        """Open the workspace on another image; where that does not work, on the default one again."""
        if not self._images:
            return None, [Notice("warning", f"The image {image} is not used: this sandbox has no images.")]
        await self._projects.settle(project.id, image=image, pending=True)
        await self._remake(project.id)
        try:
            async with self._guest(project.id):
                return image, []
        except Failure as failure:
            await self._projects.settle(project.id, image=None, pending=True)
            await self._remake(project.id)
            hint = "Have it on this machine (`docker pull`), with python3 in it, and make the project again."
            return None, [Notice("warning", f"The image {image} is not used: {failure.message}", hint)]

    async def _remake(self, project_id: str) -> None:
        answer = await self._manager.remake(project_id)
        if isinstance(answer, WorkspaceError):
            raise answer.as_failure()

    @asynccontextmanager
    async def _guest(self, project_id: str) -> AsyncGenerator[Guest]:
        workspace = await self._manager.acquire(project_id, holder=HOLDER)
        if isinstance(workspace, WorkspaceError):
            raise workspace.as_failure()
        try:
            yield workspace.guest
        finally:
            await self._manager.release(project_id, holder=HOLDER)


async def _read(guest: Guest) -> devcontainer.DevContainer | None:
    for place in devcontainer.PLACES:
        try:
            content = await guest.read(place, limit=devcontainer.BYTES_MAX + 1, digest=False)
        except Failure as failure:
            if failure.kind in ("not_found", "invalid", "path_refused"):
                continue
            raise
        return await asyncio.to_thread(devcontainer.parse, content.data, place)
    return None


async def _post_create(guest: Guest, argv: devcontainer.Argv, user: str | None) -> list[Notice]:
    """The files are there whatever it answers: a failure is told, and the project stays."""
    environment = {"USER": user, "LOGNAME": user} if user else {}
    done = await guest.run(argv, env=environment, timeout_s=POST_CREATE_S, output_bytes_max=100_000)
    if done.code == 0 and not done.timed_out:
        return []
    why = (
        f"took longer than {POST_CREATE_S / 60:.0f} minutes" if done.timed_out else f"ended with {done.code}"
    )
    said = done.output.decode("utf-8", "replace").strip()[-TOLD_CHARS:]
    return [Notice("warning", f"postCreateCommand {why}.", said)]
