"""What a command that nobody sits at says to questions: no, of its own chats; of those of others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from journeyman.client.unattended import WHY, Unattended
from journeyman.failures import Failure


class Daemon:
    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answered = asyncio.Event()
        self.refuse: Failure | None = None
        self.tell: Callable[[dict[str, Any]], None] = lambda event: None

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((method, params))
        if method == "permission/reply":
            self.answered.set()
            if self.refuse is not None:
                raise self.refuse
        return {"id": f"chat of {params.get('projectId')}"}

    def on(self, method: str, handler: Callable[[dict[str, Any]], None]) -> object:
        assert method == "agent/event"
        self.tell = handler
        return None

    async def replied(self) -> list[dict[str, Any]]:
        async with asyncio.timeout(90):
            await self.answered.wait()
        self.answered.clear()
        return [params for method, params in self.asked if method == "permission/reply"]


def question(chat: str, ident: str) -> dict[str, Any]:
    return {"kind": "permission/requested", "chatId": chat, "data": {"id": ident}}


async def test_its_own_chats_are_refused_and_others_left_alone() -> None:
    daemon = Daemon()
    async with Unattended.beside(daemon) as unattended:
        chat = await unattended.chat("p")
        assert daemon.asked[-1] == ("agent/subscribe", {"chatId": chat, "after": "tail"})
        daemon.tell(question("another's", "1"))
        daemon.tell({"kind": "notice", "chatId": chat, "data": {}})
        daemon.tell(question(chat, "2"))
        refused = {"permissionId": "2", "optionId": "deny", "feedback": WHY}
        assert await daemon.replied() == [refused]


async def test_a_question_that_is_decided_already_ends_nothing() -> None:
    daemon = Daemon()
    async with Unattended.beside(daemon) as unattended:
        chat = await unattended.chat("p")
        daemon.refuse = Failure("conflict", "It is decided.")
        daemon.tell(question(chat, "1"))
        await daemon.replied()
        daemon.refuse = None
        daemon.tell(question(chat, "2"))
        assert [each["permissionId"] for each in await daemon.replied()] == ["1", "2"]


async def test_what_goes_wrong_meanwhile_comes_out_as_it_is() -> None:
    with pytest.raises(Failure, match="no workspace"):
        async with Unattended.beside(Daemon()):
            raise Failure("no_sandbox", "There is no workspace.")
