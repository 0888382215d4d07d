"""The gate before a call: whether the user lets it happen. While a person is waited for, the run's clock
stands still; other calls of the same message go on."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journeyman.agent.tools.observation import Observation, failed

if TYPE_CHECKING:
    from journeyman.agent.session import Session
    from journeyman.agent.tools.registry import Prepared
    from journeyman.permission.effect import Effect
    from journeyman.ports.clock import Clock


@dataclass(slots=True)
class Pauses:
    """Time that does not count: at least one call waits for a person."""

    clock: Clock
    _total_s: float = 0.0
    _waiting: int = 0
    _since: float = 0.0

    @property
    def total_s(self) -> float:
        return self._total_s + (self.clock.monotonic() - self._since if self._waiting else 0.0)

    @contextmanager
    def paused(self) -> Generator[None]:
        if self._waiting == 0:
            self._since = self.clock.monotonic()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._total_s += self.clock.monotonic() - self._since


@dataclass(frozen=True, slots=True)
class Pass:
    """A call that may be run."""

    note: str = ""
    """What is to be added to its observation."""
    exact: Mapping[str, Any] | None = None
    """The effect that was let through; None where nothing was asked."""


async def admit(session: Session, prepared: Prepared) -> Pass | Observation:
    """A pass, or what the model is told instead of the call being run."""
    refused = await session.extended.before(prepared, session.state)
    if refused is not None:
        return refused
    gatekeeper = session.gatekeeper
    asked = await prepared.tool.effect(session.tools, prepared.arguments)
    if gatekeeper is None or asked is None:
        return Pass()

    async def effect() -> Effect:
        return await prepared.tool.effect(session.tools, prepared.arguments) or asked

    with session.pauses.paused():
        admission = await gatekeeper.admit(
            effect, chat_id=session.run.chat_id, run_id=session.run.id, call_id=prepared.call.id
        )
    if admission.allowed:
        return Pass(admission.text, asked.exact)
    why, _, hint = admission.text.partition("\n")
    return failed(why, hint=hint)


async def stale(session: Session, prepared: Prepared, admitted: Pass) -> Observation | None:
    """Said directly before the call is run: a call beside it may have changed what it means."""
    if admitted.exact is None:
        return None
    now = await prepared.tool.effect(session.tools, prepared.arguments)
    if now is None or now.exact == admitted.exact:
        return None
    return failed(
        "what this would do changed meanwhile: nothing was done", hint="Look again, then repeat it."
    )
