"""The main job on real parts: run, archive and remove the workspace, run again in what was restored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from components.sandbox import Bench, kinds
from journeyman.adapters.local_objects import LocalObjects
from journeyman.agent.runs import RunService, StartRun
from journeyman.ports.sandbox import Limits
from journeyman.records import ArchiveRecord
from journeyman.testing.model import call
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.manager import WorkspaceManager
from unit.agent.house import House, house


def _manager(agent: House, bench: Bench, root: Path) -> WorkspaceManager:
    services = agent.services
    return WorkspaceManager(
        bench.sandbox,
        bench.generations,
        ArchiveEngine(LocalObjects(root / "objects"), clock=services.clock, ids=services.ids),
        agent.store,
        clock=services.clock,
        ids=services.ids,
        supervisor=services.supervisor,
        image=bench.image,
        limits=Limits(memory_mb=512, cpus=1.0, pids=128),
    )


@pytest.mark.parametrize("bench", kinds("direct", "bubblewrap"), indirect=True)
async def test_run_archive_run_again(bench: Bench, tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        manager = _manager(agent, bench, tmp_path)
        agent.services = replace(agent.services, workspaces=manager)
        agent.runs = RunService(agent.services)
        agent.script([
            call("write", path="src/app.py", content="print('hello')\n"),
            call("terminal", command="cd src && export GREETING=hi && seq 1 20000"),
            call("terminal", command="echo $GREETING; python3 app.py"),
            call("commands", run="python3 src/app.py"),
            call("fin", summary="It greets."),
        ])  # fmt: skip
        chat = await agent.chat()
        run = await agent.run("Write a greeting program.", chat_id=chat.id, mode="execute")
        assert (run.status, run.changes.files) == ("completed", ("src/app.py",)), run.summary
        texts = await agent.tool_texts(chat.id)
        assert "all of it, up to 64 MiB, is in /tmp/journeyman/" in texts[1]
        assert texts[2].splitlines()[0].endswith("cwd=/workspace/src")
        assert texts[2].splitlines()[1:] == ["hi", "hello"]

        archived = await manager.archive(chat.project_id)
        assert isinstance(archived, ArchiveRecord), archived
        assert await bench.sandbox.list() == ()

        agent.script([call("read", path="app.py"), call("fin", summary="Still there.")])
        again = await agent.run("Is it there still?", chat_id=chat.id, mode="execute")
        assert (again.status, again.changes.files) == ("completed", ()), again.summary
        assert "print('hello')" in (await agent.tool_texts(chat.id))[5]
        told = [e.data for e in await agent.events(chat.id) if e.kind == "workspace/changed"]
        assert told == [
            {"state": "live", "acquired": "created"},
            {
                "state": "live",
                "acquired": "restored",
                "message": "The workspace was brought back from its archive.",
            },
        ]
        await manager.shutdown()


@pytest.mark.parametrize("bench", kinds("direct", "bubblewrap"), indirect=True)
async def test_a_cancelled_run_gives_its_workspace_back(bench: Bench, tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        manager = _manager(agent, bench, tmp_path)
        agent.services = replace(agent.services, workspaces=manager)
        agent.runs = RunService(agent.services)
        agent.script([call("terminal", command="setsid sleep 300 & sleep 300")])
        chat = await agent.chat()
        run = await agent.runs.start(StartRun("x", chat_id=chat.id, mode="execute"))
        await agent.until_event(chat.id, "tool/started")
        await agent.runs.cancel(run.id)
        async with asyncio.timeout(90):
            assert (await agent.runs.wait(run.id)).status == "cancelled"
        archived = await manager.archive(chat.project_id)
        assert isinstance(archived, ArchiveRecord), archived
        await manager.shutdown()
