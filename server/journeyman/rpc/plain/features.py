"""The standard requests we answer beside pygls' own, and what `initialize` says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lsprotocol import types

from journeyman.rpc.plain import actions, commands

FEATURES: Mapping[str, Callable[[Any], Any]] = {types.TEXT_DOCUMENT_CODE_ACTION: actions.offered}
"""By method: from typed params to a typed result, at once."""

CAPABILITIES: Mapping[str, Any] = {
    "executeCommandProvider": {"commands": sorted(commands.COMMANDS), "workDoneProgress": True},
    "codeActionProvider": {"codeActionKinds": ["quickfix", "refactor"]},
}
