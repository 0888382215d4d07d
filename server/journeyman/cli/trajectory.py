"""journeyman trajectory: what a run asked its model and did, written down, done again, compared."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.cli.link import Link
    from journeyman.trajectory.comparing import Difference
    from journeyman.trajectory.reading import Recorded

app = typer.Typer(no_args_is_help=True, help="What a run asked its model and did: export, replay, diff.")
DIFFERENT = 1


@app.command()
def export(
    run: Annotated[str | None, typer.Argument(help="Run id, as `journeyman runs CHAT` lists it.")] = None,
    chat: Annotated[str | None, typer.Option(help="Every run of this chat, oldest first.")] = None,
    to: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write a run's trajectory as JSON Lines: requests, answers, calls, results, usage, end.

    Secrets are taken out. docs/trajectories.md describes every line.
    """
    from journeyman.cli.ids import all_items, chat_id
    from journeyman.cli.link import call

    if (run is None) == (chat is None):
        raise Failure("invalid", "Name one run, or a chat.", hint="journeyman trajectory export RUN")

    async def fetch(client: Link) -> str:
        if run is not None:
            return await exported(client, run)
        ident = await chat_id(client.request, chat or "")
        runs = await all_items(client.request, "agent/runs", {"chatId": ident})
        return "".join([await exported(client, each["runId"]) for each in reversed(runs)])

    text = call(fetch)
    if to is None:
        sys.stdout.write(text)
        return
    to.write_text(text, encoding="utf-8")
    output.stderr().print(f"written {visible(str(to))}", style="green", markup=False)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="An exported trajectory; its first run is done again.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", help="The files the run began with; else none.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="How long commands took, and the date, count as differences too.")
    ] = False,
) -> None:
    """Do a run again with the recorded answers, and compare every request with the recorded one.

    The tools really run, in a project of their own that is deleted afterwards. Exit code: 0 equal byte for
    byte; 1 not, and the first difference is shown. What needs a permission is refused: nobody is asked.
    """
    from journeyman.cli.link import call
    from journeyman.trajectory.comparing import as_it_is, asked, without_times
    from journeyman.trajectory.reading import load

    recorded = load(file)[0]
    again = call(lambda client: _again(client, recorded, file.absolute(), folder))
    difference = asked(recorded, again, as_it_is if exact else without_times)
    console = output.stdout()
    if difference is None:
        count = recorded.requests
        console.print(f"{count} of {count} requests are equal, byte for byte", style="green")
        return
    _show(difference, "recorded", "again")
    raise typer.Exit(DIFFERENT)


@app.command()
def diff(one: Path, other: Path, json: Json = False) -> None:
    """Compare two exported runs: their figures, and the first step in which they part.

    Exit code: 0 they did the same, 1 not.
    """
    from journeyman.trajectory.comparing import done
    from journeyman.trajectory.figures import figures
    from journeyman.trajectory.reading import load

    a, b = load(one)[0], load(other)[0]
    difference = done(a, b)
    rows = [(name, figures(a)[name], figures(b)[name]) for name in figures(a)]
    if json:
        shown = None
        if difference is not None:
            shown = {"step": difference.step, "where": difference.where,
                     "one": difference.one, "other": difference.other}  # fmt: skip
        output.print_json({"figures": {n: [x, y] for n, x, y in rows}, "firstDifference": shown})
    else:
        output.print_table(
            ["", one.name, other.name], [[n, _figure(x), _figure(y)] for n, x, y in rows], empty=""
        )
        if difference is None:
            output.stdout().print("they did the same", style="green")
        else:
            _show(difference, one.name, other.name)
    if difference is not None:
        raise typer.Exit(DIFFERENT)


async def exported(client: Link, run_id: str) -> str:
    """A run's whole trajectory."""
    pieces: list[str] = []
    offset: int | None = 0
    while offset is not None:
        piece = await client.request("trajectory/export", {"runId": run_id, "offset": offset})
        pieces.append(piece["text"])
        offset = piece.get("nextOffset")
    return "".join(pieces)


async def _again(client: Link, recorded: Recorded, file: Path, folder: Path | None) -> Recorded:
    from journeyman.cli.folder import Folder
    from journeyman.client.unattended import Unattended
    from journeyman.project.excludes import Excludes
    from journeyman.trajectory.reading import parse

    header = recorded.header
    if header.get("images"):
        raise Failure(
            "invalid",
            f"The run in {file.name} had images, which the file names and does not hold.",
            hint="Only runs without images can be done again.",
        )
    made = await client.request("project/create", {"name": f"replay of {file.name}"[:100], "source": "empty"})
    try:
        if folder is not None:
            copy = await asyncio.to_thread(Folder.at, folder, Excludes())
            await copy.send(client.request, made["id"])
        params: dict[str, Any] = {
            "prompt": header["prompt"],
            "mode": header["mode"],
            "model": f"replay/{file}",
            "wait": "completed",
            "budget": header["budget"],
        }
        if header["effort"]:
            params["effort"] = header["effort"]
        async with Unattended.beside(client) as unattended:
            params["chatId"] = await unattended.chat(made["id"])
            run = await client.request("agent/run", params)
        return parse(await exported(client, run["runId"]))[0]
    finally:
        await client.request("project/delete", {"projectId": made["id"], "archives": True})


def _show(difference: Difference, one: str, other: str) -> None:
    console = output.stdout()
    console.print(f"step {difference.step} differs: {visible(difference.where)}", style="bold", markup=False)
    for name, text, style in ((one, difference.one, "red"), (other, difference.other, "green")):
        console.print(f"{visible(name)}: {visible(repr(text))}", style=style, markup=False)


def _figure(value: Any) -> str:
    return "unknown" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
