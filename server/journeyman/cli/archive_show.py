"""journeyman archive show: what an archive is, and what is in it."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.archive_care import Maybe, Project, archive_ref, store_of
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.workspace.archive.model import Node

KINDS = {"file": stat.S_IFREG, "hardlink": stat.S_IFREG, "directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}


def show(
    project: Project,
    archive: Maybe = None,
    files: Annotated[bool, typer.Option("--files", help="List what is in it.")] = False,
    json: Json = False,
) -> None:
    """Say what an archive is: its tree's digest, files, bytes, when it was made and its name.

    Example: journeyman archive show 3f2a before-the-rewrite --files
    """
    from journeyman.cli.ids import all_items
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> tuple[dict[str, Any], str]:
        ref = await archive_ref(client.request, project, archive)
        items = await all_items(client.request, "workspace/archives", {"projectId": ref["projectId"]})
        if not items:
            raise Failure(
                "not_found",
                f"The project {project!r} has no archive yet.",
                hint=f"`journeyman archive {project}` makes one.",
            )
        wanted = ref.get("archiveId", items[0]["archiveId"])
        return next(a for a in items if a["archiveId"] == wanted), await store_of(client.request)

    found, store = call(ask)
    nodes = asyncio.run(_nodes(found, store)) if files else ()
    if json:
        output.print_json({**found, "entries": [_entry(node) for node in nodes]} if files else found)
    elif files:
        for node in nodes:
            output.stdout().print(_line(node), markup=False)
    else:
        rows = [
            ["archive", found["archiveId"]],
            ["name", visible(found.get("name") or "-")],
            ["made", output.when(found["createdAt"])],
            ["files", f"{found['files']:,}"],
            ["bytes", output.size(found["bytes"])],
            ["added to the store", output.size(found["newBytes"])],
            ["digest of the tree", found["digest"]],
        ]
        output.print_table(["", ""], rows, empty="")


async def _nodes(found: dict[str, Any], store: str) -> tuple[Node, ...]:
    from journeyman import app as composition
    from journeyman.cli.configured import load_settings

    return await composition.listing(load_settings(), found["projectId"], found["archiveId"], store=store)


def _entry(node: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "path": _text(node.path),
        "kind": node.kind,
        "mode": node.mode,
        "size": node.size,
        "mtimeNs": node.mtime_ns,
    }
    return {**entry, "target": _text(node.target)} if node.target else entry


def _line(node: Node) -> str:
    """As `ls -l` has it."""
    mode = stat.filemode(KINDS[node.kind] | node.mode)
    made = _when(node.mtime_ns // 10**9)
    joined = {"symlink": " -> ", "hardlink": " = "}.get(node.kind, "")
    path = visible(_text(node.path) + joined + (_text(node.target) if joined else ""))
    return f"{mode} {node.size:>12,} {made} {path}"


def _when(seconds: int) -> str:
    """A workspace may set any time at all; a `datetime` knows the years of four digits."""
    made = datetime.fromtimestamp(min(max(seconds, -62135510400), 253402214400), UTC)
    return made.astimezone().strftime("%Y-%m-%d %H:%M")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
