"""What happens when the model calls `fin`: the gate, the verification, and at most three rounds of either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from journeyman.agent import gate, replanning
from journeyman.agent.state import FinStatus, Outcome, RunState
from journeyman.agent.telling import Telling
from journeyman.agent.tools.jobs import Jobs
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.verify import verify
from journeyman.records import TodoList

ROUNDS_MAX = 3


async def nothing_reported() -> list[str]:
    return []


@dataclass(slots=True)
class Finishing:
    """One per run."""

    state: RunState
    jobs: Jobs
    telling: Telling
    asks: bool
    """Whether the request is a question: then an answer is all there has to be."""
    orders: bool
    """Whether it says that something is to be changed: then an answer is not enough."""
    argues: bool = True
    """Whether the model is told why it is not finished. Else that is the run's end."""
    new_errors: Callable[[], Awaitable[list[str]]] = nothing_reported
    """What editors report of the changed files that was not there before the run."""
    _error_rounds: int = 0
    _refused: str | None = None
    _rounds: int = 0
    _failure: tuple[str, int] | None = None

    async def finish(self, summary: str, status: FinStatus, todos: TodoList) -> Observation:
        """Accepts by setting the outcome; else an observation that says what to do."""
        if status != "done":
            return self._accept(Outcome(status, "fin", summary))
        refused = gate.refusal(todos, self.state)
        if self.state.activity == 0 and (refused is None or self.state.todo_changes == 0):
            return self._answered(summary)
        if refused is not None:
            return self._refuse(refused, Outcome("partial", "gate", f"{summary}\n\nNot finished: {refused}"))
        errors = await self.new_errors() if self._error_rounds < ROUNDS_MAX else []
        if errors:
            self._error_rounds += 1
            refused = gate.of_errors(errors)
            return self._refuse(refused, Outcome("partial", "gate", f"{summary}\n\nNot finished: {refused}"))
        return await self._verified(summary, gate.checks_to_run(todos, self.state))

    def _answered(self, summary: str) -> Observation:
        """The end of a run that did nothing but read."""
        answered = Outcome("completed", "answered", summary)
        if self.asks:
            return self._accept(answered)
        undone = Outcome("partial", "nothing_done", f"{summary}\n\nNothing was changed and nothing was run.")
        return self._refuse(gate.NOTHING_DONE, undone if self.orders else answered)

    def _refuse(self, why: str, at_last: Outcome) -> Observation:
        """The same refusal twice in a row ends the run, and the first one where telling it is of no use."""
        if why == self._refused or not self.argues:
            return self._accept(at_last)
        self._refused = why
        return failed(f"fin is refused. {why}")

    async def _verified(self, summary: str, checks: list[str]) -> Observation:
        state = self.state
        await self.telling.phase("verify")
        failure = await verify(state.commands, checks, state.root, self.jobs, self._tell)
        if failure is None:
            return self._accept(Outcome("completed", "fin", summary))
        now = (failure.signature, state.activity)
        self._rounds += 1
        unfixed = f"{summary}\n\nVerification failed: {failure.text.splitlines()[0]}"
        if now == self._failure:
            return self._accept(Outcome("partial", "verification_unchanged", unfixed))
        if self._rounds >= ROUNDS_MAX or not self.argues:
            return self._accept(Outcome("partial", "verification_failed", unfixed))
        if self._failure is not None and self._failure[0] == failure.signature:
            self.state.plan_again("The verification failed twice in the same way.")
        self._failure = now
        await self.telling.phase("execute")
        left = ROUNDS_MAX - self._rounds
        return failed(
            f"verification failed, {failure.text}",
            hint=f"{replanning.wanted(state)}Repair it and call fin again ({left} rounds left).",
        )

    def _accept(self, outcome: Outcome) -> Observation:
        self.state.outcome = outcome
        return Observation(f"accepted: {outcome.status}")

    async def _tell(self, line: str) -> None:
        await self.telling.notice("info", line)
