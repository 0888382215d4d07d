"""`initialize` and `authenticate`: what the daemon offers, and the token of a client that came over TCP."""

from __future__ import annotations

from typing import Any

from acp.schema import (
    AgentCapabilities,
    AuthMethodAgent,
    Implementation,
    InitializeResponse,
    McpCapabilities,
    PromptCapabilities,
    SessionCapabilities,
    SessionCloseCapabilities,
    SessionDeleteCapabilities,
    SessionListCapabilities,
    SessionResumeCapabilities,
)

from journeyman import __version__
from journeyman.rpc.jsonbody import as_object

VERSION = 1
TOKEN_METHOD = "token"


def answer(*, wants_token: bool, images: bool) -> InitializeResponse:
    """`images`: whether there is a model that takes them."""
    return InitializeResponse(
        protocol_version=VERSION,
        agent_info=Implementation(name="journeyman", title="Journeyman", version=__version__),
        agent_capabilities=AgentCapabilities(
            load_session=True,
            prompt_capabilities=PromptCapabilities(embedded_context=True, image=images),
            mcp_capabilities=McpCapabilities(),
            session_capabilities=SessionCapabilities(
                list=SessionListCapabilities(),
                resume=SessionResumeCapabilities(),
                close=SessionCloseCapabilities(),
                delete=SessionDeleteCapabilities(),
            ),
        ),
        auth_methods=[
            AuthMethodAgent(
                id=TOKEN_METHOD,
                name="The daemon's token",
                description="In `_meta.journeyman.token` of authenticate; the daemon keeps it in a file.",
            )
        ]
        if wants_token
        else [],
    )


def shown_token(params: Any) -> str | None:
    """The token in `_meta.journeyman.token`, where there is one."""
    meta = as_object((as_object(params) or {}).get("_meta")) or {}
    token = (as_object(meta.get("journeyman")) or {}).get("token")
    return token if isinstance(token, str) else None
