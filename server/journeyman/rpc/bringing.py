"""A client's folder as a project: made once and found again, with what the client has open brought in.

Knows no method. Callers say first that the client is on the daemon's own machine.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from journeyman.overlay.overlay import Overlay
from journeyman.records import Project
from journeyman.rpc.progress import SourceWork
from journeyman.rpc.router import Context
from journeyman.sources.service import Made
from journeyman.workspace.transfer import guest_of
from journeyman_protocol.base import ProgressToken


async def of_folder(context: Context, folder: Path, token: ProgressToken | None) -> Made:
    """The project that was made of `folder`, or a new one with a copy of it."""
    services = context.services
    if (known := await services.projects.of_folder(str(folder), "folder")) is not None:
        return Made(known, ())  # nothing to show the progress of
    with SourceWork(context.peer, token) as work:
        return await services.folders.copied(folder, say=work.show)


async def bring_open_documents(context: Context, project: Project) -> None:
    """Every open document of its folder, as it is in the editor. A run that is going on looks after them by
    itself, and so does the next one; where the agent changed the same lines the file stays as it is."""
    services = context.services
    if services.runs.running_in(project.id) is not None or not any(services.editors.drafts(project)):
        return
    touched = partial(services.manager.outsiders.file, project.id)
    async with guest_of(services.manager, project.id) as guest:
        await Overlay(services.editors, services.store, guest, project, touched).bring()
