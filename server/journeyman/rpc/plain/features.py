"""The standard requests we answer beside pygls' own, and what `initialize` says of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lsprotocol import types

from journeyman.rpc.plain import actions, commands, contents, lenses
from journeyman.rpc.router import Context


async def _actions(_: Context, params: types.CodeActionParams) -> list[types.CodeAction]:
    return actions.offered(params)


FEATURES: Mapping[str, Callable[[Context, Any], Awaitable[Any]]] = {
    types.TEXT_DOCUMENT_CODE_ACTION: _actions,
    types.TEXT_DOCUMENT_CODE_LENS: lenses.lenses,
    types.WORKSPACE_TEXT_DOCUMENT_CONTENT: contents.content,
}
"""By method: from typed params to a typed result."""

CAPABILITIES: Mapping[str, Any] = {
    "executeCommandProvider": {"commands": sorted(commands.COMMANDS), "workDoneProgress": True},
    "codeActionProvider": {"codeActionKinds": ["quickfix", "refactor"]},
    "codeLensProvider": {"resolveProvider": False},
}
WORKSPACE_CAPABILITIES: Mapping[str, Any] = {"textDocumentContent": {"schemes": [contents.SCHEME]}}
