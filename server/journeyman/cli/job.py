"""One `journeyman run` from parameters to exit code: project, folder, run, result, diff, write-back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journeyman.cli import output
from journeyman.cli.live import RunPainter
from journeyman.cli.result import exit_code, print_result
from journeyman.cli.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from journeyman.cli.asking import Asked
    from journeyman.cli.folder import Folder
    from journeyman.cli.link import Link


@dataclass(slots=True)
class Job:
    params: dict[str, Any]
    """Of `agent/run`, without ids."""
    title: str
    """Of a chat that is made for it."""
    chat: str | None = None
    project: str | None = None
    folder: Folder | None = None
    apply: bool = False
    delete: bool = False
    yes: bool = False
    json: bool = False
    asked: Asked | None = None
    """Who answers the daemon's questions, where somebody is there."""


def do_it(job: Job) -> int:
    """Connect and do the job. Where a person is at the terminal, the daemon may ask them."""
    from journeyman.cli.link import call, call_attended

    if not output.interactive():
        return call(lambda client: do(client, job))
    from journeyman.cli.asking import CAPABILITIES, METHOD, Asked

    job.asked = Asked()
    return call_attended(lambda client: do(client, job), CAPABILITIES, {METHOD: job.asked.answer})


async def do(client: Link, job: Job) -> int:
    """Do the job; answers the exit code of `journeyman run`."""
    console = output.stderr() if job.json else output.stdout()
    chat = await _chat(client, job)
    console.print(f"project {chat['projectId']}  chat {chat['id']}", style="dim", markup=False)
    if job.folder is not None:
        await job.folder.send(client.request, chat["projectId"])
    started = time.monotonic()
    run = await watch(client, {**job.params, "chatId": chat["id"]}, console, job.asked)
    if job.json:
        output.print_json(run)
    else:
        print_result(console, run, elapsed_s=time.monotonic() - started)
    code = exit_code(run["status"])
    if job.folder is None:
        if not job.json:
            _print_changes(console, run)
        return code
    return await _hand_back(client, job, job.folder, chat["projectId"], console, code)


async def _chat(client: Link, job: Job) -> dict[str, Any]:
    """The chat to run in; a new one, in a new project where none was named."""
    from journeyman.cli import ids

    if job.chat:
        return await client.request("chat/get", {"chatId": await ids.chat_id(client.request, job.chat)})
    if job.project:
        project_id = await ids.project_id(client.request, job.project)
    else:
        made = (
            {"name": job.folder.root.name, "source": "folder"}
            if job.folder
            else {"name": job.title, "source": "empty"}
        )
        project_id = (await client.request("project/create", made))["id"]
    return await client.request("chat/create", {"projectId": project_id, "title": job.title})


async def watch(
    client: Link, params: dict[str, Any], console: Console, asked: Asked | None = None
) -> dict[str, Any]:
    """Start a run and show it until it ends; answers the run. Ctrl-C cancels it."""
    from journeyman.cli.watching import watch_run

    with RunPainter(console) as painter:
        if asked is not None:
            asked.on(painter, params["chatId"])
        return await watch_run(client, params, painter)


async def _hand_back(
    client: Link, job: Job, folder: Folder, project_id: str, console: Console, code: int
) -> int:
    changes = await folder.compare(client.request, project_id)
    if not job.json:
        console.print()
        folder.show(changes)
    if not changes:
        return code
    if not job.apply:
        if not job.json:
            console.print("nothing was written to the folder; --apply does that", style="dim")
        return code
    if code != 0 and not output.interactive():
        output.stderr().print("not written: the run was not completed", style="yellow")
        return code
    # After a run that was not completed a person is asked, whatever --yes says.
    written = await folder.apply(changes, yes=job.yes and code == 0, delete=job.delete)
    return code if written else max(code, 1)


def _print_changes(console: Console, run: dict[str, Any]) -> None:
    changes: dict[str, Any] = run.get("changes") or {}
    if files := changes.get("files"):
        for path in files[:50]:
            console.print(f"  {visible(path)}", style="dim", markup=False)
        if len(files) > 50:
            console.print(f"  ... and {len(files) - 50} more", style="dim")
        console.print(
            f"  {changes.get('added', 0)} lines added, {changes.get('removed', 0)} removed", style="dim"
        )
