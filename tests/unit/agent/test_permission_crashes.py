"""The daemon dies at any write around a question: what was done had a permission, used up by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from journeyman.agent.conversation import open_calls
from journeyman.agent.runs import RunService, StartRun
from journeyman.permission.policy import Policy
from journeyman.records import TERMINAL_RUN_STATUSES, Permission
from journeyman.testing.clock import FakeClock
from journeyman.testing.model import call
from unit.agent.house import House, house
from unit.agent.test_crash_points import CrashError, Writes

HOOK = ".git/hooks/pre-commit"
SCRIPT = [call("write", path=HOOK, content="x"), call("fin", summary="That is all.", status="partial")]


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncGenerator[House]:
    async with house(tmp_path, policy=Policy(), clock=FakeClock()) as made:
        yield made


class Yes:
    """Somebody who allows what is asked at once; where the answer dies, so does the run."""

    def __init__(self, agent: House) -> None:
        self._agent = agent

    def requested(self, permission: Permission) -> None:
        self._agent.services.supervisor.start(self._answer(permission), name="yes")

    async def _answer(self, permission: Permission) -> None:
        try:
            await self._agent.permissions.reply(permission.id, "allow")
        except CrashError:
            await self._agent.runs.cancel(permission.run_id)

    def resolved(self, permission: Permission) -> None: ...

    def attended(self, chat_id: str) -> bool:
        return True


async def crash(agent: House, at: int, after: bool) -> tuple[str, int]:
    """Answers the run and how many writes there were."""
    with pytest.MonkeyPatch.context() as patch:
        writes = Writes(agent, patch, at=at, after=after)
        for name in ("add", "decide", "use"):
            permissions = agent.store.permissions
            patch.setattr(permissions, name, writes._counted(getattr(permissions, name)))
        agent.script(SCRIPT)
        chat = await agent.chat()
        run = await agent.runs.start(StartRun("Write it.", chat_id=chat.id, mode="execute"))
        async with asyncio.timeout(90):
            await agent.runs.wait(run.id)
    return run.id, writes.count


async def test_nothing_is_done_unasked_at_whatever_write_it_dies(asked: House) -> None:
    asked.permissions.listen(Yes(asked))
    _, total = await crash(asked, 0, after=False)
    assert total > 14
    done = used = 0
    for at in range(2, total + 1):  # the first one stores the run
        for after in (False, True):
            where = f"write {at}, after={after}"
            asked.runs = RunService(asked.services)
            ident, _ = await crash(asked, at, after)
            asked.runs = RunService(asked.services)
            asked.script([call("fin", summary="Taken up.", status="partial")])
            await asked.permissions.recover()
            await asked.runs.recover()
            run = await asked.runs.wait(ident)
            assert run.status in TERMINAL_RUN_STATUSES, where
            permissions = (await asked.store.permissions.list(chat_id=run.chat_id)).items
            assert all(each.state != "pending" for each in permissions), where
            written = (asked.workspaces.folder(run.project_id) / HOOK).exists()
            was_used = [each for each in permissions if each.used_at is not None]
            assert written <= len(was_used) <= 1, where
            assert all(each.state == "allowed" for each in was_used), where
            history = await asked.store.messages.history(run.chat_id)
            assert open_calls(history) == [], where
            if permissions and not was_used:
                assert any("nothing was done" in m.text for m in history if m.role == "tool"), where
            events = [event.kind for event in await asked.events(run.chat_id)]
            assert events.count("permission/resolved") <= 1, where
            done, used = done + written, used + len(was_used)
    assert 0 < done <= used < 2 * total
