"""Other models of a user's list, for a run whose model cannot be had any more."""

from __future__ import annotations

import dataclasses
from typing import Any

from journeyman.agent.runs import RunService
from journeyman.ports.model import ModelInfo
from journeyman.testing.model import ScriptedModel, Step
from unit.agent.house import House

OTHER, THIRD = "scripted/other", "scripted/third"


def fall_back(agent: House, *names: str) -> None:
    agent.services = dataclasses.replace(agent.services, fallback_models=names)
    agent.runs = RunService(agent.services, runs_max=4)


def offer(agent: House, name: str, steps: list[Step], **more: Any) -> ScriptedModel:
    model = ScriptedModel(steps)
    window = more.pop("window", None)
    agent.models.inject(name, model, ModelInfo(name, "scripted", name, window, True, **more))
    return model
