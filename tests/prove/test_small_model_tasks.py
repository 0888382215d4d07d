"""The tasks that come with it, by a real small model through litellm: the figure is printed as it is.

135 million parameters solve few. What has to hold is that every trial is judged: the model's words are the
model's failure, never an error of the harness, and what it used is known. It is set up as somebody would who
uses it: named in `model_small`, without a penalty for repetitions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest

from journeyman.adapters.litellm_model import LitellmModel
from journeyman.app import build
from journeyman.client.connection import Client
from journeyman.config import Settings
from journeyman.evaluating.configuration import Configuration
from journeyman.evaluating.evaluation import Plan, evaluate
from journeyman.evaluating.report import summary
from journeyman.evaluating.results import Results
from journeyman.evaluating.task import load_tasks
from journeyman.model.providers import ProviderConfig
from journeyman.model.registry import SMALL
from journeyman.rpc.serving import announce_workspaces, router_for
from journeyman.rpc.sockets import bind_unix
from journeyman.rpc.transport import RpcServer
from journeyman.tasks import Supervisor

TASKS = Path(__file__).resolve().parents[2] / "tasks"
NAME = "scripted/smollm2"
STEPS = 4
"""Of a trial, one after the other: its server has one place, and keeps there what was said before."""


@pytest.mark.prove
@pytest.mark.smallmodel
@pytest.mark.bubblewrap
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore:Accessing the 'model_")
async def test_a_real_small_model_over_every_task(
    small_model_for_code: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    model = LitellmModel(
        ProviderConfig(
            provider="openai",
            base_url=small_model_for_code,
            api_key="a local server takes any key",
            timeout_s=300,
            options=SMALL,
        )
    )
    given = {"data_dir": tmp_path, "sandbox": "bubblewrap", "model_small": [NAME]}
    settings = Settings.model_validate(given)
    tasks = [dataclasses.replace(task, steps=STEPS) for task in load_tasks(TASKS)]
    connections = Supervisor()
    async with build(settings, models={NAME: model}) as app:
        server = RpcServer(supervisor=connections, clients_max=4)
        server.ready(router_for(app.services))
        forget = announce_workspaces(app.services, server.hub)
        socket = Path(mkdtemp(prefix="jm-")) / "s"
        await server.listen_unix(bind_unix(socket))
        try:
            async with Client.connect(socket=socket) as client:
                plan = Plan(tasks, [Configuration(NAME, "execute")], jobs=1)
                trials = await evaluate(client, plan, Results())
        finally:
            forget()
            await server.close()
            await connections.close(grace_s=2.0)
            socket.parent.rmdir()
    found = summary(NAME, trials)
    tell(f"SmolLM2-135M: {found.solved} of {found.judged} solved, {found.errors} errors")
    for trial in trials:
        tell(f"{trial.task}: {trial.verdict}, {trial.status} ({trial.stop_reason}), {trial.steps} steps")
    assert [(trial.task, trial.why) for trial in trials if trial.verdict == "error"] == []
    assert found.judged == len(tasks) == 20
    assert all(trial.output_tokens for trial in trials)
