"""One run from its start to its stored result. Whatever happens, it ends in exactly one `run/finished`.

The only place that sets the run context.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar, cast

from journeyman.agent import changes, evidence, open_documents, recording, stopped
from journeyman.agent.assembling import assemble
from journeyman.agent.executor import execute
from journeyman.agent.inbox import Inbox
from journeyman.agent.limits import check_price
from journeyman.agent.planner import another_planner, plan
from journeyman.agent.services import Services
from journeyman.agent.session import Session
from journeyman.agent.state import Outcome
from journeyman.agent.telling import Telling
from journeyman.agent.tools.todo_rows import is_open
from journeyman.agent.wording import is_small_edit
from journeyman.failures import Failure
from journeyman.model.registry import ResolvedModel
from journeyman.ports.sandbox import Workspace
from journeyman.records import Chat, Run
from journeyman.redaction import redact
from journeyman.runctx import RunContext, entered
from journeyman.workspace.errors import WorkspaceError

T = TypeVar("T")
log = logging.getLogger(__name__)

KILL_DEADLINE_S = 2.0
RELEASE_DEADLINE_S = 30.0
CANCELLED = "interrupted; state unknown; check before repeating"


async def perform(
    services: Services,
    run: Run,
    inbox: Inbox,
    why_cancelled: Callable[[], Outcome],
    *,
    was_queued: bool = False,
) -> Run:
    """Do the run; answers it as stored. A cancellation of this task ends it as `why_cancelled()` says.
    `was_queued`: it was told of as waiting, and the queue is another one now."""
    run = replace(run, status="running", started_at=services.clock.now())
    telling = Telling(services.events, run.chat_id, run.id)
    worker = _Worker(services, run, inbox, telling)
    try:
        if was_queued:
            await inbox.changed()
        outcome = await worker.work()
    except asyncio.CancelledError:
        outcome = why_cancelled()
    except Exception as error:  # noqa: BLE001 - a run is a boundary: it ends in a stated result
        outcome = _outcome_of(error, services)
    inbox.ended = True
    return await worker.leave(outcome)


def _outcome_of(error: BaseException, services: Services) -> Outcome:
    failure = _first_failure(error)
    if failure is not None:
        return Outcome("failed", failure.kind, f"{failure.message} {failure.hint}".strip())
    incident = services.ids.new()
    log.error("incident %s: a run failed", incident, exc_info=error)
    return Outcome("failed", "internal", f"Something went wrong inside the daemon (incident {incident}).")


def _first_failure(error: BaseException) -> Failure | None:
    """The failure behind an error: calls that run in parallel wrap theirs in a group."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error if isinstance(error, Failure) else None


