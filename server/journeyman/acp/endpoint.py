"""One client's requests: the token first, then exactly one answer each, in the order of its sessions.

Gets parsed messages from the connection and gives answers to the outbox, as `rpc.session` does for LSP.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from acp.schema import (
    AuthenticateRequest,
    AuthenticateResponse,
    CancelNotification,
    CancelRequestNotification,
    InitializeRequest,
)
from pydantic import BaseModel, ValidationError

from journeyman import spans
from journeyman.acp import handshake
from journeyman.acp.asking import SessionQuestions
from journeyman.acp.context import Context
from journeyman.acp.errors import error_of
from journeyman.acp.handlers import METHODS
from journeyman.acp.sessions import Sessions, wire
from journeyman.ports.tracing import Parent
from journeyman.rpc import envelope
from journeyman.rpc.auth import Unauthorized
from journeyman.rpc.calls import Call, Calls, Ident, Turns
from journeyman.rpc.capabilities import ClientCan
from journeyman.rpc.jsonbody import as_object, dump
from journeyman.rpc.language import Ends
from journeyman.rpc.meta import META, parent_of
from journeyman.rpc.outbound import Outbound
from journeyman.rpc.peer import Peer
from journeyman.rpc.refusals import Refusal, from_exception, refuse
from journeyman.rpc.served import serve
from journeyman.rpc.subscriptions import Subscriptions

if TYPE_CHECKING:
    from journeyman.rpc.services import Services

log = logging.getLogger(__name__)

PROMPT = "session/prompt"


class Endpoint:
    def __init__(self, ends: Ends, services: Services) -> None:
        self._ends = ends
        self._services = services
        self._turns = Turns()
        self._initialized = False
        self._prompts: dict[Call, str] = {}
        """Prompts that are not answered yet, with their session."""
        self.token_may_follow = False
        self.calls = Calls()
        self.outbound = Outbound(ends.outbox.must, ends.limits, cancel=("$/cancel_request", "requestId"))
        self.peer = Peer(ends.name, ends.outbox, self.outbound, ends.start)
        self.peer.local = ends.local
        self.peer.subscriptions = Subscriptions(self.peer, services.events)
        self.sessions = Sessions(services.events)
        self.peer.questions = SessionQuestions(self.peer, services.permissions, self.sessions)

    def receive(self, value: Any) -> None:
        """One parsed JSON value. Never raises, never waits."""
        may_show, self.token_may_follow = self.token_may_follow, False
        match envelope.read(value, batch="Batches are not part of this protocol."):
            case envelope.Answer(message):
                if not self.outbound.answered(message):
                    log.debug("%s answered a request nobody waits for", self.peer.name)
            case envelope.Wrong(ident, refusal):
                self.refuse(ident, refusal)
            case envelope.Notification(method, message):
                if self._ends.gate.open:
                    self._notified(method, message.get("params"))
            case envelope.Request(ident, method, message):
                self._request(ident, method, message.get("params"), may_show=may_show)

    # Requests

    def _request(self, ident: Ident, method: str, params: Any, *, may_show: bool) -> None:
        try:
            self._admit(ident, method, params, may_show=may_show)
        except Unauthorized as error:
            self.refuse(ident, refuse("unauthorized", str(error), "It is in the daemon's token file."))
            self._ends.leave("The client showed no valid token.")
        except Exception as error:  # noqa: BLE001 - whatever a message did to us, its id gets an answer
            self.refuse(ident, from_exception(error, method))

    def _admit(self, ident: Ident, method: str, params: Any, *, may_show: bool) -> None:
        if (
            not self._ends.gate.open
            and method != "initialize"
            and not (may_show and method == "authenticate")
        ):
            raise Unauthorized("Authentication required: show the daemon's token first.")
        self.calls.check_room(ident, self._ends.limits.in_flight)
        if method == "initialize":
            self._answer(ident, self._initialize(params))
            return
        if not self._initialized:
            raise refuse("not_initialized", "The first request must be initialize.")
        if method == "authenticate":
            self._answer(ident, self._authenticate(params))
            return
        row = METHODS.get(method)
        if row is None:
            raise refuse("method_not_found", f"There is no method {method[:200]!r}.", "See docs/acp.md.")
        typed = _validated(row.params, method, params)
        session_id = getattr(typed, "session_id", None)
        turn = self._turns.take(("session", session_id) if session_id is not None else None)
        call = Call(ident, method, turn)
        if method == PROMPT:
            # From its arrival on a cancel is the prompt's own to handle: it answers `cancelled`.
            call.cancel_by_myself()
            self._prompts[call] = str(session_id)
        context = Context(
            call,
            self.peer,
            self._ends.hub,
            self._services,
            self.sessions,
            self._cancel_prompts,
        )

        async def work() -> BaseModel:
            return await row.handle(context, typed)

        serve(
            call,
            work,
            calls=self.calls,
            start=self._ends.start,
            answer=self._answer,
            refuse=self.refuse,
            ended=self._over,
            span=spans.served(self._services.tracer, method, _above(params)),
        )

    def _over(self, call: Call, outcome: str, seconds: float) -> None:
        self._prompts.pop(call, None)
        self._services.metrics.answered(call.method, outcome, seconds)

    def _initialize(self, params: Any) -> BaseModel:
        if self._initialized:
            raise refuse("invalid_request", "The client has sent initialize before.")
        typed = _validated(InitializeRequest, "initialize", params)
        token = handshake.shown_token(params)
        if not self._ends.gate.open and token is None:
            self.token_may_follow = True
        else:
            self._show(token)
        self._initialized = True
        if typed.client_info is not None:
            self.peer.can = ClientCan(name=typed.client_info.title or typed.client_info.name)
        known = self._services.models.list()
        images = any(info.available and info.images for info in known)
        return handshake.answer(wants_token=self.token_may_follow, images=images)

    def _authenticate(self, params: Any) -> BaseModel:
        typed = _validated(AuthenticateRequest, "authenticate", params)
        if typed.method_id != handshake.TOKEN_METHOD:
            raise refuse("invalid", f"There is no way {typed.method_id[:80]!r} to authenticate.")
        if not self._ends.gate.open:
            self._show(handshake.shown_token(params))
        return AuthenticateResponse()

    def _show(self, token: str | None) -> None:
        try:
            self._ends.gate.initialize(token)
        except Unauthorized:
            raise Unauthorized("`_meta.journeyman.token` is missing or wrong.") from None

    # Notifications

    def _notified(self, method: str, params: Any) -> None:
        try:
            match method:
                case "session/cancel":
                    self._cancel_prompts(CancelNotification.model_validate(params).session_id)
                case "$/cancel_request":
                    self.calls.cancel(CancelRequestNotification.model_validate(params).request_id)
                case _:
                    log.debug("%s sent %s, which means nothing here", self.peer.name, method[:200])
        except ValidationError:
            log.info("%s sent %s with wrong parameters", self.peer.name, method)

    def _cancel_prompts(self, session_id: str) -> None:
        for call, session in list(self._prompts.items()):
            if session == session_id:
                call.cancel()

    # Answers

    def _answer(self, ident: Ident, result: BaseModel) -> None:
        body = dump({"jsonrpc": "2.0", "id": ident, "result": wire(result)})
        if len(body) > self._ends.limits.frame_bytes:
            raise refuse("overloaded", "The answer would be too long.", "Ask for less at a time.")
        self._ends.outbox.must(body)

    def refuse(self, ident: Ident | None, refusal: Refusal) -> None:
        self._ends.outbox.must({"jsonrpc": "2.0", "id": ident, "error": error_of(refusal)})

    def close(self) -> None:
        self.outbound.close()
        self.sessions.close()


def _validated(model: type[Any], method: str, params: Any) -> Any:
    """`params` as the package's model. The refusal names the field."""
    try:
        return model.model_validate({} if params is None else params)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "params"
        raise refuse(
            "invalid", f"The parameters of {method} are not right.", f"`{field}`: {first['msg']}."
        ) from error


def _above(params: Any) -> Parent | None:
    return parent_of(as_object((as_object(params) or {}).get(META)) or {})
