"""Saying no to what runs ask of a person, for commands that nobody sits at: else each question waits for half
an hour. Only of the chats it was told of: those of others are not its own to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from journeyman.client.connection import first_of
from journeyman.failures import Failure

WAITING_MAX = 1_000
WHY = "Nobody is here who could allow it. Do without it."


class Asker(Protocol):
    def request(self, method: str, params: dict[str, Any]) -> Awaitable[dict[str, Any]]: ...

    def on(self, method: str, handler: Callable[[dict[str, Any]], None]) -> object: ...


class Unattended:
    def __init__(self, client: Asker) -> None:
        self._client = client
        self._chats: set[str] = set()
        self._asked: asyncio.Queue[str] = asyncio.Queue(WAITING_MAX)
        client.on("agent/event", self._heard)

    @classmethod
    @asynccontextmanager
    async def beside(cls, client: Asker) -> AsyncGenerator[Unattended]:
        """One that answers until this is left."""
        unattended = cls(client)
        try:
            async with asyncio.TaskGroup() as tasks:
                answering = tasks.create_task(unattended._answer())
                try:
                    yield unattended
                finally:
                    answering.cancel()
        except BaseExceptionGroup as group:
            raise first_of(group) from None

    async def chat(self, project_id: str) -> str:
        """A new chat of the project, whose questions are answered from the first one on."""
        chat_id: str = (await self._client.request("chat/create", {"projectId": project_id}))["id"]
        self._chats.add(chat_id)
        await self._client.request("agent/subscribe", {"chatId": chat_id, "after": "tail"})
        return chat_id

    def _heard(self, event: dict[str, Any]) -> None:
        if event.get("kind") == "permission/requested" and event.get("chatId") in self._chats:
            with suppress(asyncio.QueueFull):  # it waits for its time, then
                self._asked.put_nowait(event["data"]["id"])

    async def _answer(self) -> None:
        while True:
            reply = {"permissionId": await self._asked.get(), "optionId": "deny", "feedback": WHY}
            with suppress(Failure):  # decided already, or the run is over
                await self._client.request("permission/reply", reply)
