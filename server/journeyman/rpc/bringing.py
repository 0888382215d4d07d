"""A client's folder as a project: made once and found again, with what the client has open brought in.

Knows no method. Callers say first that the client is on the daemon's own machine.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from journeyman.changed import FolderFile
from journeyman.failures import Failure
from journeyman.rpc.progress import SourceWork
from journeyman.rpc.router import Context
from journeyman.sources.service import Made
from journeyman.sources.spec import FromFolder
from journeyman.workspace.files import Files, Write
from journeyman_protocol.base import ProgressToken


async def of_folder(context: Context, folder: Path, token: ProgressToken | None) -> Made:
    """The project that was made of `folder`, or a new one with a copy of it."""
    if not folder.is_absolute():
        raise Failure("invalid", f"{folder} is not absolute.", hint="`folder`: the whole path.")
    services = context.services
    if (known := await services.projects.of_folder(str(folder), "folder")) is not None:
        return Made(known, ())
    with SourceWork(context.peer, token) as work:
        return await services.sources.create(FromFolder(folder), say=work.show)


async def bring_open_documents(context: Context, project_id: str, folder: Path) -> None:
    """Every open document of the folder, as it is in the editor; what comes back is an edit of that."""
    files, folders = Files(context.services.manager), context.services.store.folders
    texts = {path.as_posix(): text.encode() for path, text in context.peer.editor.texts_below(folder)}
    known = await folders.files(project_id, list(texts))
    for name, content in texts.items():
        await files.write(project_id, name, Write(content))
    brought = [
        FolderFile(name, hashlib.sha256(content).hexdigest(), name in known and known[name].executable)
        for name, content in texts.items()
    ]
    await folders.note(project_id, brought, [])
