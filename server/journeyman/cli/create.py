"""journeyman projects create: an empty project, or one with files from somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure


def create(
    name: Annotated[str | None, typer.Argument(help="What to call it; otherwise after its source.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", help="Copy this folder, with its links and times.")
    ] = None,
    git: Annotated[
        str | None, typer.Option(help="Clone this public repository (https), inside the workspace.")
    ] = None,
    ref: Annotated[str | None, typer.Option(help="With --git: the branch or tag.")] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="With --git: how many commits back.")] = None,
    archive: Annotated[
        str | None, typer.Option(help="Start from an archive of this project: PROJECT or PROJECT:ARCHIVE.")
    ] = None,
    image: Annotated[str | None, typer.Option(help="The workspace's image.")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="With --folder: leave this name out, at any depth.")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(help="With --folder: copy this name although it is left out otherwise."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a project: empty, or of a folder, a repository, or another project's archive.

    A source that fails leaves no project. What its devcontainer.json asks for is done as far as it can be
    (see docs/sources.md), and the rest is named.

    \b
    journeyman projects create --git https://github.com/psf/requests --depth 1
    journeyman projects create wordcount --folder ./wordcount
    journeyman projects create try-again --archive wordcount
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.progress import watched

    if sum(each is not None for each in (folder, git, archive)) > 1:
        raise Failure("invalid", "A project has one source.", hint="Give --folder, --git or --archive.")
    if git is None and (ref is not None or depth is not None):
        raise Failure("invalid", "--ref and --depth belong to a repository.", hint="Name it with --git.")
    if folder is None and (exclude or include):
        raise Failure("invalid", "--exclude and --include belong to a folder.", hint="Name it with --folder.")
    params: dict[str, Any] = {key: value for key, value in (("name", name), ("image", image)) if value}
    if folder is not None:
        path = str(folder.expanduser().absolute())
        params["source"] = {"folder": {"path": path, "exclude": exclude or [], "include": include or []}}
    elif git is not None:
        options = {key: value for key, value in (("ref", ref), ("depth", depth)) if value is not None}
        params["source"] = {"git": {"url": git, **options}}

    async def ask(client: Link) -> dict[str, Any]:
        if archive is not None:
            of, _, which = archive.partition(":")
            origin = {"projectId": await project_id(client.request, of)}
            params["source"] = {"archive": {**origin, "archiveId": which} if which else origin}
        return await watched(client, "project/create", params, "Making the project")

    made = call(ask)
    if json:
        output.print_json(made)
        return
    console = output.stderr()
    for notice in made.get("notices", ()):
        style = "yellow" if notice["level"] == "warning" else "dim"
        console.print(
            visible(f"{notice['message']} {notice.get('hint', '')}".strip()), style=style, markup=False
        )
    console.print(f"made {visible(str(made['name']))}", markup=False)
    print(made["id"])
