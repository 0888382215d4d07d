"""journeyman projects: create, list, show, rename, quota, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from journeyman.cli import output
from journeyman.cli.create import create
from journeyman.cli.options import Json, Yes
from journeyman.cli.visible import visible

app = typer.Typer(
    no_args_is_help=True, help="What you work on: create, list, show, rename, limit, delete projects."
)
app.command()(create)
Project = Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")]


@app.command("list")
def list_projects(json: Json = False) -> None:
    """List projects, newest first."""
    from journeyman.cli.ids import all_items
    from journeyman.cli.link import call

    projects = call(lambda client: all_items(client.request, "project/list"))
    if json:
        output.print_json(projects)
        return
    output.print_table(
        ["id", "name", "source", "updated"],
        [[p["id"], p["name"], p["source"], output.when(p["updatedAt"])] for p in projects],
        empty='There is no project yet. `journeyman run "..."` makes one.',
    )


@app.command()
def show(project: Project, json: Json = False) -> None:
    """Show a project with its commands, its workspace and its chats."""
    from journeyman.cli.ids import all_items, project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, object]:
        ref = {"projectId": await project_id(client.request, project)}
        return {
            "project": await client.request("project/get", ref),
            "workspace": await client.request("workspace/status", ref),
            "chats": await all_items(client.request, "chat/list", ref),
        }

    found = call(ask)
    if json:
        output.print_json(found)
        return
    from journeyman.cli.details import print_project

    print_project(found)


@app.command()
def rename(project: Project, name: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a project another name."""
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, object]:
        ident = await project_id(client.request, project)
        return await client.request("project/update", {"projectId": ident, "name": name})

    call(ask)
    output.stderr().print(f"renamed to {visible(name)}", markup=False)


@app.command()
def quota(
    project: Project,
    disk: Annotated[int | None, typer.Option(min=0, help="MiB of files in its workspace; 0: any.")] = None,
    entries: Annotated[int | None, typer.Option(min=0, help="Files and directories in it; 0: any.")] = None,
    archives: Annotated[int | None, typer.Option(min=0, help="MiB of its archives; 0: any.")] = None,
) -> None:
    """Say how much a project may hold. What is left out follows the daemon's settings.

    Beyond it the daemon's own writes are refused; what commands write is measured and told. Archives are
    thinned out earlier, the newest never.

    \b
    journeyman projects quota wordcount --disk 2048
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call

    said = {"bytes": _mib(disk), "entries": entries, "archiveBytes": _mib(archives)}
    own = {name: value for name, value in said.items() if value is not None}

    async def ask(client: Link) -> dict[str, object]:
        ident = await project_id(client.request, project)
        return await client.request("project/update", {"projectId": ident, "quota": own})

    call(ask)
    output.stderr().print("its own quota" if own else "the daemon's quota", markup=False)


def _mib(value: int | None) -> int | None:
    return None if value is None else value << 20


@app.command()
def delete(
    project: Project,
    archives: Annotated[bool, typer.Option("--archives", help="Delete its archives as well.")] = False,
    yes: Yes = False,
) -> None:
    """Delete a project with its chats and its workspace. Its archives stay unless --archives is given."""
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.options import confirm

    async def find(client: Link) -> dict[str, object]:
        ident = await project_id(client.request, project)
        return await client.request("project/get", {"projectId": ident})

    found = call(find)
    what = "its chats, its workspace and its archives" if archives else "its chats and its workspace"
    confirm(f"Delete {visible(str(found['name']))} with {what}?", yes=yes)
    call(lambda client: client.request("project/delete", {"projectId": found["id"], "archives": archives}))
    output.stderr().print(f"deleted {visible(str(found['name']))}", markup=False)
