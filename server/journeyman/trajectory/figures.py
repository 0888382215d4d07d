"""What a trajectory comes to: steps, tokens, cost, time. Unknown is None, never 0. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from journeyman.trajectory.reading import Recorded


def figures(run: Recorded) -> dict[str, Any]:
    end = run.end
    usage: dict[str, Any] = end.get("usage", {})
    return {
        "model": ", ".join(dict.fromkeys(step.model for step in run.steps)) or run.header.get("model"),
        "status": end.get("status"),
        "steps": len(run.steps),
        "asked by explore": run.exploring if run.tells_exploring else None,
        "calls": sum(len(step.answer.get("toolCalls", ())) for step in run.steps),
        "input tokens": usage.get("inputTokens"),
        "output tokens": usage.get("outputTokens"),
        "cost in US dollars": usage.get("costUsd"),
        "seconds": _seconds(end.get("startedAt"), end.get("finishedAt")),
    }


def _seconds(began: str | None, ended: str | None) -> float | None:
    if not began or not ended:
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds(), 3)
