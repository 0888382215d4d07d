"""Opening a session: the project of its folder, its chat as it stands, and a follower from there on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journeyman.acp.context import Context
from journeyman.acp.mapping import Mapper
from journeyman.acp.options import Choices
from journeyman.acp.paths import Paths
from journeyman.acp.sessions import Session
from journeyman.records import Chat, Project, Run
from journeyman.rpc.jsonbody import as_object

if TYPE_CHECKING:
    from journeyman.rpc.services import Services


PAGE = 500
ELSEWHERE = (
    "This folder is on another machine than the daemon: the workspace begins empty. Send files with "
    "workspace/import, or name a project in `_meta`."
)


@dataclass(frozen=True, slots=True)
class Found:
    project: Project
    notices: tuple[str, ...] = ()


async def project_for(context: Context, folder: str, meta: Mapping[str, Any] | None) -> Found:
    """The project a client names in `_meta.journeyman.projectId`, else that of its folder."""
    wanted = (as_object((meta or {}).get("journeyman")) or {}).get("projectId")
    if isinstance(wanted, str):
        return Found(await context.services.projects.get(wanted))
    folders = context.services.folders
    if not context.peer.local:
        named = await folders.named(folder)
        return Found(named.project, (ELSEWHERE,) if named.new else ())
    made = await folders.copied(Path(folder))
    return Found(made.project, tuple(f"{n.message} {n.hint}".strip() for n in made.notices))


async def opened(context: Context, chat: Chat, paths: Paths, *, after: int, history: bool = False) -> Session:
    """An open session that is told of events with seq > `after`; of what was before with `history`."""
    services = context.services
    runs = await _runs(services, chat.id)
    mapper = Mapper(paths, chat.cwd, cost_before=_cost(runs))
    session = Session(
        id=chat.id,
        project_id=chat.project_id,
        paths=paths,
        choices=Choices.of(runs, chat.model),
        mapper=mapper,
        peer=context.peer,
        title=chat.title,
    )
    if history:
        messages = await services.store.messages.history(chat.id)
        todos = await services.todos.get(chat.id)
        for update in mapper.replay(messages, todos.items):
            session.tell(update)
            await context.peer.outbox.room()
    context.sessions.open(session, after=after)
    context.call.after_answer(lambda: context.hub.greet(context.peer))
    return session


async def _runs(services: Services, chat_id: str) -> list[Run]:
    found: list[Run] = []
    cursor: str | None = None
    while True:
        page = await services.store.runs.list(chat_id, cursor=cursor, limit=PAGE)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


def _cost(runs: list[Run]) -> float | None:
    known = [run.usage.cost_usd for run in runs if run.finished_at and run.usage.cost_usd is not None]
    return sum(known) if known else None
