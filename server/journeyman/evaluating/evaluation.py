"""All trials of an evaluation, so many at once, each result kept as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from journeyman.client.unattended import Unattended
from journeyman.evaluating.configuration import Configuration
from journeyman.evaluating.place import Asker, Commands
from journeyman.evaluating.results import Results, key
from journeyman.evaluating.task import Task
from journeyman.evaluating.trial import Trial, Way, attempt


@dataclass(frozen=True, slots=True)
class Plan:
    tasks: Sequence[Task]
    configurations: Sequence[Configuration]
    attempts: int = 1
    jobs: int = 4
    way: Way = field(default_factory=Way)

    @property
    def wanted(self) -> list[tuple[Task, Configuration, int]]:
        """Task by task, so that two models are asked at about the same time."""
        return [
            (task, configuration, number)
            for number in range(1, self.attempts + 1)
            for task in self.tasks
            for configuration in self.configurations
        ]


async def evaluate(
    client: Asker, plan: Plan, results: Results, on_trial: Callable[[Trial], None] = lambda trial: None
) -> list[Trial]:
    """Every trial of the plan, in its order; those that `results` has are not made again."""
    commands = Commands(client)
    room = asyncio.Semaphore(plan.jobs)
    done: dict[int, Trial] = {}

    async def one(place: int, task: Task, of: Configuration, number: int) -> None:
        async with room:
            trial = await attempt(client, commands, unattended, task, of, number, plan.way)
            await asyncio.to_thread(results.add, trial)
        done[place] = trial
        on_trial(trial)

    async with Unattended.beside(client) as unattended, asyncio.TaskGroup() as group:
        for place, (task, of, number) in enumerate(plan.wanted):
            kept = results.get(key(task, of, number))
            if kept is not None:
                done[place] = kept
                on_trial(kept)
            else:
                group.create_task(one(place, task, of, number))
    return [done[place] for place in range(len(plan.wanted))]
