"""One client's JSON-RPC conversation: lifecycle, ids, order, cancelling, exactly one answer per request.

Gets parsed messages from `connection`, gives answers to the outbox. Requests of ours go to the router,
the standard part of LSP to pygls. Knows no bytes and no service.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from journeyman import spans
from journeyman.ports.tracing import Parent
from journeyman.rpc import envelope, lsp
from journeyman.rpc.auth import Gate, Unauthorized
from journeyman.rpc.calls import Call, Calls, Ident, Turns
from journeyman.rpc.handshake import shake_hands, shown_token, structured
from journeyman.rpc.hub import Hub
from journeyman.rpc.jsonbody import as_object, dump
from journeyman.rpc.limits import Limits
from journeyman.rpc.meta import without_meta
from journeyman.rpc.outbound import Outbound
from journeyman.rpc.outbox import Outbox
from journeyman.rpc.peer import Peer
from journeyman.rpc.plain import commands, lenses
from journeyman.rpc.plain.editor import Editor
from journeyman.rpc.plain.features import FEATURES
from journeyman.rpc.port_watches import PortWatches
from journeyman.rpc.questions import PeerQuestions
from journeyman.rpc.refusals import Refusal, from_exception, refuse
from journeyman.rpc.router import Context, Router, scope_key, validate
from journeyman.rpc.served import serve
from journeyman.rpc.subscriptions import Subscriptions
from journeyman.rpc.terminals import PeerTerminals
from journeyman.rpc.watches import Watches
from journeyman_protocol.daemon import CancelParams, WorkDoneProgressCancelParams
from journeyman_protocol.editor import DiagnosticsChanged
from journeyman_protocol.stream import AckParams

log = logging.getLogger(__name__)


class State(Enum):
    NEW = "new"
    READY = "ready"
    SHUT_DOWN = "shutDown"


class Session:
    token_may_follow = False
    """A token that is not in the first message does not come any more."""

    def __init__(
        self,
        *,
        name: str,
        router: Router,
        hub: Hub,
        limits: Limits,
        gate: Gate,
        outbox: Outbox,
        start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
        leave: Callable[[str], None],
        watch_parent: Callable[[int], None],
    ) -> None:
        self._router = router
        self._hub = hub
        self._limits = limits
        self._gate = gate
        self._outbox = outbox
        self._start = start
        self._leave = leave
        self._watch_parent = watch_parent
        self._state = State.NEW
        self._turns = Turns()
        self.calls = Calls()
        self.outbound = Outbound(outbox.must, limits)
        self.peer = Peer(name, outbox, self.outbound, start)
        self.peer.subscriptions = Subscriptions(self.peer, router.services.events)
        self.peer.questions = PeerQuestions(self.peer, router.services.permissions)
        self.peer.terminals = PeerTerminals(self.peer, router.services.terminals)
        self.peer.watches = Watches(self.peer)
        self.peer.port_watches = PortWatches(self.peer, router.services.ports)
        self.server = lsp.JourneymanServer(
            lsp.Wire(outbox.must, self.outbound.request, lambda: leave("The client sent exit."))
        )
        self.peer.editor = Editor(self.peer, lambda: self.server.workspace, self.server.documents)
        self._leave_editors = router.services.editors.join(self.peer.editor)

    def receive(self, value: Any) -> None:
        """One parsed JSON value. Never raises, never waits."""
        match envelope.read(value, batch="Batches are not part of LSP."):
            case envelope.Answer(message):
                if not self.outbound.answered(message):
                    log.debug("%s answered a request nobody waits for", self.peer.name)
            case envelope.Wrong(ident, refusal):
                self.refuse(ident, refusal)
            case envelope.Notification(method, message):
                self._notification(method, message)
            case envelope.Request(ident, method, message):
                self._request(ident, method, message)

    # Requests

    def _request(self, ident: Ident, method: str, message: dict[str, Any]) -> None:
        try:
            self._admit(ident, method, message)
        except Unauthorized as error:
            self.refuse(ident, refuse("unauthorized", str(error)))
            self._leave("The client showed no valid token.")
        except Refusal as refusal:
            self.refuse(ident, refusal)
        except Exception as error:  # noqa: BLE001 - whatever a message did to us, its id gets an answer
            self.refuse(ident, from_exception(error, method))

    def _admit(self, ident: Ident, method: str, message: dict[str, Any]) -> None:
        if not self._gate.open and method != types.INITIALIZE:
            raise Unauthorized("The first message must be `initialize` with the daemon's token.")
        if self._state is State.SHUT_DOWN:
            raise refuse("invalid_request", "The client has sent shutdown; only exit may follow.")
        self.calls.check_room(ident, self._limits.in_flight)
        params = message.get("params")
        if params is not None and not isinstance(params, dict):
            raise refuse(
                "invalid", "`params` must be an object.", "`params`: send an object with named fields."
            )
        if method == types.INITIALIZE:
            self._answer(ident, self._initialize(message))
            return
        if self._state is State.NEW and method != "daemon/ping":
            raise refuse("not_initialized", "The first request must be initialize.")
        row = self._router.row(method)
        if method == types.WORKSPACE_EXECUTE_COMMAND:
            row, params = commands.read(params)
        above, params = without_meta(as_object(params), row)
        if row is not None:
            typed = validate(row, params)
            call = Call(ident, method, self._turns.take(scope_key(row, typed)))
            context = Context(call, self.peer, self._router.services, self._hub)
            handler = commands.HANDLERS.get(row.name)
            if row.name in lenses.DECIDED_BY:
                lenses.after_decision(context)
            self._serve(call, lambda: self._router.call(row, context, typed, handler), above)
            return
        self._standard(ident, method, message, above)

    def _standard(self, ident: Ident, method: str, message: dict[str, Any], above: Parent | None) -> None:
        protocol = self.server.protocol
        if (feature := FEATURES.get(method)) is not None:
            typed = structured(protocol, method, message)
            call = Call(ident, method, self._turns.take(None))
            context = Context(call, self.peer, self._router.services, self._hub)

            async def answering() -> Any:
                return protocol.unstructure(await feature(context, typed))

            self._serve(call, answering, above)
            return
        handler = protocol.standard_handler(method)
        if handler is None:
            raise refuse("method_not_found", f"There is no method {method[:200]!r}.", "See PROTOCOL.md.")
        if method == types.SHUTDOWN:
            self._state = State.SHUT_DOWN
            lsp.begin(handler, None)
            self._answer(ident, None)
            return
        try:
            result, rest = lsp.begin(handler, structured(protocol, method, message))
        except JsonRpcInvalidParams as error:
            raise refuse("invalid", f"The parameters of {method} are not right.", f"{error}.") from error
        if rest is None:
            self._answer(ident, protocol.unstructure(result))
            return
        waiting = rest

        async def work() -> Any:
            return protocol.unstructure(await waiting)

        self._serve(Call(ident, method, self._turns.take(None)), work, above)

    def _serve(self, call: Call, work: Callable[[], Awaitable[Any]], above: Parent | None) -> None:
        serve(
            call,
            work,
            calls=self.calls,
            start=self._start,
            answer=self._answer,
            refuse=self.refuse,
            ended=self._over,
            span=spans.served(self._router.services.tracer, call.method, above),
        )

    def _over(self, call: Call, outcome: str, seconds: float) -> None:
        self._router.services.metrics.answered(call.method, outcome, seconds)
        self._trace(call, outcome, seconds)

    def _trace(self, call: Call, outcome: str, seconds: float) -> None:
        trace = self.server.protocol.trace
        if trace == types.TraceValue.Off:
            return
        told = {"message": f"{call.method} ({call.ident}) answered after {seconds * 1000:.0f} ms"}
        if trace == types.TraceValue.Verbose:
            told["verbose"] = f"{outcome}; {len(self.calls)} requests in flight"
        self.peer.notify("$/logTrace", told)

    # Lifecycle

    def _initialize(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._state is not State.NEW:
            raise refuse("invalid_request", "The client has sent initialize before.")
        self._gate.initialize(shown_token(as_object(message.get("params")) or {}))
        shaken = shake_hands(self.server.protocol, message)
        self.peer.can = shaken.can
        self.peer.document = self.server.document
        self.peer.position_encoding = self.server.documents.encoding = self.server.position_encoding
        self._state = State.READY
        if shaken.process_id is not None:
            self._watch_parent(shaken.process_id)
        return shaken.answer

    # Notifications

    def _notification(self, method: str, message: dict[str, Any]) -> None:
        try:
            self._notified(method, message)
        except Exception as error:  # noqa: BLE001 - nobody waits for an answer to a notification
            reason = error.data.hint if isinstance(error, Refusal) else from_exception(error, method).message
            log.info("%s sent %s, which was ignored: %s", self.peer.name, method[:200], reason)

    def _notified(self, method: str, message: dict[str, Any]) -> None:
        if method == types.EXIT:
            self._leave("The client sent exit.")
            return
        if self._state is not State.READY or not self._gate.open:
            return
        params = message.get("params")
        match method:
            case types.CANCEL_REQUEST:
                self.calls.cancel(CancelParams.model_validate(params).id)
            case types.WINDOW_WORK_DONE_PROGRESS_CANCEL:
                token = WorkDoneProgressCancelParams.model_validate(params).token
                if (run_id := self.peer.run_by_token.get(token)) is not None:
                    self.peer.start(self._cancel_run(run_id), "cancel by progress token")
            case types.INITIALIZED:
                self.peer.initialized = True
                self._hub.greet(self.peer)
            case "editor/didChangeDiagnostics":
                self.peer.editor.reported(DiagnosticsChanged.model_validate(params))
            case "agent/ack":
                taken = AckParams.model_validate(params)
                self.peer.subscriptions.acknowledge(taken.chat_id, taken.seq)
            case _:
                handler = self.server.protocol.standard_handler(method)
                if handler is None:
                    return
                _, rest = lsp.begin(handler, structured(self.server.protocol, method, message))
                if rest is not None:
                    self.peer.start(_awaited(rest), method)

    async def _cancel_run(self, run_id: str) -> None:
        await self._router.services.runs.cancel(run_id)

    # Answers

    def _answer(self, ident: Ident, result: Any) -> None:
        body = dump({"jsonrpc": "2.0", "id": ident, "result": result})
        if len(body) > self._limits.frame_bytes:
            raise refuse(
                "overloaded",
                f"The answer would have {len(body)} bytes; a message may have {self._limits.frame_bytes}.",
                "Ask for less at a time.",
            )
        self._outbox.at_once(body)

    def refuse(self, ident: Ident | None, refusal: Refusal) -> None:
        self._outbox.at_once(dump({"jsonrpc": "2.0", "id": ident, "error": refusal.wire()}))

    def close(self) -> None:
        self._router.services.metrics.dropped(self._outbox.dropped)
        self.outbound.close()
        self._leave_editors()
        self.peer.subscriptions.close()
        self.peer.terminals.close()
        self.peer.watches.close()
        self.peer.port_watches.close()


async def _awaited(work: Awaitable[Any]) -> None:
    await work
