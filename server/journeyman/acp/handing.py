"""What a run changed, brought to the editor's folder: shown as a change, asked for, written by the daemon.

Only where the session is in the very folder the project was made of, on this machine. What the folder has
that is not what was copied stays as it is, and what runs by itself is not written (`changes.carrying`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp.schema import (
    AllowedOutcome,
    FileEditToolCallContent,
    PermissionOption,
    RequestPermissionRequest,
    RequestPermissionResponse,
    ToolCallLocation,
    ToolCallProgress,
    ToolCallStart,
    ToolCallUpdate,
)
from pydantic import ValidationError

from journeyman import records
from journeyman.acp import tools
from journeyman.acp.asking import METHOD
from journeyman.acp.context import Context
from journeyman.acp.sessions import Session, wire
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.changes.carrying import Carried, Proposal

log = logging.getLogger(__name__)

ANSWER_S = 600.0
SHOWN_MAX = 50
"""Most files that are shown as diffs."""
SHOWN_BYTES_MAX = 200_000
"""A file larger than this is named only."""
_WORK = frozenset({"completed", "partial", "blocked"})
OPTIONS = [
    PermissionOption(option_id="write", name="Write them", kind="allow_once"),
    PermissionOption(option_id="always", name="Write them, in this session always", kind="allow_always"),
    PermissionOption(option_id="leave", name="Leave the folder as it is", kind="reject_once"),
]


async def hand_back(context: Context, session: Session, run: records.Run) -> list[Carried]:
    """What became of each file; nothing where nothing is to be brought back. Never raises for a file."""
    if not context.peer.local or run.status not in _WORK or not run.changes.files:
        return []
    project = await context.services.projects.get(session.project_id)
    folder = session.paths.cwd
    if project.source != "folder" or project.folder != folder:
        return []
    chat = await context.services.chats.get(session.id)
    carrying = context.services.carrying
    try:
        found = await carrying.proposals(chat, root=folder, run_id=None, hunk_ids=None, allowed=())
        going = [each for each in found if each.refused is None]
        if not found:
            return []
        call_id = f"{run.id}/folder"
        _show(session, call_id, found)
        written: list[Carried] | None = []
        if going:
            written = None
            if session.writes or await _agreed(context, session, call_id, len(going)):
                written = await carrying.write(Path(folder), going, ())
                done = {each.path for each in written if each.outcome != "refused"}
                await carrying.carried(chat, folder, [each for each in going if each.path in done])
    except Failure as failure:
        log.warning("changes of run %s were not brought back: %s", run.id, failure.message)
        session.notices.append(f"The folder was left as it is: {failure.message} {failure.hint}".strip())
        return []
    _tell(session, call_id, found, written)
    return written or []


def _show(session: Session, call_id: str, found: Sequence[Proposal]) -> None:
    places = [place for each in found if (place := session.paths.to_editor(each.path)) is not None]
    session.tell(
        ToolCallStart(
            session_update="tool_call",
            tool_call_id=call_id,
            title=f"Write {_files(len(found))} to {session.paths.cwd}",
            kind="edit",
            status="pending",
            content=[*_diffs(session, found)] or None,
            locations=[ToolCallLocation(path=place) for place in places] or None,
        )
    )


def _diffs(session: Session, found: Sequence[Proposal]) -> list[FileEditToolCallContent]:
    return [diff for each in found[:SHOWN_MAX] if (diff := _diff(session, each)) is not None]


def _diff(session: Session, proposal: Proposal) -> FileEditToolCallContent | None:
    path = session.paths.to_editor(proposal.path)
    before, after = _text(proposal.before), _text(proposal.after)
    if path is None or after is None or (proposal.before is not None and before is None):
        return None
    return FileEditToolCallContent(type="diff", path=path, old_text=before, new_text=after)


def _text(content: bytes | None) -> str | None:
    if content is None or len(content) > SHOWN_BYTES_MAX or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


async def _agreed(context: Context, session: Session, call_id: str, count: int) -> bool:
    asked = RequestPermissionRequest(
        session_id=session.id,
        tool_call=ToolCallUpdate(
            tool_call_id=call_id, title=f"Write {_files(count)} to {session.paths.cwd}", kind="edit"
        ),
        options=OPTIONS,
    )
    try:
        outcome = await _answered(context, wire(asked))
    except (Failure, ValidationError) as error:
        log.info("%s did not say whether to write: %s", context.peer.name, error)
        return False
    session.writes = outcome == "always"
    return outcome in ("write", "always")


async def _answered(context: Context, asked: dict[str, Any]) -> str | None:
    """The option that was chosen; a cancelled prompt chooses none."""
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(_request(context, asked))
        cancelled = tasks.create_task(context.call.cancel_asked.wait())
        await asyncio.wait({answer, cancelled}, return_when=asyncio.FIRST_COMPLETED)
        cancelled.cancel()
        if not answer.done():
            answer.cancel()
            return None
    said = answer.result()
    if isinstance(said, Exception):
        raise said
    outcome = RequestPermissionResponse.model_validate(said).outcome
    return outcome.option_id if isinstance(outcome, AllowedOutcome) else None


async def _request(context: Context, asked: dict[str, Any]) -> Any:
    """The answer, or why there is none."""
    try:
        return await context.peer.outbound.request(METHOD, asked, timeout_s=ANSWER_S)
    except Failure as failure:
        return failure


def _tell(
    session: Session, call_id: str, found: Sequence[Proposal], written: Sequence[Carried] | None
) -> None:
    outcomes = {each.path: (each.outcome, each.why) for each in written or ()}
    lines: list[str] = []
    for each in found:
        outcome, why = outcomes.get(each.path, ("refused", each.refused) if each.refused else ("left", ""))
        lines.append(f"{outcome} {each.path}: {why}" if why else f"{outcome} {each.path}")
    session.tell(
        ToolCallProgress(
            session_update="tool_call_update",
            tool_call_id=call_id,
            status="failed" if written is None else "completed",
            content=[
                *_diffs(session, found),
                tools.words("\n".join(lines)),
            ],
        )
    )


def _files(count: int) -> str:
    return "1 changed file" if count == 1 else f"{count} changed files"
