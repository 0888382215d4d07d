"""From a method's name and raw params to its handler and back: the table `METHODS`, applied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from journeyman.rpc.calls import Call, ScopeKey
from journeyman.rpc.hub import Hub
from journeyman.rpc.peer import Peer
from journeyman.rpc.refusals import Refusal, refuse
from journeyman.rpc.services import Services
from journeyman_protocol.base import Message
from journeyman_protocol.methods import BY_NAME
from journeyman_protocol.rows import Direction, Method, OrderedBy


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler gets besides its params."""

    call: Call
    peer: Peer
    services: Services
    hub: Hub


Handler = Callable[[Context, Any], Awaitable[Message]]


class Router:
    """Shared by all connections; holds no state of any."""

    def __init__(self, services: Services, handlers: Mapping[str, Handler]) -> None:
        self.services = services
        self._handlers = handlers

    def row(self, method: str) -> Method | None:
        """The row of a request this daemon handles."""
        row = BY_NAME.get(method)
        return row if row is not None and row.direction is Direction.REQUEST else None

    async def call(
        self, row: Method, context: Context, params: Message, handler: Handler | None = None
    ) -> dict[str, Any]:
        """The wire form of the result, of `handler` or the row's own. Raises what the handler raises."""
        result = await (handler or self._handlers[row.name])(context, params)
        return result.wire()


def validate(row: Method, params: Any) -> Any:
    """`params` as the row's model. The refusal names the field."""
    try:
        return row.params.model_validate(
            {} if params is None else params, strict=True, by_name=False, by_alias=True
        )
    except ValidationError as error:
        raise _invalid(row.name, error) from error


def _invalid(method: str, error: ValidationError) -> Refusal:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    first = details[0]
    field = ".".join(str(part) for part in first["loc"]) or "params"
    more = f" ({len(details) - 1} more)" if len(details) > 1 else ""
    return refuse(
        "invalid",
        f"The parameters of {method} are not right.",
        f"`{field}`: {first['msg']}{more}. See PROTOCOL.md for the method's parameters.",
    )


_SCOPED_BY = {OrderedBy.PROJECT: "project_id", OrderedBy.CHAT: "chat_id", OrderedBy.EXEC: "exec_id"}


def scope_key(row: Method, params: Message) -> ScopeKey | None:
    """Requests with the same key begin in the order they came."""
    if row.scope is OrderedBy.NONE:
        return None
    ident = getattr(params, _SCOPED_BY[row.scope], None)
    return (row.scope.value, ident) if isinstance(ident, str) else None
