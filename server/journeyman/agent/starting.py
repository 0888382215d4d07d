"""What is asked of the agent, and where it shall be done: the chat, made where there is none.

Knows no queue: only who asks for what, and whether it was asked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from journeyman.agent.gallery import check_model, check_size
from journeyman.agent.limits import check_price
from journeyman.agent.services import Services
from journeyman.editing import NOTHING, EditorContext
from journeyman.failures import Failure, not_found
from journeyman.pictures import Attached, Picture
from journeyman.ports.tracing import Parent
from journeyman.records import (
    LOCAL_USER_ID,
    Budget,
    Changes,
    Chat,
    Commands,
    Input,
    Run,
    RunMode,
    Usage,
)

PROMPT_CHARACTERS_MAX = 1_000_000
Delivery = Literal["queue", "steer", "interrupt"]
"""`queue`: after what waits already. `steer`: to the run that is going on in the chat, at its next step.
`interrupt`: in place of it."""


BLANK: dict[str, Any] = {
    "started_at": None,
    "finished_at": None,
    "stop_reason": None,
    "summary": "",
    "usage": Usage(),
    "changes": Changes(),
    "commands": Commands(),
    "steps": 0,
}
"""Of a run that has done nothing yet."""


@dataclass(frozen=True, slots=True)
class StartRun:
    """What to do and where. Neither chat nor project: both are made."""

    prompt: str
    user_id: str = LOCAL_USER_ID
    chat_id: str | None = None
    project_id: str | None = None
    client_run_id: str | None = None
    mode: RunMode = "plan+execute"
    model: str | None = None
    effort: str | None = None
    budget: Budget = field(default_factory=Budget)
    delivery: Delivery = "queue"
    above: Parent | None = None
    """The span of who asks."""
    context: EditorContext = NOTHING
    """What the user sees in their editor."""
    attached: tuple[Attached, ...] = ()
    """Images that belong to the prompt."""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(each.picture for each in self.attached)


def checked(prompt: str, *, pictured: bool = False) -> str:
    """A prompt that says something, in words or in images, and is not a book. Raises `invalid`."""
    if not (prompt.strip() or pictured) or len(prompt) > PROMPT_CHARACTERS_MAX:
        raise Failure("invalid", "A run needs a prompt of 1 to 1,000,000 characters.", hint="Say what to do.")
    return prompt


async def known(services: Services, wanted: StartRun) -> Run | Input | None:
    """What the same `client_run_id` was before. `conflict` where it was something else."""
    if wanted.client_run_id is None:
        return None
    ident = (wanted.user_id, wanted.client_run_id)
    run = await services.store.runs.by_client(*ident)
    if run is not None:
        if wanted.project_id not in (None, run.project_id):
            raise _another(wanted)
        _compare(wanted, run)
        return run
    given = await services.store.inputs.by_client(*ident)
    if given is not None:
        _compare(wanted, given)
    return given


async def known_text(services: Services, wanted: StartRun) -> Input | None:
    """The text the same `client_run_id` was before, whatever became of it. `conflict` as `known`."""
    if wanted.client_run_id is None:
        return None
    given = await services.store.inputs.by_client(wanted.user_id, wanted.client_run_id)
    if given is not None:
        _compare(wanted, given)
    elif await services.store.runs.by_client(wanted.user_id, wanted.client_run_id) is not None:
        raise _another(wanted)
    return given


def _compare(wanted: StartRun, known: Run | Input) -> None:
    text = known.prompt if isinstance(known, Run) else known.text
    if [each.id for each in wanted.pictures] != [each.id for each in known.pictures]:
        raise _another(wanted)
    # A text that was changed in the queue (rev > 0) is not what was asked first.
    asked = wanted.prompt.encode("utf-8", "surrogatepass").decode("utf-8", "replace")  # as it is stored
    if wanted.chat_id not in (None, known.chat_id) or (known.rev == 0 and text not in (asked, wanted.prompt)):
        raise _another(wanted)


def _another(wanted: StartRun) -> Failure:
    return Failure(
        "conflict",
        f"clientRunId {wanted.client_run_id!r} was used for another prompt or chat.",
        hint="Use a new id for each run; the same one only to ask again.",
    )


async def chat_for(services: Services, wanted: StartRun) -> Chat:
    """The chat to run in, made where none is named, together with a project where none is named either."""
    if wanted.chat_id is not None:
        chat = await services.chats.get(wanted.chat_id)
        project = await services.projects.get(chat.project_id)
        if project.user_id != wanted.user_id:
            raise not_found("chat", wanted.chat_id)
        if wanted.project_id not in (None, chat.project_id):
            raise Failure(
                "invalid",
                f"Chat {wanted.chat_id} belongs to another project.",
                hint="Leave projectId out: the chat knows its project.",
            )
        return await services.chats.name_after(chat.id, wanted.prompt)
    if wanted.project_id is not None:
        project = await services.projects.get(wanted.project_id)
        if project.user_id != wanted.user_id:
            raise not_found("project", wanted.project_id)
    else:
        project = await services.projects.create(user_id=wanted.user_id)
    return await services.chats.create(project.id, prompt=wanted.prompt, model=wanted.model)


def rest_of(run: Run) -> Budget:
    """What an interrupted run has left of its ceilings. Time counts anew: nobody knows how long it ran."""
    budget, used = run.budget, run.usage.at_least
    tokens = used.input_tokens + used.output_tokens
    return Budget(
        steps=None if budget.steps is None else max(0, budget.steps - run.steps),
        tokens=None if budget.tokens is None else max(0, budget.tokens - tokens),
        usd=None if budget.usd is None else max(0.0, budget.usd - used.cost_usd),
        seconds=budget.seconds,
    )


async def check_budget(services: Services, wanted: StartRun) -> None:
    """Refuse a ceiling that cannot be kept before anything is made for the run. A model that cannot be had
    is the run's own end."""
    if wanted.budget.usd is None:
        return
    try:
        resolved = await services.models.choose(await _model(services, wanted.model, wanted.chat_id))
    except Failure:
        return
    check_price(wanted.budget, resolved.info)


async def check_pictures(
    services: Services, attached: Sequence[Attached], *, model: str | None, chat_id: str | None
) -> None:
    """Refuse images that are too many or too large, or a model that takes none, before anything is made."""
    if attached:
        check_size(attached)
        await check_model(services, await _model(services, model, chat_id))


async def _model(services: Services, wanted: str | None, chat_id: str | None) -> str | None:
    """The name of the model a run gets."""
    chat = None if chat_id is None else await services.chats.get(chat_id)
    return wanted or (chat.model if chat is not None else None) or services.default_model
