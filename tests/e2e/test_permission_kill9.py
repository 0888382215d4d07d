"""The daemon's process is killed while the user is asked; the next one takes the question back and knows that
nothing was done."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from journeyman.failures import Failure
from journeyman.permission.policy import Policy
from unit.agent.house import house

REPO = Path(__file__).parents[2]
VICTIM = """
import asyncio, sys
from pathlib import Path
from journeyman.agent.runs import StartRun
from journeyman.permission.policy import Policy
from journeyman.ports.clock import SystemClock
from journeyman.testing.model import call, calls
from unit.agent.house import house

async def main():
    async with house(Path(sys.argv[1]), policy=Policy(), clock=SystemClock()) as agent:
        agent.script([calls(call("write", path=".git/hooks/pre-commit", content="evil"),
                            call("write", path="a.txt", content="a"))])
        run = await agent.runs.start(StartRun("x", mode="execute"))
        await agent.until_event(run.chat_id, "tool/finished")
        asked = await agent.asked(run.chat_id)
        if sys.argv[2] == "allowed":
            await agent.permissions._store.decide(asked.id, "allowed", at=asked.created_at, option_id="allow")
        print(run.id, asked.id, flush=True)
        await agent.runs.wait(run.id)

asyncio.run(main())
"""


@pytest.mark.parametrize("answer", ["pending", "allowed"])
async def test_killed_while_the_user_is_asked(tmp_path: Path, answer: str) -> None:
    path = os.pathsep.join(str(REPO / part) for part in ("server", "protocol", "tests"))
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, str(tmp_path), answer,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert victim.stdout is not None
    async with asyncio.timeout(60):
        run_id, permission_id = (await victim.stdout.readline()).decode().split()
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    async with house(tmp_path, policy=Policy()) as agent:
        withdrawn = await agent.permissions.recover()
        assert [each.id for each in withdrawn] == ([permission_id] if answer == "pending" else [])
        (recovered,) = await agent.runs.recover()
        assert (recovered.id, recovered.stop_reason) == (run_id, "interrupted")
        texts = [m.text for m in await agent.store.messages.history(recovered.chat_id) if m.role == "tool"]
        assert texts == [
            "created a.txt, 1 lines",
            "interrupted while the user was asked: nothing was done",
        ]
        assert not (agent.workspaces.folder(recovered.project_id) / ".git").exists()
        permission = await agent.permissions.get(permission_id)
        assert (permission.state, permission.used_at) == (
            "withdrawn" if answer == "pending" else "allowed",
            None,
        )
        if answer == "pending":
            with pytest.raises(Failure) as late:
                await agent.permissions.reply(permission_id, "allow")
            assert "taken back before anybody answered" in late.value.message
        kinds = [event.kind for event in await agent.events(recovered.chat_id)]
        assert kinds.count("permission/requested") == 1
        assert kinds.count("permission/resolved") == (answer == "pending")
        assert kinds[-1] == "run/finished"
