"""One step of either phase: a model call, and the tool calls it asked for."""

from __future__ import annotations

from journeyman.agent import open_documents, replanning
from journeyman.agent.asking import ask
from journeyman.agent.calls import run_calls
from journeyman.agent.extending import told
from journeyman.agent.limits import Ceiling
from journeyman.agent.reviewing import review
from journeyman.agent.session import Session
from journeyman.agent.state import Outcome
from journeyman.agent.stuck import StuckDetector
from journeyman.agent.wording import is_question, orders_something
from journeyman.failures import Failure
from journeyman.records import EndReason, Input, Message

REASONS: dict[Ceiling, EndReason] = {
    "steps": "limit_steps",
    "tokens": "limit_tokens",
    "usd": "limit_usd",
    "seconds": "limit_seconds",
}


async def step(session: Session) -> None:
    """The run's end, where there is one, is in `session.state.outcome` afterwards."""
    if _at_a_ceiling(session):
        return
    await _hear(session)
    await review(session)
    await open_documents.tell(session)
    messages = session.conversation.view()
    sent = session.characters(messages)
    if _at_a_ceiling(session, sent):
        return
    message_id = session.ids.new()
    began = session.clock.monotonic()
    turn = await ask(session, message_id, messages, sent)
    seconds = session.clock.monotonic() - began
    session.steps_since_todo += 1
    session.steps_since_reminder += 1
    message = session.conversation.answered(turn, message_id, session.recall.made(turn))
    session.writes.hand_over(  # committed together
        session.telling.usage(session.meter.usage),
        session.conversation.keep(message),
        session.telling.message(message),
        session.ledger.answered(message_id, session.info.id, turn.stop_reason, turn.usage, seconds),
    )
    if turn.tool_calls:
        await open_documents.bring(session)
        await run_calls(session, session.conversation.last_calls)
        if session.recording is not None:
            session.recording.after_step(message_id)
        session.tools.jobs.ready.begin()
        await open_documents.hand_over(session)
    else:
        await session.writes.stored()
        await _text_only(session, turn.text.strip(), cut=turn.stop_reason == "length")


def _at_a_ceiling(session: Session, sent: int = 0) -> bool:
    reached = session.meter.reached(session.elapsed_s, session.info, sent=sent)
    if reached is not None:
        session.end(Outcome("partial", REASONS[reached.ceiling], reached.message))
    return reached is not None


async def _hear(session: Session) -> None:
    """Take what the user said meanwhile."""
    requests: dict[str, str] = {}

    async def said(given: Input) -> Message:
        message, request = await _said(session, given)
        requests[message.id] = request
        return message

    messages = await session.inbox.take(said)
    if messages:
        await session.conversation.heard(messages)
        for message in messages:
            session.finishing.asks &= is_question(requests[message.id])
            session.finishing.orders |= orders_something(requests[message.id])
        session.answers_may_be_text &= session.finishing.asks
        session.stuck = StuckDetector()  # it was helped


async def _said(session: Session, given: Input) -> tuple[Message, str]:
    """As a message, and what it asks for: what it says, or what the command it calls says."""
    if session.documents is not None:
        session.documents.give(given.context.documents)
    try:
        called = await session.extended.call(given.text)
    except Failure as failure:
        if failure.kind != "invalid":
            raise
        await session.telling.notice("warning", failure.message, failure.hint)
        called = None
    request = given.text if called is None else called.text
    note = await replanning.steered(session, request)
    return session.conversation.said(given, told(called) if called else "", note), request


async def _text_only(session: Session, text: str, *, cut: bool) -> None:
    if session.inbox.something:
        return
    if session.answers_may_be_text and text and not cut:
        session.end(Outcome("completed", "answered", text))
        return
    stuck = session.stuck.saw_text_reply()
    if stuck.what == "end":
        session.end(Outcome("blocked", "no_tool_calls", text or f"The run ended: {stuck.message}."))
        return
    first = "Your answer was cut off at its length limit. " if cut else ""
    await session.conversation.user(f"{first}{stuck.message}")
