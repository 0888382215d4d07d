"""Code lenses: what the agent left to decide in a file that is open, where it is in that file.

The file of the user's folder still has the lines before the change, so that is where a lens stands. Accepting
and rejecting are commands like any other.
"""

from __future__ import annotations

from lsprotocol import types

from journeyman.changes.reading import Hunk
from journeyman.rpc.plain.editor import path_of
from journeyman.rpc.router import Context

LENSES_MAX = 300
ACCEPT, REJECT, APPLY = "journeyman.changes.accept", "journeyman.changes.reject", "journeyman.changes.apply"
DECIDED_BY = frozenset({"changes/accept", "changes/reject", "changes/apply"})
REFRESH = "workspace/codeLens/refresh"


async def lenses(context: Context, params: types.CodeLensParams) -> list[types.CodeLens]:
    """None for a file of no project of ours, and for editors on other machines."""
    path = path_of(params.text_document.uri) if context.peer.local else None
    folder = None if path is None else context.peer.editor.folder_of(path)
    if path is None or folder is None:
        return []
    project = await context.services.projects.of_folder(str(folder), "folder")
    if project is None:
        return []
    name = path.relative_to(folder).as_posix().encode()
    found: list[types.CodeLens] = []
    for chat_id, changed in await context.services.changes.at(project.id, name):
        for hunk in changed.hunks:
            found += _of(chat_id, hunk)
    return found[:LENSES_MAX]


def after_decision(context: Context) -> None:
    """The editor's lenses are out of date."""
    if context.peer.can.refresh_code_lenses:
        context.call.after_answer(lambda: refresh(context))


def refresh(context: Context) -> None:
    async def ask() -> None:
        await context.peer.outbound.request(REFRESH, None)

    if context.peer.can.refresh_code_lenses:
        context.peer.start(ask(), REFRESH)


def _of(chat_id: str, hunk: Hunk) -> list[types.CodeLens]:
    block = hunk.block
    at = types.Position(line=0 if block is None else block.old_at, character=0)
    size = "" if block is None else f" (+{len(block.new)} -{len(block.old)})"
    what = {"chatId": chat_id, "hunkIds": [hunk.id]}
    choices = (
        (f"Accept{size}", ACCEPT, what),
        ("Reject", REJECT, what),
        ("Bring into this folder", APPLY, what),
    )
    return [
        types.CodeLens(
            range=types.Range(start=at, end=at),
            command=types.Command(title=f"Journeyman: {title}", command=command, arguments=[argument]),
        )
        for title, command, argument in choices
    ]
