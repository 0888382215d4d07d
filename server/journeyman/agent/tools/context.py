"""What a tool is given: the workspace, the run's state and narrow ways to change what outlives the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeyman.agent.state import FinStatus, RunState
from journeyman.agent.tools.observation import Observation
from journeyman.ports.guest import Guest
from journeyman.ports.writes import Held
from journeyman.records import Commands, TodoItem, TodoList
from journeyman.runctx import RunContext

if TYPE_CHECKING:
    from journeyman.agent.tools.jobs import Jobs


async def nobody(_call_id: str, _question: str, _options: tuple[str, ...]) -> str | None:
    return None


async def at_once(held: Held | None = None) -> None:
    if held is not None:
        held.let_go()


@dataclass(frozen=True, slots=True)
class ToolContext:
    run: RunContext
    guest: Guest
    state: RunState
    jobs: Jobs
    get_todos: Callable[[], Awaitable[TodoList]]
    change_todos: Callable[[tuple[TodoItem, ...], str | None], Awaitable[tuple[TodoList, tuple[str, ...]]]]
    """Items and a reason; answers the stored list and what the rules changed on the way."""
    set_cwd: Callable[[str], Awaitable[None]]
    set_commands: Callable[[Commands], Awaitable[None]]
    finish: Callable[[str, FinStatus], Awaitable[Observation]]
    """Gate and verification; accepts by setting `state.outcome`."""
    call_id: str = ""
    ask: Callable[[str, str, tuple[str, ...]], Awaitable[str | None]] = nobody
    """Call id, question and options; answers what the user said, None where nobody is there."""
    output: Callable[[str], None] = lambda _text: None
    """Shows live output of this call to whoever watches; never waits."""
    begin: Callable[[Held | None], Awaitable[None]] = at_once
    """Waits until the call may do something; what is held goes then. For a tool that `begins`: any other is
    not run before."""

    @property
    def log_name(self) -> str:
        """What this call's whole output is kept under in the workspace. Providers that count their calls
        from 0 do so in every chat."""
        call = "".join(c for c in self.call_id if c.isalnum() or c in "-_")[:80]
        return f"{self.run.chat_id[:8]}-{call or 'output'}.txt"

    @property
    def next_log_name(self) -> str:
        """The same for what is started now and belongs to a later call."""
        return self.log_name.replace(".txt", "-next.txt")
