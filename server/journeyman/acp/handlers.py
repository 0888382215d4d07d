"""Every request but the first two: take params apart, ask a service, put the answer together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acp.schema import (
    CloseSessionRequest,
    CloseSessionResponse,
    ConfigOptionUpdate,
    CurrentModeUpdate,
    DeleteSessionRequest,
    DeleteSessionResponse,
    ListSessionsRequest,
    ListSessionsResponse,
    LoadSessionRequest,
    LoadSessionResponse,
    NewSessionRequest,
    NewSessionResponse,
    PromptRequest,
    ResumeSessionRequest,
    ResumeSessionResponse,
    SessionInfo,
    SetSessionConfigOptionResponse,
    SetSessionConfigOptionSelectRequest,
    SetSessionModeRequest,
    SetSessionModeResponse,
)

from journeyman.acp import commands, options
from journeyman.acp.context import Context, Method
from journeyman.acp.deleting import delete_chat
from journeyman.acp.opening import opened, project_for
from journeyman.acp.paths import Paths, folder_of
from journeyman.acp.prompting import prompt
from journeyman.acp.sessions import Session
from journeyman.failures import Failure, not_found
from journeyman.records import LOCAL_USER_ID, Chat, Page
from journeyman.rpc import wire

PAGE = 50
MCP = "MCP servers of the editor are not used: the agent's tools run in its workspace."


async def new(context: Context, params: NewSessionRequest) -> NewSessionResponse:
    folder = _folder(params.cwd, params.additional_directories)
    context.sessions.check_room()
    found = await project_for(context, folder, params.field_meta)
    chat = await context.services.chats.create(found.project.id)
    session = await opened(context, chat, Paths(folder), after=0)
    session.notices += [*found.notices, *([MCP] if params.mcp_servers else [])]
    await commands.look(context.services, session)
    context.call.after_answer(lambda: commands.tell(session))
    return NewSessionResponse(
        session_id=session.id,
        modes=options.modes(session.choices),
        config_options=_config(context, session),
        field_meta=_ours(session),
    )


async def load(context: Context, params: LoadSessionRequest) -> LoadSessionResponse:
    session = await _again(context, params.session_id, params.cwd, params.additional_directories, told=True)
    return LoadSessionResponse(
        modes=options.modes(session.choices),
        config_options=_config(context, session),
        field_meta=_ours(session),
    )


async def resume(context: Context, params: ResumeSessionRequest) -> ResumeSessionResponse:
    session = await _again(context, params.session_id, params.cwd, params.additional_directories, told=False)
    return ResumeSessionResponse(
        modes=options.modes(session.choices),
        config_options=_config(context, session),
        field_meta=_ours(session),
    )


async def _again(
    context: Context, session_id: str, cwd: str, more: Sequence[str] | None, *, told: bool
) -> Session:
    """Open a chat that is there; `told` what was said in it."""
    folder = _folder(cwd, more)
    context.sessions.check_room(session_id)
    chat = await context.services.chats.get(session_id)
    project = await context.services.projects.get(chat.project_id)
    if project.user_id != LOCAL_USER_ID:
        raise not_found("chat", session_id)
    _, _, head = await context.services.events.bounds(chat.id)
    session = await opened(context, chat, Paths(folder), after=head, history=told)
    await commands.look(context.services, session)
    context.call.after_answer(lambda: commands.tell(session))
    return session


def _folder(cwd: str, more: Sequence[str] | None) -> str:
    if more:
        raise Failure(
            "invalid",
            "A session has one folder.",
            hint="Leave `additionalDirectories` out: it was not offered.",
        )
    return folder_of(cwd)


async def list_(context: Context, params: ListSessionsRequest) -> ListSessionsResponse:
    """Chats in projects that are some editor's folder, newest first."""
    services = context.services
    page: Page[Chat]
    if params.cwd is not None:
        folder = folder_of(params.cwd)
        project = await services.projects.of_folder(folder, "folder" if context.peer.local else "empty")
        if project is None:
            return ListSessionsResponse(sessions=[])
        page = await services.chats.list(project_id=project.id, cursor=params.cursor, limit=PAGE)
    else:
        page = await services.chats.list(cursor=params.cursor, limit=PAGE)
    folders: dict[str, str | None] = {}
    for chat in page.items:
        if chat.project_id not in folders:
            folders[chat.project_id] = (await services.store.projects.get(chat.project_id)).folder
    return ListSessionsResponse(
        sessions=[
            SessionInfo(
                session_id=chat.id, cwd=folder, title=chat.title, updated_at=wire.timestamp(chat.updated_at)
            )
            for chat in page.items
            if (folder := folders[chat.project_id]) is not None
        ],
        next_cursor=page.next_cursor,
    )


async def close(context: Context, params: CloseSessionRequest) -> CloseSessionResponse:
    session = context.sessions.get(params.session_id)
    context.cancel_prompts(session.id)
    context.sessions.drop(session.id)
    return CloseSessionResponse()


async def delete(context: Context, params: DeleteSessionRequest) -> DeleteSessionResponse:
    context.cancel_prompts(params.session_id)
    await delete_chat(context.services, params.session_id)
    context.sessions.drop(params.session_id)
    return DeleteSessionResponse()


async def set_mode(context: Context, params: SetSessionModeRequest) -> SetSessionModeResponse:
    session = context.sessions.get(params.session_id)
    session.choices.mode = options.mode_of(params.mode_id)
    told = ConfigOptionUpdate(session_update="config_option_update", config_options=_config(context, session))
    context.call.after_answer(lambda: session.tell(told))
    return SetSessionModeResponse()


async def set_config_option(
    context: Context, params: SetSessionConfigOptionSelectRequest
) -> SetSessionConfigOptionResponse:
    session, value = context.sessions.get(params.session_id), params.value
    match params.config_id:
        case "mode":
            session.choices.mode = mode = options.mode_of(value)
            told = CurrentModeUpdate(session_update="current_mode_update", current_mode_id=mode)
            context.call.after_answer(lambda: session.tell(told))
        case "model":
            await _select_model(context, session, value)
        case "effort":
            session.choices.effort = options.effort_of(value)
        case other:
            raise Failure(
                "invalid", f"There is no option {other[:80]!r}.", hint="Options: mode, model, effort."
            )
    return SetSessionConfigOptionResponse(config_options=_config(context, session))


async def _select_model(context: Context, session: Session, value: str) -> None:
    if value == options.DEFAULT:
        session.choices.model = None
        return
    context.services.models.resolve(value)
    await context.services.chats.select_model(session.id, value)
    session.choices.model = value


def _config(context: Context, session: Session) -> list[Any]:
    return options.config(session.choices, context.services.models.list())


def _ours(session: Session) -> dict[str, Any]:
    return {"journeyman": {"projectId": session.project_id, "notices": list(session.notices)}}


METHODS: dict[str, Method] = {
    "session/new": Method(NewSessionRequest, new),
    "session/load": Method(LoadSessionRequest, load),
    "session/resume": Method(ResumeSessionRequest, resume),
    "session/list": Method(ListSessionsRequest, list_),
    "session/close": Method(CloseSessionRequest, close),
    "session/delete": Method(DeleteSessionRequest, delete),
    "session/prompt": Method(PromptRequest, prompt),
    "session/set_mode": Method(SetSessionModeRequest, set_mode),
    "session/set_config_option": Method(SetSessionConfigOptionSelectRequest, set_config_option),
}
