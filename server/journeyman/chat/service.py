"""Chats as people use them: make, list, find, read, rename, delete. Runs and events are not its business."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from journeyman.chat.event_log import EventLog
from journeyman.chat.terms import terms_of
from journeyman.chat.titles import UNTITLED, title_from
from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.finding import Found
from journeyman.ports.store import Store
from journeyman.records import LOCAL_USER_ID, Chat, Message, Page, Usage

TITLE_CHARS_MAX = 200
MODEL_CHARS_MAX = 200
ROOT = "/workspace"


class ChatService:
    """`events`, where given, has the subscriptions of a deleted chat ended."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, *, events: EventLog | None = None) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._events = events

    async def create(
        self,
        project_id: str,
        *,
        title: str | None = None,
        prompt: str | None = None,
        model: str | None = None,
    ) -> Chat:
        """A new chat in a project (`not_found` when that is missing). Without a title it is named after
        `prompt`, the first thing said in it."""
        now = self._clock.now()
        chat = Chat(
            id=self._ids.new(),
            project_id=project_id,
            title=title_from(prompt or "") if title is None else _title(title),
            model=None if model is None else _model(model),
            cwd=ROOT,
            epoch=self._ids.new(),
            created_at=now,
            updated_at=now,
        )
        await self._store.chats.add(chat)
        return chat

    async def get(self, chat_id: str) -> Chat:
        return await self._store.chats.get(chat_id)

    async def list(
        self,
        *,
        project_id: str | None = None,
        user_id: str = LOCAL_USER_ID,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Chat]:
        """A user's chats, newest first; those of one project where one is named (and must exist)."""
        if project_id is not None:
            await self._store.projects.get(project_id)
        return await self._store.chats.list(user_id, project_id=project_id, cursor=cursor, limit=limit)

    async def search(
        self,
        query: str,
        *,
        project_id: str | None = None,
        user_id: str = LOCAL_USER_ID,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Found]:
        """Where in a user's chats (those of one project, where one is named and exists) the words are."""
        terms = terms_of(query)
        if project_id is not None:
            await self._store.projects.get(project_id)
        return await self._store.finding.find(
            user_id, terms, project_id=project_id, cursor=cursor, limit=limit
        )

    async def fork(self, chat_id: str, *, at_seq: int | None = None, title: str | None = None) -> Chat:
        """A chat in the same project with this one's messages and todo list, of now or of that event. The
        files are the project's: both chats work on the same."""
        source, now = await self._store.chats.get(chat_id), self._clock.now()
        chat = replace(
            source,
            id=self._ids.new(),
            title=source.title if title is None else _title(title),
            epoch=self._ids.new(),
            created_at=now,
            updated_at=now,
        )
        await self._store.forks.fork(chat_id, chat, at_seq=at_seq, new_id=self._ids.new)
        return chat

    async def rename(self, chat_id: str, title: str) -> Chat:
        return await self._store.chats.update(chat_id, title=_title(title))

    async def name_after(self, chat_id: str, prompt: str) -> Chat:
        """Name a chat that has no name yet after its first prompt; one that has a name keeps it."""
        chat = await self._store.chats.get(chat_id)
        title = title_from(prompt)
        if chat.title != UNTITLED or title == UNTITLED:
            return chat
        return await self._store.chats.update(chat_id, title=title)

    async def select_model(self, chat_id: str, model: str) -> Chat:
        return await self._store.chats.update(chat_id, model=_model(model))

    async def remember_cwd(self, chat_id: str, cwd: str) -> Chat:
        """Keep the run's working directory (absolute, inside the workspace) for the next run."""
        if cwd != ROOT and not cwd.startswith(ROOT + "/"):
            raise Failure("path_refused", f"{cwd!r} is not inside {ROOT}.", hint=f"Stay below {ROOT}.")
        return await self._store.chats.update(chat_id, cwd=cwd)

    async def messages(
        self, chat_id: str, *, cursor: str | None = None, limit: int = 50, rewound: bool = False
    ) -> Page[Message]:
        """Stored messages, oldest first; with `rewound` those a rewind took back too."""
        return await self._store.messages.list(chat_id, cursor=cursor, limit=limit, rewound=rewound)

    async def usage(self, chat_id: str) -> Usage:
        """What the chat's ended runs used together."""
        return reduce(Usage.plus, await self._store.runs.usages(chat_id), Usage())

    async def delete(self, chat_id: str) -> None:
        """The chat with its messages, runs, todo list and events. A chat with an open run is `busy`."""
        for run in await self._store.runs.open():
            if run.chat_id == chat_id:
                raise Failure(
                    "busy",
                    f"Run {run.id} of this chat has not ended.",
                    hint="Cancel it first.",
                    retryable=True,
                    data={"runId": run.id},
                )
        await self._store.chats.delete(chat_id)
        if self._events is not None:
            self._events.forget([chat_id])


def _title(title: str) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in title).split())
    if not text or len(text) > TITLE_CHARS_MAX:
        raise Failure(
            "invalid",
            f"A chat's title has 1 to {TITLE_CHARS_MAX} characters, this one has {len(text)}.",
            hint="Leave the title out to have the chat named after its first prompt.",
        )
    return text


def _model(model: str) -> str:
    name = model.strip()
    if not name or len(name) > MODEL_CHARS_MAX or not name.isprintable():
        raise Failure(
            "invalid",
            f"{model[:80]!r} is not a model's name.",
            hint="model/list has the names that can be used.",
        )
    return name
