"""Looking for something in the project with a history of its own, so that the run's stays short.

The same model with reading tools only, for a few steps, out of the run's budget. What it found comes back as
one short text; what it read on the way is forgotten by the run. What it asks the model is kept call by call,
like what the run asks. It ends with the call it belongs to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from journeyman.agent.families import USUAL
from journeyman.agent.limits import Limits, Meter
from journeyman.agent.sizes import characters
from journeyman.agent.state import RunState
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.registry import Prepared, Registry, run_tool
from journeyman.failures import Failure
from journeyman.model import retry
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import ModelRequest
from journeyman.records import Message, Role, ToolCall
from journeyman.thoughts import Thoughts
from journeyman.trajectory.ledger import Ledger, answer_fields, failure_fields

if TYPE_CHECKING:
    from journeyman.agent.services import Services
    from journeyman.agent.telling import Telling
    from journeyman.agent.tools.context import ToolContext
    from journeyman.extensions.hooks import Hooks
    from journeyman.model.registry import ResolvedModel
    from journeyman.records import Run

STEPS_MAX = 12
TOKENS_MAX = 200_000
SHARE = 0.25
"""Of the run's ceilings of tokens and dollars, at most this much for one question."""
CALLS_MAX = 8
"""Most calls of one message that are made."""
ANSWER_CHARACTERS_MAX = 8_000
TOOLS = frozenset({"ls", "read", "grep", "glob", "git"})
NOW = "That was the last look. Answer now with what you have found, in words, without a tool."


@dataclass(slots=True)
class Explorer:
    """Of one run."""

    services: Services
    run: Run
    resolved: ResolvedModel
    meter: Meter
    telling: Telling
    hooks: Hooks
    elapsed: Callable[[], float]
    interrupted: Callable[[], bool]
    """Whether the user says something meanwhile."""

    async def explore(self, context: ToolContext, question: str) -> Observation:
        limits = self.meter.limits
        tokens = min(TOKENS_MAX, int(limits.tokens * SHARE))
        own = Meter(Limits(STEPS_MAX, 1, tokens, limits.usd * SHARE, limits.seconds))
        inside = _Inside(self, context, own, [self.message("user", question)])
        return await inside.answer()

    def message(self, role: Role, text: str, **more: Any) -> Message:
        run, services = self.run, self.services
        return Message(services.ids.new(), run.chat_id, run.id, role, text, services.clock.now(), **more)


class _Inside:
    """One question."""

    def __init__(self, of: Explorer, context: ToolContext, own: Meter, messages: list[Message]) -> None:
        state = RunState(context.state.root, context.state.cwd, "plan")  # only reading is run in this phase
        self._of = of
        self._context = replace(context, state=state)
        self._own = own
        self._messages = messages
        run = of.run
        self._ledger = Ledger(of.services.store.turns, run.chat_id, run.id, context.call_id)
        self._registry = Registry(context.guest, state.root)
        self._specs = tuple(spec for spec in self._registry.specs(USUAL) if spec.name in TOOLS)
        self._looked: list[str] = []

    async def answer(self) -> Observation:
        while True:
            last = self._own.steps + 1 >= STEPS_MAX
            if last:
                self._messages.append(self._of.message("user", NOW))
            sent = self._size()
            ended = self._ended(sent)
            if ended:
                return self._unanswered(ended)
            turn = await self._ask(sent, last=last)
            if not turn.tool_calls and turn.text.strip():
                return self._answered(turn.text.strip())
            if last or not turn.tool_calls:
                return self._unanswered("it came to no answer")
            thoughts = Thoughts(self._of.resolved.info.id, "", turn.thoughts) if turn.thoughts else None
            self._messages.append(
                self._of.message("assistant", turn.text, tool_calls=turn.tool_calls, thoughts=thoughts)
            )
            for at, call in enumerate(turn.tool_calls):
                made = await self._look(call) if at < CALLS_MAX else failed(f"only {CALLS_MAX} calls at once")
                self._messages.append(
                    self._of.message("tool", made.text, tool_call_id=call.id, tool_name=call.name, ok=made.ok)
                )

    def _ended(self, sent: int) -> str:
        """Why nothing more is asked; empty where it may be."""
        if self._of.interrupted():
            return "the user said something"
        for meter in (self._own, self._of.meter):
            reached = meter.reached(self._of.elapsed(), self._of.resolved.info, sent=sent)
            if reached is not None:
                return reached.message
        return ""

    async def _ask(self, sent: int, *, last: bool) -> ModelTurn:
        """The answer is kept when this returns; its calls have ids of ours."""
        of, info = self._of, self._of.resolved.info
        room = [meter.answer_tokens_max(info, sent=sent) for meter in (self._own, of.meter)]
        request = ModelRequest(
            model=info.name,
            system=prompt(),
            messages=tuple(self._messages),
            tools=self._specs,
            effort="low",
            output_tokens_max=min((each for each in room if each is not None), default=None),
            tool_choice="none" if last else "auto",
            call_id=self._context.call_id,
        )
        self._ledger.asked(request, ())
        clock = of.services.clock
        began = clock.monotonic()
        try:
            turn = await retry.ask(of.resolved.model, request, clock=clock)
        except Failure as failure:  # kept, too: a later run may be asked to do it again
            await self._ledger.answered(
                "", info.id, "unknown", None, clock.monotonic() - began, failure_fields(failure)
            )
            raise
        seconds = clock.monotonic() - began
        named = (replace(call, id=f"look_{self._own.steps}_{at}") for at, call in enumerate(turn.tool_calls))
        turn = replace(turn, tool_calls=tuple(named))
        received = len(turn.text) + len(turn.reasoning)
        received += sum(len(json.dumps(call.arguments)) for call in turn.tool_calls)
        for meter in (self._own, of.meter):
            meter.add(turn.usage, info, sent=sent, received=received)
        await asyncio.gather(  # committed together
            of.telling.usage(of.meter.usage),
            self._ledger.answered("", info.id, turn.stop_reason, turn.usage, seconds, answer_fields(turn)),
        )
        return turn

    async def _look(self, call: ToolCall) -> Observation:
        prepared = self._registry.prepare(call, self._context.state)
        if not isinstance(prepared, Prepared):
            return prepared
        name = prepared.tool.spec.name
        if name not in TOOLS:
            return failed(f"{name} is not for exploring", hint=f"Tools: {', '.join(sorted(TOOLS))}.")
        refused = await self._of.hooks.before(name, prepared.arguments, self._context.state.cwd)
        if refused is not None:
            return failed(f"a hook of the user's refused this: {refused}")
        shown = " ".join([name, *(str(value)[:80] for value in list(prepared.arguments.values())[:2])])
        self._looked.append(shown)
        self._context.output(f"{shown}\n")
        return await run_tool(prepared, self._context)

    def _size(self) -> int:
        return len(prompt()) + sum(map(characters, self._messages))

    def _answered(self, text: str) -> Observation:
        cut = text if len(text) <= ANSWER_CHARACTERS_MAX else f"{text[:ANSWER_CHARACTERS_MAX]}\n[cut]"
        return Observation(f"explored in {self._own.steps} steps, {len(self._looked)} looks\n{cut}")

    def _unanswered(self, why: str) -> Observation:
        looked = "\n".join(self._looked[-20:]) or "nothing"
        return failed(f"exploring ended without an answer: {why}", hint=f"Look yourself. Seen:\n{looked}")


@cache
def prompt() -> str:
    return files("journeyman.agent.prompts").joinpath("explore.md").read_text(encoding="utf-8")
