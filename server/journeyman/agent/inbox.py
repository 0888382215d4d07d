"""What users say to a run while it goes on: taken between two of its steps, in one transaction with the
message it becomes. What the run did not take when it ended becomes a run of its own. No text is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.ports.store import InputStore
from journeyman.records import Input, Message

STEERED = (
    "<note>The user said this while you were at work. It comes before what you had planned: "
    "change the todo list with todoWrite where the plan is another one now.</note>"
)
STEERED_WITH_A_PLAN = (
    "<note>The user said this while you were at work. It comes before what you had planned: write the todo "
    "list again with todoWrite, as it is now. Until then only reading tools are run.</note>"
)
SKIPPED = "skipped: user message"


@dataclass(slots=True)
class Inbox:
    """One per open run. `something` is set as soon as a text is stored for it."""

    inputs: InputStore
    chat_id: str
    run_id: str
    changed: Callable[[], Awaitable[None]]
    """Tells that the queue is another one."""
    something: bool = False
    ended: bool = False
    """How the run ends is settled: whoever cancels it now comes too late."""
    closed: bool = False
    """The run takes no more: what comes now becomes a run of its own."""

    async def take(self, message_of: Callable[[Input], Awaitable[Message]]) -> tuple[Message, ...]:
        """Everything that waits, as messages that are in the stored conversation now. What a user changes
        or removes at the same moment is read again."""
        while self.something:
            self.something = False
            try:
                found = await self.inputs.waiting(self.chat_id, self.run_id)
                messages = tuple([await message_of(each) for each in found])
                if found:
                    await self.inputs.take(found, messages)
            except BaseException as error:  # what was not taken is there still, whatever ended this
                self.something = True
                if not isinstance(error, Failure) or error.kind != "conflict":
                    raise
                continue
            if found:
                await self.changed()
            return messages
        return ()
