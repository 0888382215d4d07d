"""The daemon's process is killed in the middle of a command; the next one on its database ends the run."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from journeyman.testing.model import call
from unit.agent.house import house

REPO = Path(__file__).parents[2]
VICTIM = """
import asyncio, sys
from pathlib import Path
from journeyman.agent.runs import StartRun
from journeyman.testing.model import call, calls
from unit.agent.house import house

async def main():
    async with house(Path(sys.argv[1])) as agent:
        agent.script([calls(call("write", path="a.txt", content="kept"),
                            call("terminal", command="echo $$ > pid; sleep 300"))])
        run = await agent.runs.start(StartRun("x", mode="execute"))
        await agent.until_event(run.chat_id, "tool/finished")
        print(run.id, flush=True)
        await agent.runs.wait(run.id)

asyncio.run(main())
"""


async def test_killed_in_the_middle_of_a_command(tmp_path: Path) -> None:
    path = os.pathsep.join(str(REPO / part) for part in ("server", "protocol", "tests"))
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, str(tmp_path),
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert victim.stdout is not None
    async with asyncio.timeout(60):
        ident = (await victim.stdout.readline()).decode().strip()
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    assert ident
    async with house(tmp_path) as agent:
        (recovered,) = await agent.runs.recover()
        assert (recovered.id, recovered.status, recovered.stop_reason) == (ident, "failed", "interrupted")
        history = await agent.store.messages.history(recovered.chat_id)
        texts = {m.tool_name: m.text for m in history if m.role == "tool"}
        assert texts == {
            "write": "created a.txt, 1 lines",
            "terminal": "interrupted; state unknown; check before repeating",
        }
        kinds = [e.kind for e in await agent.events(recovered.chat_id)]
        assert kinds.count("run/finished") == 1
        assert kinds.count("tool/started") == 2
        agent.script([call("read", path="a.txt"), call("fin", summary="It was there.")])
        (agent.workspaces.folder(recovered.project_id) / "a.txt").touch()
        run = await agent.run("What is there?", chat_id=recovered.chat_id, mode="execute")
        assert run.status == "completed"
        assert "kept" in (await agent.tool_texts(run.chat_id))[2]
