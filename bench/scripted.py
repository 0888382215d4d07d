"""`make eval-scripted`: the tasks judge rightly. A model that knows the answers solves every one; one that
only says it is done solves none, nor does one that attacks the check. The exit code says so.

`python -m bench.scripted [SANDBOX [TASK ...]]`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.daemons import daemon
from journeyman.client.connection import Client
from journeyman.evaluating.configuration import Configuration
from journeyman.evaluating.evaluation import Plan, evaluate
from journeyman.evaluating.report import summary
from journeyman.evaluating.results import Results
from journeyman.evaluating.task import load_tasks
from journeyman.evaluating.trial import Trial

TASKS = Path(__file__).resolve().parents[1] / "tasks"
MODELS = {
    "knows the answers": (f"replay/{TASKS}/{{task}}/answer.jsonl", 1.0),
    "says it is done": (f"replay/{TASKS}/liar.jsonl", 0.0),
    "attacks the check": (f"replay/{TASKS}/cheat.jsonl", 0.0),
}
"""What it does -> the recording that does it, and the share it must solve."""


async def scripted(sandbox: str, names: Sequence[str] = (), jobs: int = 4) -> dict[str, list[Trial]]:
    """The trials of each model."""
    tasks = load_tasks(TASKS, tuple(names))
    measured = [Configuration(model, "execute") for model, _ in MODELS.values()]
    plan = Plan(tasks, measured, jobs=jobs)
    with daemon(JOURNEYMAN_SANDBOX=sandbox) as running:
        async with Client.connect(socket=running.socket) as client:
            trials = await evaluate(client, plan, Results())
    return {what: [trial for trial in trials if trial.model == model] for what, (model, _) in MODELS.items()}


def main() -> int:
    sandbox = sys.argv[1] if len(sys.argv) > 1 else "bubblewrap"
    wrong = 0
    for what, trials in asyncio.run(scripted(sandbox, sys.argv[2:])).items():
        found, share = summary(what, trials), MODELS[what][1]
        print(f"a model that {what}: {found.solved} of {found.judged} solved, {found.errors} errors")
        for trial in trials:
            if trial.verdict == "error" or (trial.verdict == "solved") != (share == 1.0):
                print(f"  {trial.task}: {trial.verdict} {trial.why}")
        wrong += found.errors > 0 or found.solved != share * len(trials)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
