"""The example project is repaired for real; only the model's words come from the recording."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from journeyman.model.replay import ReplayModel
from unit.agent.house import house

EXAMPLES = Path(__file__).parents[2] / "examples"


def _tests_pass(folder: Path) -> bool:
    ended = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=folder, capture_output=True, timeout=60, check=False
    )
    return ended.returncode == 0


async def test_the_recorded_run_repairs_the_example(tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        agent.models.inject(
            "replay/wordcount", ReplayModel(EXAMPLES / "recordings" / "wordcount.jsonl", pause_s=0)
        )
        chat = await agent.chat()
        folder = agent.folder(chat)
        shutil.copytree(EXAMPLES / "wordcount", folder, dirs_exist_ok=True)
        assert not _tests_pass(folder)
        run = await agent.run(
            "The tests fail. Find out why and repair it.", chat_id=chat.id, model="replay/wordcount"
        )
        assert run.status == "completed", [run.summary, *(await agent.tool_texts(chat.id))[-2:]]
        assert _tests_pass(folder)
        assert run.changes.files == ("wordcount/stats.py", "wordcount/text.py")
        assert run.commands.test == "python3 -m unittest"
        todos = await agent.services.todos.get(chat.id)
        assert {item.status for item in todos.items} == {"done"}
        assert all(item.evidence for item in todos.items)
        notices = [e.data["message"] for e in await agent.events(chat.id) if e.kind == "notice"]
        assert notices[0] == "The model's words come from a recording; the work is real."
        phases = [e.data["phase"] for e in await agent.events(chat.id) if e.kind == "run/phase"]
        assert phases == ["workspace", "plan", "execute", "verify"]
