"""`workspace/executeCommand`: every request by a name an editor can call, and what it can only do here.

A command is a request under another name: its one argument is the request's params, it goes through the
same validation, order and handlers, and its answer is the request's answer. `agent/run` is
`journeyman.agent.run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from journeyman.rpc.meta import META
from journeyman.rpc.plain.tasks import TASKS
from journeyman.rpc.refusals import refuse
from journeyman.rpc.router import Handler
from journeyman_protocol.methods import REQUESTS
from journeyman_protocol.rows import Method

PREFIX = "journeyman."


def command_of(method: str) -> str:
    return PREFIX + method.replace("/", ".")


HANDLERS: Mapping[str, Handler] = {row.name: handler for row, handler in TASKS}
"""Of the commands that are no request."""
COMMANDS: Mapping[str, Method] = {
    **{command_of(row.name): row for row in REQUESTS},
    **{row.name: row for row, _ in TASKS},
}


def read(params: Any) -> tuple[Method, dict[str, Any]]:
    """The request that is asked for and its params, not validated yet. A token for progress and `_meta` that
    came with the request go into them. Raises a refusal."""
    given = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
    name = given.get("command")
    row = COMMANDS.get(name) if isinstance(name, str) else None
    if row is None:
        raise refuse(
            "invalid",
            f"There is no command {str(name)[:200]!r}.",
            "`command`: see `executeCommandProvider.commands` in the answer to initialize.",
        )
    told: Any = given.get("arguments")
    arguments = cast("list[Any]", told) if isinstance(told, list) else []
    if (told is not None and not isinstance(told, list)) or len(arguments) > 1:
        raise refuse(
            "invalid",
            f"The command {name} takes one argument.",
            "`arguments`: a list with one object, the params of the method.",
        )
    first: Any = arguments[0] if arguments else {}
    if not isinstance(first, dict):
        raise refuse("invalid", f"The argument of {name} must be an object.", "`arguments[0]`: named fields.")
    wanted = dict(cast("dict[str, Any]", first))
    token = given.get("workDoneToken")
    if token is not None and "work_done_token" in row.params.model_fields:
        wanted.setdefault("workDoneToken", token)
    if META in given:
        wanted.setdefault(META, given[META])
    return row, wanted
