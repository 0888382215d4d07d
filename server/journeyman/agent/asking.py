"""One model call: the request, its deltas to whoever watches, its usage to the meter."""

from __future__ import annotations

import asyncio
import json

from journeyman.agent import traced
from journeyman.agent.session import Session
from journeyman.failures import Failure
from journeyman.model import retry
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import Effort, ModelDelta, ModelRequest, ReasoningDelta, TextDelta
from journeyman.records import Message

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high")


async def ask(session: Session, message_id: str, messages: tuple[Message, ...], sent: int) -> ModelTurn:
    """Raises a `model_*` Failure when the model cannot be had, after the stated retries, and no other of the
    user's list can. `sent`: how many characters the messages have."""
    while True:
        try:
            turn = await _ask(session, message_id, messages, sent)
        except Failure as failure:
            other = await session.fallbacks.next(failure, session.info.id, session.run.budget)
            if other is None:
                raise
            await session.telling.notice(
                "warning", f"{failure.message} The run goes on with {other.info.id}.", failure.hint
            )
            session.change_model(other)
            messages = session.conversation.view()
            sent = session.characters(messages)
            if session.meter.reached(session.elapsed_s, session.info, sent=sent) is not None:
                raise
        else:
            session.think_hard = False
            return turn


def effort(session: Session) -> Effort:
    """What its user asked for; else much for a plan and where something failed, and little in between."""
    asked: Effort | None = next((each for each in EFFORTS if each == session.run.effort), None)
    if asked is not None:
        return asked
    planning = session.state.phase == "plan" or session.state.replan
    return "high" if planning or session.think_hard else "low"


async def _ask(session: Session, message_id: str, messages: tuple[Message, ...], sent: int) -> ModelTurn:
    info, system, tools = session.info, session.family.system, session.registry.specs(session.family)
    messages = session.recall.shown(session.gallery.shown(messages, info), info, system, tools)
    request = ModelRequest(
        model=info.name,
        system=system,
        messages=messages,
        tools=tools,
        effort=effort(session),
        output_tokens_max=session.meter.answer_tokens_max(info, sent=sent),
        pictures=await session.gallery.texts(messages),
    )

    session.ledger.asked(request, session.conversation.messages)
    asyncio.get_running_loop().call_later(0, session.ledger.note)  # once the request is on its way

    def watched(delta: ModelDelta) -> None:
        if isinstance(delta, TextDelta):
            session.telling.delta(delta.text, "text", message_id)
        elif isinstance(delta, ReasoningDelta):
            session.telling.delta(delta.text, "reasoning", message_id)

    def again(why: retry.Retry) -> None:
        span.note("journeyman.model.retries", why.attempt)
        session.telling.passing_notice(
            f"{why.reason} Trying again in {why.pause_s:.0f} s ({why.attempt} of {why.attempts})."
        )

    with traced.model_call(info) as span:
        turn = await retry.ask(session.model, request, clock=session.clock, on_delta=watched, on_retry=again)
        traced.answered(span, turn)
    received = len(turn.text) + len(turn.reasoning)
    received += sum(len(json.dumps(call.arguments)) for call in turn.tool_calls)
    session.meter.add(turn.usage, info, sent=sent, received=received)
    return turn
