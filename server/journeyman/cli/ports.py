"""journeyman ports and forward: what listens in a project's workspace, and how to look at it from here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.cli.link import LastingLink, Link

Project = Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")]


def ports(project: Project, json: Json = False) -> None:
    """List the ports programs listen on in a project's workspace, with those its devcontainer.json expects.

    Brings nothing back: in a workspace that was put away nothing listens.

    Example: journeyman ports 3f2a
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import call

    async def ask(client: Link) -> list[dict[str, Any]]:
        ref = {"projectId": await project_id(client.request, project)}
        return (await client.request("workspace/ports", ref))["items"]

    found = call(ask)
    if json:
        output.print_json(found)
        return
    output.print_table(
        ["port", "state", "address", "process", "forwarded to"],
        [
            [
                str(each["port"]),
                _state(each),
                each.get("address") or "",
                visible(each.get("process") or ""),
                each.get("url") or "",
            ]
            for each in found
        ],
        empty="Nothing listens there. Start something with `journeyman exec`.",
    )


def forward(
    project: Project,
    port: Annotated[int, typer.Argument(min=1, max=65535, help="The port inside the workspace.")],
) -> None:
    """Open a port of a project's workspace on this machine, print the link to it, and stay until Ctrl-C.

    The link holds a token: whoever has it can use the program, and nobody else. While the preview is used
    the workspace stays as it is; one that nobody looks at does not keep it.

    Example: journeyman forward 3f2a 8000
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import call

    async def ask(client: LastingLink) -> None:
        await _stay(client, {"projectId": await project_id(client.request, project), "port": port})

    call(ask)


async def _stay(client: LastingLink, ref: dict[str, Any]) -> None:
    gone = asyncio.Event()

    def changed(told: dict[str, Any]) -> None:
        here = [each for each in told["items"] if each["port"] == ref["port"]]
        if told["projectId"] == ref["projectId"] and not any(each.get("url") for each in here):
            gone.set()

    client.on("workspace/didChangePorts", changed)
    made = await client.request("workspace/forward", ref)
    try:
        listed = await client.request("workspace/ports", {"projectId": ref["projectId"], "watch": True})
        changed(listed)
        print(made["url"], flush=True)
        if not any(each["port"] == ref["port"] and each["listening"] for each in listed["items"]):
            said = f"Nothing listens on port {ref['port']} yet; the link works once something does."
            output.stderr().print(said, markup=False)
        async with asyncio.TaskGroup() as tasks:
            ends = [tasks.create_task(gone.wait()), tasks.create_task(client.ended())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for each in ends:
                each.cancel()
    finally:
        if made["created"] and not gone.is_set():  # it was not there before us
            async with asyncio.timeout(5):
                await client.request("workspace/unforward", ref)
    raise Failure(
        "cancelled",
        "The preview ended: the workspace was put away or closed, or somebody took the port back.",
        hint="Start the program again, and forward its port again.",
        retryable=True,
    )


def _state(port: dict[str, Any]) -> str:
    return "listening" if port["listening"] else "expected" if port["expected"] else "silent"
