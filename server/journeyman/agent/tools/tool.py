"""The shape of a tool: its schema, how it runs, whether it changes things, and what it must not share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from journeyman.agent.state import RunState
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation
from journeyman.permission.effect import Effect
from journeyman.ports.model import ToolSpec

Arguments = dict[str, Any]
ALONE = "*"
"""The resource of a call that runs by itself, after every call before it."""


def no_resources(_state: RunState, _arguments: Arguments) -> frozenset[str]:
    return frozenset()


def path_resource(state: RunState, arguments: Arguments) -> frozenset[str]:
    return frozenset({state.at(arguments["path"])})


async def no_effect(_context: ToolContext, _arguments: Arguments) -> Effect | None:
    return None


def alone(_state: RunState, _arguments: Arguments) -> frozenset[str]:
    return frozenset({ALONE})


@dataclass(frozen=True, slots=True)
class Tool:
    spec: ToolSpec
    run: Callable[[ToolContext, Arguments], Awaitable[Observation]]
    mutates: Callable[[Arguments], bool] = lambda _arguments: False
    """Whether files may change while the call runs: checkpoints are told of it."""
    resources: Callable[[RunState, Arguments], frozenset[str]] = no_resources
    """Keys; two calls of one message that share one run one after the other."""
    effect: Callable[[ToolContext, Arguments], Awaitable[Effect | None]] = no_effect
    """What the call would do, for the user's settings to judge; None for one that only looks."""
    changed_paths: Callable[[RunState, Arguments], frozenset[str]] = no_resources
    """The files it changes, where the call names all of them and changes nothing else."""
    goes_on: Callable[[Arguments], bool] = lambda _arguments: False
    """Whether a call that mutates begins nothing: it looks at, or ends, what was begun before."""
    begins: bool = False
    """Whether it calls `context.begin` itself, before it does anything: it has something to make ready."""

    def needs_a_plan(self, arguments: Arguments) -> bool:
        """Whether the call is refused while a plan is being made."""
        return self.mutates(arguments) and not self.goes_on(arguments)


def always(_arguments: Arguments) -> bool:
    return True


def text(description: str = "", **more: Any) -> dict[str, Any]:
    return _typed("string", description) | more


def integer(description: str = "") -> dict[str, Any]:
    return _typed("integer", description)


def boolean(description: str = "") -> dict[str, Any]:
    return _typed("boolean", description)


def _typed(name: str, description: str) -> dict[str, Any]:
    """Without a description where the property's name says it all: every request carries it."""
    return {"type": name, "description": description} if description else {"type": name}


def spec(
    name: str,
    description: str,
    required: Mapping[str, Mapping[str, Any]],
    optional: Mapping[str, Mapping[str, Any]] | None = None,
) -> ToolSpec:
    """A flat schema, required properties first."""
    return ToolSpec(name, description, record(required, optional))


def record(
    required: Mapping[str, Mapping[str, Any]], optional: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    schema = {"type": "object", "properties": {**required, **(optional or {})}}
    return schema | {"required": list(required)} if required else schema
