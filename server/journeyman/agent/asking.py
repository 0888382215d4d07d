"""One model call: the request, its deltas to whoever watches, its usage to the meter."""

from __future__ import annotations

import json

from journeyman.agent.prompts import system_prompt
from journeyman.agent.session import Session
from journeyman.model import retry
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import Effort, ModelDelta, ModelRequest, ReasoningDelta, TextDelta

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high")


async def ask(session: Session, message_id: str) -> ModelTurn:
    """Raises a `model_*` Failure when the model cannot be had, after the stated retries."""
    request = ModelRequest(
        model=session.info.name,
        system=system_prompt(),
        messages=session.conversation.view(),
        tools=session.registry.specs,
        effort=next((effort for effort in EFFORTS if effort == session.run.effort), None),
    )

    def watched(delta: ModelDelta) -> None:
        if isinstance(delta, TextDelta):
            session.telling.delta(delta.text, "text", message_id)
        elif isinstance(delta, ReasoningDelta):
            session.telling.delta(delta.text, "reasoning", message_id)

    def again(why: retry.Retry) -> None:
        session.telling.passing_notice(
            f"{why.reason} Trying again in {why.pause_s:.0f} s ({why.attempt} of {why.attempts})."
        )

    turn = await retry.ask(session.model, request, clock=session.clock, on_delta=watched, on_retry=again)
    sent = sum(len(message.for_model) for message in request.messages) + len(request.system)
    received = len(turn.text) + len(turn.reasoning)
    received += sum(len(json.dumps(call.arguments)) for call in turn.tool_calls)
    session.meter.add(turn.usage, session.info, characters=sent + received)
    return turn
