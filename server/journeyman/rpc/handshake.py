"""`initialize`: what the client says of itself, and what the daemon says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from lsprotocol import types
from pydantic import ValidationError

from journeyman import __version__
from journeyman.rpc import lsp
from journeyman.rpc.capabilities import ClientCan, client_can, speaks
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.plain import features
from journeyman.rpc.refusals import refuse
from journeyman_protocol import PROTOCOL_VERSION
from journeyman_protocol.base import Message
from journeyman_protocol.daemon import ClientJourneyman, InitializationOptions, JourneymanCapabilities
from journeyman_protocol.methods import METHODS
from journeyman_protocol.rows import Direction

FEATURES = [
    "runs.accepted",
    "runs.idempotent",
    "events.resume",
    "progress.runs",
    "progress.partialResult",
    "permissions",
    "notifications.optOut",
    "meta.traceContext",
]

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Shaken:
    answer: dict[str, Any]
    can: ClientCan
    process_id: int | None


def shown_token(params: dict[str, Any]) -> str | None:
    """The token in `initializationOptions`, where there is one."""
    options = as_object(params.get("initializationOptions")) or {}
    token = options.get("token")
    return token if isinstance(token, str) else None


def shake_hands(protocol: lsp.JourneymanProtocol, message: dict[str, Any]) -> Shaken:
    """Take `initialize` apart and make its answer. Raises a refusal naming the field that is wrong."""
    params = dict(as_object(message.get("params")) or {})
    options = as_object(params.get("initializationOptions"))
    if options is not None:
        _ours(InitializationOptions, options, "initializationOptions")
        # The token goes no further than this.
        params["initializationOptions"] = {key: options[key] for key in options if key != "token"}
    capabilities = as_object(params.get("capabilities")) or {}
    experimental = as_object(capabilities.get("experimental")) or {}
    wish = experimental.get("journeyman")
    opted = None
    if wish is not None:
        opted = _ours(ClientJourneyman, wish, "capabilities.experimental.journeyman")
        if problem := speaks(opted.protocol_version):
            asked = f"The client asks for protocol version {opted.protocol_version}."
            raise refuse("invalid", asked, problem)
    typed: types.InitializeParams = structured(protocol, types.INITIALIZE, {**message, "params": params})
    if typed.trace is not None:
        protocol.trace = typed.trace
    result, _ = lsp.begin(protocol.lsp_initialize, typed)
    answer: dict[str, Any] = protocol.unstructure(result)
    answer["capabilities"].update(features.CAPABILITIES)
    answer["capabilities"].setdefault("workspace", {}).update(features.WORKSPACE_CAPABILITIES)
    answer["capabilities"]["textDocumentSync"]["save"] = True
    answer["capabilities"]["experimental"] = {"journeyman": _capabilities().wire()}
    return Shaken(
        answer=answer,
        can=client_can(typed, opted),
        process_id=typed.process_id,
    )


def structured(protocol: lsp.JourneymanProtocol, method: str, message: dict[str, Any]) -> Any:
    """The typed params of a standard message, or a refusal naming the field."""
    try:
        return protocol.structure(method, message)
    except ValueError as error:
        raise refuse("invalid", f"The parameters of {method} are not right.", f"`{error}`.") from error


def _ours(model: type[M], value: Any, where: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise refuse("invalid", "The parameters of initialize are not right.", f"`{where}`.") from error


def _capabilities() -> JourneymanCapabilities:
    return JourneymanCapabilities(
        protocol_version=PROTOCOL_VERSION,
        version=__version__,
        methods=[row.name for row in METHODS if row.direction is Direction.REQUEST],
        notifications=[row.name for row in METHODS if row.direction is Direction.NOTIFICATION_OUT],
        requests=[row.name for row in METHODS if row.direction is Direction.REQUEST_OUT],
        features=FEATURES,
    )
