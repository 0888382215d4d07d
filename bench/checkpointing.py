"""What a checkpoint costs in a tree of 20,000 files, beside looking at each of them once with lstat."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.table import Row
from journeyman.app import App, build
from journeyman.checkpoint.recorder import Recorder
from journeyman.config import Settings
from journeyman.ports.guest import Guest
from journeyman.records import Message
from journeyman.workspace.errors import WorkspaceError

DIRECTORIES, FILES = 400, 50
CHANGED = 10
FLOOR = "lstat of every file (find -printf)"
FILL = """
import os
for d in range({directories}):
    os.makedirs(f"tree/{{d % 20}}/{{d}}")
    for f in range({files}):
        with open(f"tree/{{d % 20}}/{{d}}/{{f}}.txt", "w") as file:
            file.write(f"{{d}} {{f}} " * 60)
"""


def checkpointing(sandbox: str, count: int) -> list[Row]:
    return asyncio.run(_checkpointing(sandbox, count))


async def _checkpointing(sandbox: str, count: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="jm-bench-") as folder:
        settings = Settings.model_validate({"data_dir": Path(folder), "sandbox": sandbox})
        async with build(settings) as app:
            project = await app.services.projects.create()
            got = await app.services.manager.acquire(project.id)
            if isinstance(got, WorkspaceError):
                raise SystemExit(f"checkpointing: {got.message}")
            guest = got.guest
            await _run(guest, FILL.format(directories=DIRECTORIES, files=FILES))
            files = Path(folder) / "workspaces" / project.id
            floor = tuple(_floor_ms(files) for _ in range(count))
            chat = await app.services.chats.create(project.id)
            first = await _first_look(app, guest, project.id, chat.id, "first")
            again = await _first_look(app, guest, project.id, chat.id, "again")
            recorder = await _recorder(app, guest, project.id, chat.id, "steps")
            changed: list[float] = []
            nothing: list[float] = []
            for turn in range(count):
                await recorder.before_change()
                await _run(guest, _change(turn))
                changed.append(await _looked(recorder))
                begin = time.perf_counter()
                await recorder.before_change()
                nothing.append((time.perf_counter() - begin) * 1000 + await _looked(recorder))
            await recorder.close()
            await app.services.manager.release(project.id)
    where = f"{DIRECTORIES * FILES:,} files, {sandbox}"
    return [
        Row(f"checkpoint of {CHANGED} changed files, {where}", "ms", tuple(changed), FLOOR, floor),
        Row(f"a step that changed nothing adds, {where}", "ms", tuple(nothing), FLOOR, floor),
        Row(f"first look of a project, {where}", "ms", (first,), FLOOR, floor),
        Row(f"first look of a later run, {where}", "ms", (again,), FLOOR, floor),
    ]


def _change(turn: int) -> str:
    paths = [f"tree/{n % 20}/{n}/{turn % FILES}.txt" for n in range(0, CHANGED * 7, 7)]
    return f"for path in {paths!r}:\n    open(path, 'a').write('changed {turn} ' * 10)\n"


async def _run(guest: Guest, script: str) -> None:
    done = await guest.run(["python3", "-c", script], timeout_s=120)
    if done.code != 0:
        raise SystemExit(f"checkpointing: {done.output.decode(errors='replace')}")


async def _recorder(app: App, guest: Guest, project_id: str, chat_id: str, run_id: str) -> Recorder:
    async def warn(message: str, hint: str) -> None:
        raise SystemExit(f"checkpointing: {message} {hint}")

    message = Message(
        f"{run_id} {os.urandom(4).hex()}", chat_id, run_id, "user", "", app.services.clock.now()
    )
    await app.services.store.messages.append([message])
    recorder = app.services.checkpoints.recorder(
        guest, project_id=project_id, chat_id=chat_id, run_id=run_id, at_work=lambda: False, say=warn
    )
    await recorder.begin(look=True)
    await recorder.settled()
    return recorder


async def _first_look(app: App, guest: Guest, project_id: str, chat_id: str, run_id: str) -> float:
    begin = time.perf_counter()
    recorder = await _recorder(app, guest, project_id, chat_id, run_id)
    spent = (time.perf_counter() - begin) * 1000
    await recorder.close()
    return spent


async def _looked(recorder: Recorder) -> float:
    """From the end of the calls until the checkpoint is stored and told."""
    begin = time.perf_counter()
    recorder.after_step("", "bench", ())
    await recorder.settled()
    return (time.perf_counter() - begin) * 1000


def _floor_ms(files: Path) -> float:
    begin = time.perf_counter()
    command = ["find", str(files), "-printf", "%s %T@ %C@ %i\\n"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000


if __name__ == "__main__":
    from bench.table import render

    print(render(checkpointing("bubblewrap", 10)))
