"""journeyman fork: go on from a project in two directions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible


def fork(
    project: Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")],
    name: Annotated[str | None, typer.Option(help="What to call the new project.")] = None,
    archive: Annotated[
        str | None,
        typer.Option(help="The archive to start from: its id, its first characters, or its name."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a project that starts where another one is, without copying anything.

    Both share what they have in common in the store, and neither sees what the other does from now on. Image,
    commands and ports are taken over, chats are not. Without --archive it is the project as it is now: files
    that no archive holds yet are archived first.

    \b
    journeyman fork wordcount --name "wordcount, another way"
    journeyman fork wordcount --archive "before the rewrite"
    """
    from journeyman.cli.archive_care import archive_ref
    from journeyman.cli.link import Link, call
    from journeyman.cli.progress import watched

    async def ask(client: Link) -> dict[str, Any]:
        params = await archive_ref(client.request, project, archive)
        if name is not None:
            params["name"] = name
        return await watched(client, "project/fork", params, "Forking the project")

    made = call(ask)
    if json:
        output.print_json(made)
        return
    output.stderr().print(f"made {visible(str(made['name']))}", markup=False)
    print(made["id"])
