"""What is measured: a model, and how it is asked to work. Two of these are compared pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

PLANNED = "plan+execute"


@dataclass(frozen=True, slots=True)
class Configuration:
    model: str
    """As `agent/run` takes it; `{task}` in it is the task's name."""
    mode: str = PLANNED
    effort: str | None = None
    """None: as the daemon chooses it."""

    @property
    def name(self) -> str:
        """For people: the model, and what is not as usual."""
        usual = self.mode == PLANNED
        more = [*([] if usual else [self.mode]), *([f"effort {self.effort}"] if self.effort else [])]
        return f"{self.model} ({', '.join(more)})" if more else self.model
