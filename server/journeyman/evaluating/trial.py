"""One task, done once by one model, and judged.

The judge's files are brought to a fork of the project once the run is over: another workspace, in a folder
whose name nobody could know before, with none of the run's processes, environment or home. So a model may
edit what looks like the check, and gains nothing.

What keeps a run from being judged (no workspace, no answer from the model's provider, a check that cannot be
run) is an error of the trial and not a failure of the model.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from journeyman.client.unattended import Unattended
from journeyman.evaluating.configuration import Configuration
from journeyman.evaluating.place import Asker, Commands, Ended, bring_in, make_project, remove
from journeyman.evaluating.task import Task
from journeyman.failures import Failure

Verdict = Literal["solved", "failed", "error"]
THE_MODELS_OWN = frozenset({"model_refused", "model_broken"})
"""Kinds of failures that end a run and are the model's: it said what nobody can use, or refused."""
NOT_RUN = (126, 127)
"""Exit codes of a shell that could not run a command."""


@dataclass(frozen=True, slots=True)
class Trial:
    task: str
    digest: str
    model: str
    attempt: int
    verdict: Verdict
    why: str = ""
    status: str | None = None
    stop_reason: str | None = None
    steps: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    run_id: str | None = None
    mode: str = ""
    """Empty in results of a version that did not write it down."""
    effort: str | None = None

    @property
    def configuration(self) -> Configuration:
        return Configuration(self.model, self.mode, self.effort)

    @property
    def tokens(self) -> int | None:
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    def row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Way:
    """How trials are made."""

    keep: bool = False
    """Leave the projects there, to look at."""
    new_token: Callable[[], str] = lambda: secrets.token_hex(16)


async def attempt(
    client: Asker,
    commands: Commands,
    unattended: Unattended,
    task: Task,
    of: Configuration,
    number: int,
    way: Way,
) -> Trial:
    """Never raises but for a cancellation: whatever goes wrong is the trial's error."""
    base = Trial(task.name, task.digest, of.model, number, "error", mode=of.mode, effort=of.effort)
    projects: list[str] = []
    try:
        return await _attempt(client, commands, unattended, task, base, way, projects)
    except Failure as failure:
        return _with(base, why=f"{failure.message} {failure.hint}".strip())
    finally:
        if not way.keep:
            for project_id in projects:
                with contextlib.suppress(Failure):  # the trial's result stands; the project's end can wait
                    await remove(client, project_id)


async def _attempt(
    client: Asker,
    commands: Commands,
    unattended: Unattended,
    task: Task,
    base: Trial,
    way: Way,
    projects: list[str],
) -> Trial:
    projects.append(await make_project(client, f"task {task.name}"[:100], task.start))
    params: dict[str, Any] = {
        "chatId": await unattended.chat(projects[0]),
        "prompt": task.instruction,
        "model": base.model.replace("{task}", task.name),
        "mode": base.mode,
    }
    if base.effort is not None:
        params["effort"] = base.effort
    budget = {"steps": task.steps, "seconds": task.seconds}
    params["budget"] = {name: value for name, value in budget.items() if value is not None}
    run = await client.request("agent/run", params)
    known = await _told(client, base, run)
    if run["status"] == "failed" and run["stopReason"] not in THE_MODELS_OWN:
        return _with(known, why=str(run["summary"]))
    if run["status"] == "cancelled":
        return _with(known, why="the run was cancelled")
    fork = await client.request(
        "project/fork", {"projectId": projects[0], "name": f"check {task.name}"[:100]}
    )
    projects.append(fork["id"])
    folder = f".check-{way.new_token()}"
    await bring_in(client, fork["id"], task.judge, f"{folder}/")
    env = {"CHECK": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    return judged(known, await commands.run(fork["id"], task.check, env, task.check_seconds))


def judged(known: Trial, ended: Ended) -> Trial:
    last = (ended.output.strip().splitlines() or [""])[-1][:200]
    if ended.code == 0:
        return _with(known, verdict="solved")
    if ended.reason == "timeout":
        return _with(known, verdict="failed", why="the check took too long")
    if ended.code is None or ended.code in NOT_RUN:
        return _with(known, why=f"the check could not be run: {last or ended.reason}")
    return _with(known, verdict="failed", why=f"the check ended with {ended.code}: {last}".rstrip(": "))


async def _told(client: Asker, base: Trial, run: dict[str, Any]) -> Trial:
    usage: dict[str, Any] = run["usage"]
    listed = await client.request("agent/runs", {"chatId": run["chatId"], "limit": 1})
    times: dict[str, Any] = listed["items"][0] if listed["items"] else {}
    return _with(
        base,
        status=run["status"],
        stop_reason=run["stopReason"],
        steps=run["steps"],
        input_tokens=usage.get("inputTokens"),
        output_tokens=usage.get("outputTokens"),
        cost_usd=usage.get("costUsd"),
        seconds=_between(times.get("startedAt"), times.get("finishedAt")),
        run_id=run["runId"],
    )


def _between(began: str | None, ended: str | None) -> float | None:
    if not began or not ended:
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds(), 3)


def _with(trial: Trial, **changes: Any) -> Trial:
    return Trial(**{**trial.row(), **changes})