class _Worker:
    """What has to be given back at the end, wherever the end comes."""

    def __init__(self, services: Services, run: Run, inbox: Inbox, telling: Telling) -> None:
        self._services = services
        self._run = run
        self._inbox = inbox
        self._telling = telling
        self._workspace: Workspace | None = None
        self._session: Session | None = None
        self._before: changes.Snapshot | None = None

    async def work(self) -> Outcome:
        services, run = self._services, self._run
        await services.store.runs.update(run)
        chat = await services.chats.get(run.chat_id)
        wanted = run.model or chat.model or services.default_model
        await self._telling.started(run, wanted)
        resolved = await services.models.choose(wanted)
        check_price(run.budget, resolved.info)
        if resolved.info.extra.get("recording"):
            await self._telling.notice("info", "The model's words come from a recording; the work is real.")
        await self._telling.phase("workspace")
        got = await services.workspaces.acquire(run.project_id)
        if isinstance(got, WorkspaceError):
            raise got.as_failure()
        self._workspace = got
        await self._telling.workspace(got.acquired)
        project = await services.projects.get(run.project_id)
        context = RunContext(run.id, run.chat_id, run.project_id, project.user_id, resolved.info.id, got)
        with entered(context):
            return await self._inside(context, chat, resolved)

    async def _inside(self, context: RunContext, chat: Chat, resolved: ResolvedModel) -> Outcome:
        guest, root = context.workspace.guest, context.workspace.root
        project = await self._services.projects.get(self._run.project_id)
        documents = await open_documents.begin(self._services, self._run, project, guest, self._telling)
        reported = await evidence.begin(self._services.editors, project, self._run.context, guest)
        self._before = await changes.take(guest, root)
        session = self._session = await assemble(
            self._services, self._run, chat, context, resolved, self._telling, self._inbox
        )
        if (refused := await session.extended.hooks.begins(self._run.prompt)) is not None:
            return Outcome("blocked", "hook_refused", f"A hook of yours refused this run. {refused}")
        session.review = self._services.review
        session.documents = documents
        session.finishing.new_errors = partial(reported.of, session.state, guest)
        session.recording = await recording.start(
            self._services,
            guest,
            self._run,
            session.state,
            session.tools.jobs,
            self._telling,
            look=self._run.mode != "plan" and not session.answers_may_be_text,
        )
        planned = not session.family.plans or await self._is_planned()
        if self._run.mode == "plan" or (self._run.mode == "plan+execute" and not planned):
            await self._plan(session, resolved)
        if session.state.outcome is None:
            await execute(session)
        assert session.state.outcome is not None, "execute ends with an outcome"
        await session.writes.stored()
        return session.state.outcome

    async def _plan(self, session: Session, resolved: ResolvedModel) -> None:
        """By the user's model for plans, where there is one; the work is the run's own model's."""
        planner = await another_planner(self._services, self._run, resolved, self._telling)
        if planner is not None:
            session.change_model(planner)
        await plan(session)
        if planner is not None and session.info.id != resolved.info.id:
            session.change_model(resolved)

    async def _is_planned(self) -> bool:
        """Whether work can begin at once: a small edit, or a run that is carried on with its plan."""
        if self._run.resumes is None:
            return is_small_edit(self._run.prompt)
        todos = await self._services.todos.get(self._run.chat_id)
        return any(is_open(item) for item in todos.items)

    async def leave(self, outcome: Outcome) -> Run:
        """Kill, look, store, give back: each step even where the one before failed."""
        run = replace(
            self._run,
            status=outcome.status,
            stop_reason=outcome.stop_reason,
            summary=redact(outcome.summary),
        )
        await self._try("stop what runs", self._stop(everything=outcome.status == "cancelled"))
        session, workspace = self._session, self._workspace
        if self._services.gatekeeper is not None:
            await self._try("take back questions", self._services.gatekeeper.take_back(run.id))
        if session is not None:
            run = replace(
                run, usage=session.meter.usage, steps=session.meter.steps, commands=session.state.commands
            )
            await self._try("store what was done", session.writes.stored())
            await self._try("answer open calls", self._answer_open_calls(session))
        if stopped.was_stopped(outcome):
            unheard = stopped.keep(self._services, run, self._inbox, self._telling)
            await self._try("keep what was said", unheard)
        if session is not None and session.recording is not None:
            await self._try("finish the checkpoints", session.recording.close())
        if session is not None:
            ends = session.extended.hooks.ends(run.status, run.summary)
            await self._try("tell the hooks of its end", ends)
            await self._try("end its servers of tools", session.extended.close())
        if workspace is not None and self._before is not None:
            looked = changes.since(workspace.guest, workspace.root, self._before)
            found = await self._try("find changes", looked)
            run = replace(run, changes=found) if found is not None else run
        if workspace is not None:
            await self._try("release the workspace", self._release(run.project_id))
        if session is not None and session.recording is not None:
            session.recording.released()
        run = replace(run, finished_at=self._services.clock.now())
        # The event first: after a crash between the two, recovery finds it and does not tell it again.
        await self._telling.finished(run)
        await self._services.store.runs.update(run)
        return run

    async def _answer_open_calls(self, session: Session) -> None:
        not_begun = await self._services.store.permissions.unused_calls(self._run.id)
        await session.conversation.close_open_calls(CANCELLED, not_begun)

    async def _stop(self, *, everything: bool) -> None:
        async with asyncio.timeout(KILL_DEADLINE_S):
            if everything and self._workspace is not None:
                await self._workspace.guest.kill_all(terminals=False)
            if self._session is not None:
                await self._session.tools.jobs.close()

    async def _release(self, project_id: str) -> None:
        async with asyncio.timeout(RELEASE_DEADLINE_S):
            await self._services.workspaces.release(project_id)

    async def _try(self, what: str, work: Awaitable[T]) -> T | None:
        try:
            return await work
        except (Failure, TimeoutError) as error:
            log.warning("at the end of run %s could not %s: %s", self._run.id, what, error)
        except Exception:  # the boundary: every step of an end is tried
            log.exception("at the end of run %s could not %s", self._run.id, what)
        return None
