"""journeyman files: look at, read and write single files of a project's workspace."""

from __future__ import annotations

import base64
import os
import stat
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="Single files of a workspace: list, read, write, delete.")
Project = Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")]
InWorkspace = Annotated[str, typer.Argument(help="Path in the workspace.")]


@app.command("ls")
def list_files(project: Project, path: InWorkspace = ".", json: Json = False) -> None:
    """List a directory of the workspace."""
    from journeyman.cli.ids import all_items, project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        ident = await project_id(client.request, project)
        return await all_items(client.request, "workspace/readDirectory", {"projectId": ident, "path": path})

    items = call(ask)
    if json:
        output.print_json(items)
        return
    output.print_table(
        ["mode", "size", "changed", "name"], [_row(item) for item in items], empty="Nothing there."
    )


def _row(item: dict[str, Any]) -> list[str]:
    found = item["stat"]
    kinds = {"directory": stat.S_IFDIR, "symlink": stat.S_IFLNK, "file": stat.S_IFREG}
    mode = stat.filemode(kinds.get(found["kind"], 0) | found["mode"])
    name = item["name"]
    if found["kind"] == "directory":
        name += "/"
    elif found["kind"] == "symlink":
        name += f" -> {found.get('target', '')}"
    return [mode, output.size(found["size"]), output.when(found["mtime"]), name]


@app.command()
def cat(project: Project, path: InWorkspace) -> None:
    """Print a file of the workspace, byte for byte."""
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> None:
        params: dict[str, Any] = {
            "projectId": await project_id(client.request, project),
            "path": path,
            "hash": False,
            "offset": 0,
        }
        while True:
            # The etag of the first piece goes with the others: one file, or a refusal.
            piece = await client.request("workspace/readFile", params)
            sys.stdout.buffer.write(base64.b64decode(piece["content"]))
            params |= {"offset": params["offset"] + piece["bytes"], "etag": piece["etag"]}
            if not piece["bytes"] or params["offset"] >= piece["size"]:
                break
        sys.stdout.buffer.flush()

    call(ask)


@app.command()
def put(
    project: Project,
    file: Annotated[Path, typer.Argument(help="A file of yours; - for standard input.", allow_dash=True)],
    path: Annotated[str | None, typer.Argument(help="Where it goes; its name when left out.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Copy a file into the workspace.

    Example: journeyman files put 3f2a config.toml etc/config.toml
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.visible import visible
    from journeyman.failures import Failure

    given = str(file) == "-"
    if given and path is None:
        raise Failure("invalid", "Standard input has no name.", hint="Say where it goes in the workspace.")
    data = sys.stdin.buffer.read() if given else file.read_bytes()
    executable = not given and os.access(file, os.X_OK)
    target = path or file.name

    async def ask(client: Link) -> None:
        ident = await project_id(client.request, project)
        content = base64.b64encode(data).decode()
        params: dict[str, Any] = {"projectId": ident, "path": target, "content": content}
        if executable:
            params["executable"] = True
        await client.request("workspace/writeFile", {**params, "overwrite": overwrite})

    call(ask)
    output.stderr().print(f"wrote {output.size(len(data))} to {visible(target)}", markup=False)


@app.command()
def rm(
    project: Project,
    path: InWorkspace,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="A directory with all in it.")] = False,
) -> None:
    """Delete a file or directory of the workspace."""
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.visible import visible

    async def ask(client: Link) -> None:
        ident = await project_id(client.request, project)
        await client.request("workspace/delete", {"projectId": ident, "path": path, "recursive": recursive})

    call(ask)
    output.stderr().print(f"deleted {visible(path)}", markup=False)
