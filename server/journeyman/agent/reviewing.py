"""What people decided of the agent's changes, between two steps: done in the files, then told to the model.

Told is what is stored in the conversation: a crash in between tells it twice, never not at all.
"""

from __future__ import annotations

import logging

from journeyman.agent.session import Session
from journeyman.failures import Failure

log = logging.getLogger(__name__)


async def review(session: Session) -> None:
    """No call of the run is at work now."""
    deciding, chat_id = session.review, session.run.chat_id
    if deciding is None or not (waiting := await deciding.waiting(chat_id)):
        return
    if any(each.decision == "rejecting" for each in waiting):
        if session.recording is not None:
            await session.recording.recorder.settled()
        try:
            await deciding.settle(chat_id, session.tools.guest)
        except Failure as failure:
            log.warning("run %s: rejected changes wait: %s", session.run.id, failure.message)
        waiting = await deciding.waiting(chat_id)
    notes = [each for each in waiting if each.decision != "rejecting" and each.note]
    if notes:
        await session.conversation.user("\n\n".join(each.note for each in notes))
        await deciding.told(chat_id, notes)
