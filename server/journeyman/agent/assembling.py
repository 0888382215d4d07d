"""Puts a session together: history, tools, meter, and the user's message with the environment at its end."""

from __future__ import annotations

import json

from journeyman.agent.admitting import Pauses
from journeyman.agent.conversation import Conversation
from journeyman.agent.editor_block import shown
from journeyman.agent.environment import look
from journeyman.agent.exploring import Explorer
from journeyman.agent.extending import extend
from journeyman.agent.fallback import Fallbacks
from journeyman.agent.families import family_of
from journeyman.agent.finishing import Finishing
from journeyman.agent.gallery import Gallery
from journeyman.agent.inbox import Inbox
from journeyman.agent.limits import Meter
from journeyman.agent.masking import CHARACTERS_PER_TOKEN, Masking
from journeyman.agent.named_files import named_files
from journeyman.agent.recall import Recall
from journeyman.agent.resuming import CARRY_ON, carries_on, resumed_note
from journeyman.agent.services import Services
from journeyman.agent.session import Session
from journeyman.agent.sizes import Sizes
from journeyman.agent.state import FinStatus, RunState, plain
from journeyman.agent.stuck import StuckDetector
from journeyman.agent.telling import Telling
from journeyman.agent.tools import explore
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.jobs import Jobs
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.registry import Registry
from journeyman.agent.wording import is_question, orders_something
from journeyman.agent.writing import Writes
from journeyman.model.registry import ResolvedModel
from journeyman.records import Chat, Commands, Run, TodoItem, TodoList
from journeyman.runctx import RunContext
from journeyman.trajectory.ledger import Ledger


async def assemble(
    services: Services,
    run: Run,
    chat: Chat,
    context: RunContext,
    resolved: ResolvedModel,
    telling: Telling,
    inbox: Inbox,
) -> Session:
    """The first message of the run is stored when this returns."""
    guest, root = context.workspace.guest, context.workspace.root
    project = await services.projects.get(run.project_id)
    family = family_of(resolved.info)
    state = RunState(root, await _cwd(context, chat), plans=family.plans and run.mode != "execute")
    jobs = Jobs(guest, services.supervisor, services.clock)
    extended = await extend(
        services.extensions,
        guest,
        state,
        run,
        lambda text: telling.notice("warning", text),
        services.supervisor,
        short=not family.looks,
    )
    pauses, started = Pauses(services.clock), services.clock.monotonic()
    meter = Meter(services.limits.lowered(run.budget))
    explorer = Explorer(
        services,
        run,
        resolved,
        meter,
        telling,
        extended.hooks,
        lambda: services.clock.monotonic() - started - pauses.total_s,
        lambda: inbox.something,
    )
    exploring = (explore.tool(explorer.explore),) if services.extensions.explore else ()
    registry = Registry(guest, root, (*exploring, *extended.tools))
    overhead = len(family.system) + sum(len(s.description) + len(json.dumps(dict(s.parameters)))
                                        for s in registry.specs(family))  # fmt: skip
    history = await services.store.messages.history(chat.id)
    conversation = Conversation(
        services.store.messages,
        telling,
        services.clock,
        services.ids,
        chat_id=chat.id,
        run_id=run.id,
        history=history,
        masking=Masking(resolved.info.context_window, overhead // CHARACTERS_PER_TOKEN),
    )
    await conversation.close_open_calls("interrupted; state unknown; check before repeating")
    now = services.clock.now()
    environment = await look(
        guest,
        root,
        state.cwd,
        project.commands,
        now,
        note=context.workspace.note,
        blocks=extended.blocks,
    )
    state.commands = environment.commands
    if await carries_on(services.store.runs, run, history):
        await conversation.user(CARRY_ON, context=f"{resumed_note(run)}\n\n{environment.text}")
    else:
        named = "" if family.looks else await named_files(guest, state, extended.request)
        around = (environment.text,) if family.looks else (extended.first_rules, named)
        told = "\n\n".join(each for each in (extended.called, shown(run.context), *around) if each)
        await conversation.user(run.prompt, context=told, pictures=run.pictures)
    asks = is_question(extended.request)
    orders = orders_something(extended.request)
    finishing = Finishing(state, jobs, telling, asks=asks, orders=orders, argues=family.argues)

    todos_read: tuple[int, TodoList] | None = None

    async def get_todos() -> TodoList:
        """Read again once a list was changed: between two steps it hardly ever is."""
        nonlocal todos_read
        if todos_read is None or todos_read[0] != services.todos.changes:
            now = services.todos.changes
            todos_read = now, await services.todos.get(chat.id)
        return todos_read[1]

    def evidence_of(item: TodoItem) -> str | None:
        return f"{item.check}: exit 0" if item.check and plain(item.check) in state.passed else None

    async def change_todos(
        items: tuple[TodoItem, ...], reason: str | None
    ) -> tuple[TodoList, tuple[str, ...]]:
        by = "planner" if state.phase == "plan" else "executor"
        changed = await services.todos.change(
            chat.id, items, if_rev=None, by=by, reason=reason, run_id=run.id, evidence_of=evidence_of
        )
        return changed.list, changed.notes

    async def set_cwd(cwd: str) -> None:
        await services.chats.remember_cwd(chat.id, cwd)

    async def set_commands(commands: Commands) -> None:
        await services.projects.update(project.id, commands=commands)

    async def finish(summary: str, status: FinStatus) -> Observation:
        return await finishing.finish(summary, status, await get_todos())

    gatekeeper = services.gatekeeper

    async def ask(call_id: str, question: str, options: tuple[str, ...]) -> str | None:
        if gatekeeper is None:
            return None
        with pauses.paused():
            return await gatekeeper.question(
                question, options, chat_id=chat.id, run_id=run.id, call_id=call_id
            )

    tools = ToolContext(
        context, guest, state, jobs, get_todos, change_todos, set_cwd, set_commands, finish, ask=ask
    )
    return Session(
        run=run,
        model=resolved.model,
        info=resolved.info,
        state=state,
        conversation=conversation,
        telling=telling,
        tools=tools,
        registry=registry,
        meter=meter,
        stuck=StuckDetector(),
        finishing=finishing,
        inbox=inbox,
        clock=services.clock,
        ids=services.ids,
        started=started,
        pauses=pauses,
        fallbacks=Fallbacks(services.models, (resolved.info.id, *services.fallback_models)),
        explorer=explorer,
        ledger=Ledger(services.store.turns, chat.id, run.id),
        writes=Writes(),
        sizes=Sizes(),
        gallery=Gallery(services.store.pictures, chat.id),
        recall=Recall(),
        gatekeeper=gatekeeper,
        answers_may_be_text=asks,
        extended=extended,
    )


async def _cwd(context: RunContext, chat: Chat) -> str:
    """The chat's directory where it still exists, else the root."""
    root = context.workspace.root
    if chat.cwd == root or not chat.cwd.startswith(root):
        return root
    found = await context.workspace.guest.stat(chat.cwd)
    return chat.cwd if found is not None and found.kind == "directory" else root
