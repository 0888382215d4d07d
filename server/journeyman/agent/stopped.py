"""What was said to a run that somebody cancelled before it had heard it: it stays in the conversation, where
the next run reads it, and nothing is begun for it. Who cancels wants it to be quiet.
"""

from __future__ import annotations

from journeyman.agent.conversation import from_user
from journeyman.agent.inbox import Inbox
from journeyman.agent.services import Services
from journeyman.agent.state import Outcome
from journeyman.agent.telling import Telling
from journeyman.records import Input, Message, Run

UNHEARD = (
    "<note>The user said this to a run and then cancelled that run, before it was heard. Nothing was done "
    "about it.</note>"
)


def was_stopped(outcome: Outcome) -> bool:
    """Whether somebody wanted the end: a shutdown is nobody's wish."""
    return outcome.stop_reason in ("cancelled", "superseded")


async def keep(services: Services, run: Run, inbox: Inbox, telling: Telling) -> None:
    """Everything that waits for this run, as messages."""

    async def message_of(given: Input) -> Message:
        return from_user(given, (UNHEARD,), services.ids.new(), run.chat_id, run.id, services.clock)

    for message in await inbox.take(message_of):
        await telling.message(message)
