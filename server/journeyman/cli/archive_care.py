"""journeyman archive diff, verify, name, delete, prune: looking after archives that were made."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json, Yes, confirm
from journeyman.cli.visible import visible
from journeyman.failures import not_found

Project = Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")]
Other = Annotated[str | None, typer.Argument(help="The same of a second one. Default: the workspace.")]
Which = Annotated[str, typer.Argument(help="Archive id or its first characters, or its name.")]
Maybe = Annotated[str | None, typer.Argument(help="Archive id, its start, or its name. Default: the newest.")]


async def archive_ref(request: Any, project: str, which: str | None) -> dict[str, Any]:
    """`projectId`, and `archiveId` where one was named: by its id, the beginning of it, or its name."""
    from journeyman.cli.ids import all_items, project_id

    ref = {"projectId": await project_id(request, project)}
    if which is None:
        return ref
    items = await all_items(request, "workspace/archives", ref)
    found = [a["archiveId"] for a in items if a.get("name") == which] or [
        a["archiveId"] for a in items if a["archiveId"].startswith(which)
    ]
    if len(found) != 1:
        failure = not_found("archive", which)
        failure.hint = f"`journeyman archive list {project}` shows what there is."
        raise failure
    return {**ref, "archiveId": found[0]}


async def store_of(request: Any) -> str:
    """Where the daemon keeps archives."""
    return (await request("daemon/status", {}))["objects"]


def diff(project: Project, archive: Maybe = None, other: Other = None, json: Json = False) -> None:
    """List what differs between an archive and the workspace, or between two archives.

    Example: journeyman archive diff 3f2a before-the-rewrite
    """
    from journeyman.cli.ids import all_items
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        ref = await archive_ref(client.request, project, archive)
        params = {"projectId": ref["projectId"]}
        if "archiveId" in ref:
            params["from"] = ref["archiveId"]
        if other is not None:
            params["to"] = (await archive_ref(client.request, project, other))["archiveId"]
        return await all_items(client.request, "workspace/diff", params)

    items = call(ask)
    if json:
        output.print_json(items)
        return
    marks = {"added": "+", "removed": "-", "changed": "~"}
    for item in items:
        what = "" if item["content"] else "  (mode)"
        output.stdout().print(f"{marks[item['change']]} {visible(item['path'])}{what}", markup=False)
    if not items:
        output.stdout().print("No difference.", style="dim")


def verify(
    project: Project,
    archive: Maybe = None,
    read_data: Annotated[
        bool, typer.Option("--read-data", help="Read every byte, not only what is there and how large.")
    ] = False,
    json: Json = False,
) -> None:
    """Look whether an archive is whole.

    Exit code 1 where it is not.
    """
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, Any]:
        ref = await archive_ref(client.request, project, archive)
        return await client.request("workspace/verifyArchive", {**ref, "readData": read_data})

    found = call(ask)
    if json:
        output.print_json(found)
    else:
        read = f", {output.size(found['bytesRead'])} read" if read_data else ""
        output.stdout().print(
            f"{output.count(found['packs'], 'object')} looked at{read}: "
            f"{'whole' if found['ok'] else 'DAMAGED'}",
            style="green" if found["ok"] else "bold red",
        )
        for problem in found["problems"]:
            output.stdout().print(f"  {visible(problem)}", markup=False)
    raise typer.Exit(0 if found["ok"] else 1)


def name(
    project: Project,
    archive: Which,
    name: Annotated[str | None, typer.Argument(help="Left out: take the name away.")] = None,
) -> None:
    """Give an archive a name. A named archive is never thinned out.

    Example: journeyman archive name 3f2a 9b1c before-the-rewrite
    """
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, Any]:
        ref = await archive_ref(client.request, project, archive)
        return await client.request("workspace/nameArchive", {**ref, "name": name})

    done = call(ask)
    said = f"is named {done['name']}" if done.get("name") else "has no name"
    output.stdout().print(f"archive {done['archiveId']} {said}", style="green", markup=False)


def delete(project: Project, archive: Which, yes: Yes = False) -> None:
    """Remove an archive for good. The newest one is never removed."""
    from journeyman.cli.link import Link, call

    async def look(client: Link) -> dict[str, Any]:
        return await archive_ref(client.request, project, archive)

    async def remove(client: Link) -> None:
        await client.request("workspace/deleteArchive", ref)

    ref = call(look)
    confirm(f"Remove archive {ref['archiveId']} of {project} for good?", yes=yes)
    call(remove)
    output.stdout().print(f"removed {ref['archiveId']}", style="green", markup=False)


def prune(
    project: Project,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; nothing does.")] = False,
    json: Json = False,
) -> None:
    """Thin out a project's archives now, as the daemon does every few hours.

    Kept are the last ones, one an hour, one a day (see docs/settings.md) and the named ones. Objects no
    archive needs any more go a day after they were first found so.
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, Any]:
        ident = await project_id(client.request, project)
        return await client.request("workspace/pruneArchives", {"projectId": ident, "dryRun": dry_run})

    done = call(ask)
    if json:
        output.print_json(done)
        return
    verb = "would go" if dry_run else "went"
    output.stdout().print(
        f"{output.count(len(done['archives']), 'archive')} {verb}, {output.count(done['packs'], 'object')}"
        f" ({output.size(done['bytes'])}) {verb}, {output.count(done['noted'], 'object')} not needed,"
        " waiting for their day to be over",
        markup=False,
    )
    for problem in done["problems"]:
        output.stdout().print(visible(problem), style="yellow", markup=False)
