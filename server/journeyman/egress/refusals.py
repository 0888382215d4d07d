"""Telling people of refused connections, without letting a program that tries again flood anybody.

Each refusal is told once in ten minutes and run; after twenty different ones, one more sentence says that
others follow which are not told. How many there were is in the log.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from journeyman.egress.policy import Refused
from journeyman.ports.clock import Clock

log = logging.getLogger(__name__)

WINDOW_S = 600.0
DIFFERENT_MAX = 20
HINT = "If it should be reached, add it to egress_allow in your settings and restart the daemon."

Tell = Callable[[str, str, str], Awaitable[None]]
"""Tells whoever watches this project a sentence and what to do."""
Listening = Callable[[str], str | None]
"""Who would be told of this project now, as an id: when that changes, everything is news."""


class Refusals:
    """Of one workspace."""

    def __init__(self, project_id: str, clock: Clock, listening: Listening, tell: Tell) -> None:
        self._project_id = project_id
        self._clock = clock
        self._listening = listening
        self._tell = tell
        self._who: str | None = None
        self._since = clock.monotonic()
        self._seen: Counter[str] = Counter()
        self._left_out = 0

    async def note(self, refused: Refused) -> None:
        now, who = self._clock.monotonic(), self._listening(self._project_id)
        if who != self._who or now - self._since >= WINDOW_S:
            self.sum_up()
            self._who, self._since = who, now
        key = f"{refused.subject} {refused.sentence}"
        if key not in self._seen and len(self._seen) >= DIFFERENT_MAX:
            self._left_out += 1
            if self._left_out == 1:
                sentence = "More connections of other kinds were refused; only the first are told."
                await self._say(sentence, "The daemon's log counts them.")
            return
        self._seen[key] += 1
        if self._seen[key] == 1:
            await self._say(f"A connection was refused: {refused.sentence}.", HINT)

    async def _say(self, sentence: str, hint: str) -> None:
        log.warning("project %s: %s", self._project_id, sentence)
        await self._tell(self._project_id, sentence, hint)

    def sum_up(self) -> None:
        """Log how often what was told once has happened, and begin anew."""
        for key, count in self._seen.items():
            if count > 1:
                log.warning("project %s: refused %d times: %s", self._project_id, count, key)
        if self._left_out:
            log.warning("project %s: %d other refusals", self._project_id, self._left_out)
        self._seen.clear()
        self._left_out = 0
