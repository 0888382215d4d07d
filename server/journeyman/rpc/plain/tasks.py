"""What a person asks for at a place in a file: `journeyman.fix` and `journeyman.ask`.

The folder that is open in the editor is made a project once, and found again after that. The document at hand
goes along as it is in the editor, and what else is open is looked after while the run goes on. The run shows
its progress; its end is a message, and what it changed comes back when the person says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman.failures import Failure
from journeyman.rpc.bringing import of_folder
from journeyman.rpc.handlers import agent
from journeyman.rpc.plain import ending
from journeyman.rpc.plain.actions import ASK, DIAGNOSTICS_MAX, FIX
from journeyman.rpc.plain.editor import path_of
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.agent import AgentRunParams, Run
from journeyman_protocol.base import Message, ProgressToken
from journeyman_protocol.editor import (
    DOCUMENT_CHARACTERS_MAX,
    ContextDocument,
    Diagnostic,
    Range,
    RunContext,
)
from journeyman_protocol.rows import Method, request

QUOTED_CHARACTERS = 8_000
"""Most of a selection that is quoted in the prompt; the agent can read the rest."""


class TaskParams(Message):
    uri: Annotated[str, StringConstraints(max_length=8192)]
    range: Range | None = None
    diagnostics: list[Diagnostic] = Field(default=[], max_length=DIAGNOSTICS_MAX)
    question: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    work_done_token: ProgressToken | None = None


async def fix(context: Context, params: TaskParams) -> Run:
    """Start a run that repairs what the editor reports at a place; answers once it is accepted."""
    path, folder = _place(context, params.uri)
    name = path.relative_to(folder).as_posix()
    reported = "\n".join(f"- {_told(each)}" for each in params.diagnostics)
    wanted = (
        f"Fix what the editor reports in {name}:\n{reported}" if reported else f"Fix {_where(params, name)}."
    )
    return await _start(context, params, folder, f"{wanted}\n\nChange no more than that needs.", "execute")


async def ask(context: Context, params: TaskParams) -> Run:
    """Start a run that answers a question about a place and changes nothing."""
    path, folder = _place(context, params.uri)
    name = path.relative_to(folder).as_posix()
    question = params.question or f"What does {_where(params, name)} do, and is anything wrong with it?"
    quoted = _selected(context, params)
    prompt = f"{question}\n\n{_where(params, name)}:\n```\n{quoted}\n```" if quoted else question
    return await _start(context, params, folder, prompt, "plan+execute")


async def _start(
    context: Context,
    params: TaskParams,
    folder: Path,
    prompt: str,
    mode: Literal["execute", "plan+execute"],
) -> Run:
    project_id = (await of_folder(context, folder, params.work_done_token)).project.id
    run = await agent.run(
        context,
        AgentRunParams(
            prompt=prompt,
            project_id=project_id,
            mode=mode,
            wait="accepted",
            context=_document(context, params.uri),
        ),
    )
    context.call.after_answer(lambda: ending.follow(context, run.run_id))
    return run


def _place(context: Context, uri: str) -> tuple[Path, Path]:
    """The file, and the editor's folder it is in."""
    if not context.peer.local:
        raise Failure(
            "unauthorized",
            "Only an editor on the daemon's own machine can name a folder of it.",
            hint="Use agent/run in a project whose files were sent with workspace/import.",
        )
    path = path_of(uri)
    folder = None if path is None else context.peer.editor.folder_of(path)
    if path is None or folder is None:
        raise Failure(
            "invalid",
            "The file is in no folder that is open in the editor.",
            hint="Open the project's folder in the editor, and ask again.",
        )
    return path, folder


def _document(context: Context, uri: str) -> RunContext | None:
    """The document at hand, as it is in the editor now. What else is open comes along as long as it is."""
    document = context.peer.document(uri)
    if document is None or len(document.text) > DOCUMENT_CHARACTERS_MAX:
        return None
    return RunContext(documents=[ContextDocument(uri=uri, version=document.version, text=document.text)])


def _told(found: Diagnostic) -> str:
    source = f" ({found.source})" if found.source else ""
    return f"line {found.range.start.line + 1}: {found.severity}: {' '.join(found.message.split())}{source}"


def _where(params: TaskParams, name: str) -> str:
    if params.range is None or params.range.start == params.range.end:
        return name
    first, last = params.range.start.line + 1, params.range.end.line + 1
    return f"line {first} of {name}" if first == last else f"lines {first} to {last} of {name}"


def _selected(context: Context, params: TaskParams) -> str:
    """The selected lines, whole, as they are in the editor."""
    text = context.peer.editor.text(params.uri)
    if text is None or params.range is None:
        return ""
    lines = text.splitlines()[params.range.start.line : params.range.end.line + 1]
    return "\n".join(lines)[:QUOTED_CHARACTERS]


TASKS: tuple[tuple[Method, Handler], ...] = (
    (request(FIX, TaskParams, Run, "Repair what the editor reports at a place."), fix),
    (request(ASK, TaskParams, Run, "Answer a question about a place."), ask),
)
