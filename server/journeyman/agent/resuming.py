"""What a run that carries on an interrupted one tells the model, which has the interrupted one's messages."""

from __future__ import annotations

from collections.abc import Sequence

from journeyman.ports.store import RunStore
from journeyman.records import Message, Run

CARRY_ON = "Carry on where you were interrupted."
_NOTE = """<note>The daemon stopped in the middle of this request and is back; nothing runs any more. What is
marked as "state unknown" may have happened or not: look before you repeat it. The request was:

{prompt}</note>"""


async def carries_on(runs: RunStore, run: Run, history: Sequence[Message]) -> bool:
    """Whether the conversation has the request already: else it is said as if for the first time."""
    said = {message.run_id for message in history if message.role == "user"}
    before = run.resumes
    while before is not None and before not in said:
        before = (await runs.get(before)).resumes
    return before is not None


def resumed_note(run: Run) -> str:
    return _NOTE.format(prompt=run.prompt)
