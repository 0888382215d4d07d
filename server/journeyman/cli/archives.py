"""journeyman archive, restore and archives: putting a workspace away and bringing it back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible

Project = Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")]


def archive(
    project: Project,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the workspace running afterwards.")] = False,
    json: Json = False,
) -> None:
    """Put a project's workspace away.

    Uploads it, reads back and verifies what was uploaded, and only then removes it.

    Example: journeyman archive 3f2a
    """
    from journeyman.cli.details import archive_text
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.progress import watched

    async def ask(client: Link) -> dict[str, Any]:
        ident = await project_id(client.request, project)
        return await watched(client, "workspace/archive", {"projectId": ident, "keep": keep}, "archiving")

    done = call(ask)
    if json:
        output.print_json(done)
        return
    output.stdout().print(f"archive {archive_text(done['archive'])}", markup=False)
    rest = "the workspace goes on" if keep else "the workspace was removed"
    output.stdout().print(f"read back and verified; {rest}", style="green")


def restore(
    project: Project,
    archive_id: Annotated[
        str | None, typer.Option("--archive", help="Which archive; the newest when left out.")
    ] = None,
    json: Json = False,
) -> None:
    """Bring a project's workspace back.

    The archive is staged and verified, then swapped in.

    Example: journeyman restore 3f2a --archive 9b1c
    """
    from journeyman.cli.archive_care import archive_ref
    from journeyman.cli.details import archive_text
    from journeyman.cli.link import Link, call
    from journeyman.cli.progress import watched

    async def ask(client: Link) -> dict[str, Any]:
        params = await archive_ref(client.request, project, archive_id)
        return await watched(client, "workspace/restore", params, "restoring")

    done = call(ask)
    if json:
        output.print_json(done)
        return
    output.stdout().print(f"restored {archive_text(done['archive'])}", markup=False)
    output.stdout().print(f"every byte verified; the workspace is {done['status']['state']}", style="green")


def archives(project: Project, json: Json = False) -> None:
    """List a project's archives, newest first."""
    from journeyman.cli.ids import all_items, project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        ident = await project_id(client.request, project)
        return await all_items(client.request, "workspace/archives", {"projectId": ident})

    items = call(ask)
    if json:
        output.print_json(items)
        return
    output.print_table(
        ["archive", "name", "files", "bytes", "new", "made"],
        [
            [
                a["archiveId"],
                visible(a.get("name") or ""),
                f"{a['files']:,}",
                output.size(a["bytes"]),
                output.size(a["newBytes"]),
                output.when(a["createdAt"]),
            ]
            for a in items
        ],
        empty=f"No archive yet. `journeyman archive {project}` makes one.",
    )
