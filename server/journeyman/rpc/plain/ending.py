"""The end of a run that an editor without a plugin started: a message, and its changes brought back when the
person says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol.types import MessageType

from journeyman.failures import Failure
from journeyman.records import Run
from journeyman.rpc.handlers import changes
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.plain import lenses
from journeyman.rpc.router import Context
from journeyman_protocol.changes import ChangesApplied, ChangesApplyParams

BRING, LATER = "Bring the changes into my folder", "Not now"
ANSWER_S = 3600.0
"""How long the question stays; the changes stay in the workspace, whatever is answered."""
MESSAGE_CHARACTERS = 2_000
NAMES_MAX = 5


def follow(context: Context, run_id: str) -> None:
    """As long as the connection lasts."""
    context.peer.start(_follow(context, run_id), f"end of run {run_id}")


async def _follow(context: Context, run_id: str) -> None:
    run = await context.services.runs.wait(run_id)
    lenses.refresh(context)
    message = (run.summary or f"The run ended: {run.status}.")[:MESSAGE_CHARACTERS]
    kind = MessageType.Info if run.status == "completed" else MessageType.Warning
    try:
        if not run.changes.files:
            _show(context, kind, message)
        elif await _wanted(context, kind, f"{message}\n\n{_counted(run)} in the workspace."):
            applied = await changes.apply(context, ChangesApplyParams(chat_id=run.chat_id))
            _show(context, *_told(applied))
            await _open_first(context, applied)
    except Failure as failure:
        if failure.kind not in ("cancelled", "timeout", "conflict"):  # the editor's own way of saying no
            _show(context, MessageType.Error, f"{failure.message} {failure.hint}".strip())


async def _wanted(context: Context, kind: MessageType, message: str) -> bool:
    question = {"type": int(kind), "message": message, "actions": [{"title": BRING}, {"title": LATER}]}
    chosen: Any = await context.peer.outbound.request(
        "window/showMessageRequest", question, timeout_s=ANSWER_S
    )
    return (as_object(chosen) or {}).get("title") == BRING


def _show(context: Context, kind: MessageType, message: str) -> None:
    context.peer.notify("window/showMessage", {"type": int(kind), "message": message})


async def _open_first(context: Context, applied: ChangesApplied) -> None:
    """What was changed, before the person's eyes; the cursor stays where it is."""
    brought = next((each.path for each in applied.items if each.outcome in ("written", "edited")), None)
    if brought is None or not context.peer.can.show_documents:
        return
    uri = (Path(applied.root) / brought).as_uri()
    await context.peer.outbound.request("window/showDocument", {"uri": uri, "takeFocus": False})


def _counted(run: Run) -> str:
    count = len(run.changes.files)
    return f"{count} file{' was' if count == 1 else 's were'} changed"


def _told(applied: ChangesApplied) -> tuple[MessageType, str]:
    refused = [f"{each.path}: {each.why}" for each in applied.items if each.outcome == "refused"]
    done = sum(each.outcome in ("written", "removed", "edited") for each in applied.items)
    said = f"{done} file{'' if done == 1 else 's'} brought into {applied.root}."
    if not refused:
        return MessageType.Info, said
    more = f" and {len(refused) - NAMES_MAX} more" if len(refused) > NAMES_MAX else ""
    return MessageType.Warning, f"{said} Left as they are: {'; '.join(refused[:NAMES_MAX])}{more}."
