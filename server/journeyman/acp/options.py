"""What a person can choose for a session: how to go about a prompt, the model, and how hard it thinks.

Kept with the open session; a session that is opened again goes on as its newest run did. The model is the
chat's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from acp.schema import (
    AvailableCommand,
    AvailableCommandInput,
    AvailableCommandsUpdate,
    SessionConfigOptionBoolean,
    SessionConfigOptionSelect,
    SessionConfigSelectOption,
    SessionMode,
    SessionModeState,
    UnstructuredCommandInput,
)

from journeyman.extensions.prompt_files import Command
from journeyman.failures import Failure
from journeyman.ports.model import ModelInfo
from journeyman.records import Run, RunMode

DEFAULT = "default"
MODELS_MAX = 200
EFFORTS = (DEFAULT, "low", "medium", "high")
_MODES: dict[RunMode, tuple[str, str]] = {
    "plan+execute": ("Plan and do", "Makes a plan, then carries it out and checks the result."),
    "execute": ("Do", "Goes to work at once."),
    "plan": ("Plan only", "Looks around and plans; changes nothing."),
}
COMMANDS: dict[str, tuple[RunMode, str]] = {
    "plan": ("plan", "Plan this without changing anything."),
    "do": ("execute", "Do this at once, without a plan."),
}


@dataclass(slots=True)
class Choices:
    mode: RunMode = "plan+execute"
    model: str | None = None
    effort: str | None = None

    @classmethod
    def of(cls, runs: Iterable[Run], model: str | None) -> Choices:
        """As the newest run had them."""
        last = max(runs, key=lambda run: run.created_at, default=None)
        return cls(model=model) if last is None else cls(last.mode, model, last.effort)


def modes(choices: Choices) -> SessionModeState:
    return SessionModeState(
        current_mode_id=choices.mode,
        available_modes=[
            SessionMode(id=ident, name=name, description=text) for ident, (name, text) in _MODES.items()
        ],
    )


def config(
    choices: Choices, models: Iterable[ModelInfo]
) -> list[SessionConfigOptionSelect | SessionConfigOptionBoolean]:
    """The same choices as config options, which clients prefer to modes where they know them."""
    usable = [info.id for info in models if info.available][:MODELS_MAX]
    named = [choices.model] if choices.model and choices.model not in usable else []
    return [
        _select(
            "mode", "Mode", "mode", choices.mode, [(i, name, text) for i, (name, text) in _MODES.items()]
        ),
        _select(
            "model",
            "Model",
            "model",
            choices.model or DEFAULT,
            [(DEFAULT, "Default", "The model of your settings."), *((i, i, None) for i in [*named, *usable])],
        ),
        _select(
            "effort",
            "Effort",
            "thought_level",
            choices.effort or DEFAULT,
            [(level, level.capitalize(), None) for level in EFFORTS],
        ),
    ]


def _select(
    ident: str,
    name: str,
    category: Literal["mode", "model", "thought_level"],
    value: str,
    rows: list[tuple[str, str, str | None]],
) -> SessionConfigOptionSelect:
    return SessionConfigOptionSelect(
        type="select",
        id=ident,
        name=name,
        category=category,
        current_value=value,
        options=[SessionConfigSelectOption(value=v, name=n, description=d) for v, n, d in rows],
    )


def mode_of(ident: str) -> RunMode:
    """Raises `invalid` for an unknown one."""
    for mode in _MODES:
        if mode == ident:
            return mode
    raise Failure("invalid", f"There is no mode {ident[:80]!r}.", hint=f"Modes: {', '.join(_MODES)}.")


def effort_of(value: str) -> str | None:
    """Raises `invalid` for an unknown one."""
    if value not in EFFORTS:
        raise Failure("invalid", f"There is no effort {value[:80]!r}.", hint=f"One of {', '.join(EFFORTS)}.")
    return None if value == DEFAULT else value


def commands(files: Iterable[Command] = ()) -> AvailableCommandsUpdate:
    """Ours, and prompt files: a run of the session expands those."""
    ours = [_available(name, text, "what to do") for name, (_, text) in COMMANDS.items()]
    return AvailableCommandsUpdate(
        session_update="available_commands_update",
        available_commands=[
            *ours,
            *(_available(e.name, e.description, e.hint or "arguments") for e in files),
        ],
    )


def _available(name: str, text: str, hint: str) -> AvailableCommand:
    given = AvailableCommandInput(UnstructuredCommandInput(hint=hint))
    return AvailableCommand(name=name, description=text, input=given)


def command_of(prompt: str) -> tuple[RunMode | None, str]:
    """The mode a prompt's `/command` asks for, and the prompt without it."""
    word, _, rest = prompt.lstrip().partition(" ")
    found = COMMANDS.get(word[1:]) if word.startswith("/") else None
    return (found[0], rest.strip()) if found and rest.strip() else (None, prompt)
