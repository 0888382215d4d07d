"""journeyman changes, accept, reject, apply: what the agent changed, hunk by hunk, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure, not_found

Where = Annotated[
    str,
    typer.Argument(help="Chat or project: id, its first characters, or its name.", metavar="CHAT|PROJECT"),
]
Which = Annotated[
    list[str] | None,
    typer.Argument(
        help="Hunks: ids, their first characters, or paths for all of a file.", metavar="[HUNK|PATH]..."
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Every hunk there is.")]
Feedback = Annotated[
    str, typer.Option("--feedback", "-m", help="What the model is told with it, at its next step.")
]
IDS_AT_ONCE = 500
PREFIX_MIN = 4


async def _chats(request: Any, given: str) -> list[str]:
    """The chat itself, or the chats of a project."""
    from journeyman.cli.ids import all_items, chat_id, project_id

    try:
        found = await chat_id(request, given)
        await request("chat/get", {"chatId": found})
        return [found]
    except Failure as failure:
        if failure.kind != "not_found":
            raise
    try:
        project = await project_id(request, given)
        items = await all_items(request, "chat/list", {"projectId": project})
    except Failure as failure:
        if failure.kind != "not_found":
            raise
        missing = not_found("chat", given)
        missing.message = f"There is no chat and no project {given!r}."
        missing.hint = "`journeyman chats list` and `journeyman projects list` show what there is."
        raise missing from failure
    return [item["id"] for item in items]


async def _hunks(request: Any, given: str) -> list[dict[str, Any]]:
    """Of every chat meant, each with its `chatId`."""
    from journeyman.cli.ids import all_items

    return [
        {"chatId": chat, **hunk}
        for chat in await _chats(request, given)
        for hunk in await all_items(request, "changes/list", {"chatId": chat})
    ]


def _chosen(hunks: list[dict[str, Any]], which: list[str], where: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in which:
        matches = [hunk for hunk in hunks if hunk["path"] == name]
        if not matches and len(name) >= PREFIX_MIN:
            matches = [hunk for hunk in hunks if hunk["hunkId"].startswith(name)]
            matches = matches or [h for h in hunks if h["hunkId"].partition(".")[2].startswith(name)]
        if not matches:
            raise Failure(
                "not_found",
                f"No change of {name!r} waits for a decision.",
                hint=f"`journeyman changes {where}` shows what does.",
            )
        found.update({hunk["hunkId"]: hunk for hunk in matches})
    return list(found.values())


def changes(where: Where, json: Json = False) -> None:
    """Show what the agent changed and nobody decided on yet, hunk by hunk.

    Changes count from what was there before the agent first touched a file, or from what was accepted since;
    what shell commands changed is among them. Nothing is done to any file.

    \b
    journeyman changes c0ff                    what there is, each hunk with its id
    journeyman accept c0ff src/app.py          keep all of a file: it is not shown again
    journeyman reject c0ff 3f2a -m "why"       take one hunk back, and tell the model
    journeyman apply c0ff                      carry what was not rejected to your folder
    """
    from journeyman.cli.diff import styled
    from journeyman.cli.link import call

    hunks = call(lambda client: _hunks(client.request, where))
    if json:
        output.print_json(hunks)
        return
    out = output.stdout()
    if not hunks:
        output.stderr().print("No change waits for a decision.", style="dim", markup=False)
    path = None
    for hunk in hunks:
        if hunk["path"] != path:
            path = hunk["path"]
            out.print(_title(hunk), style="bold", markup=False)
        notes = [hunk["kind"]] if hunk["kind"] != "edit" else []
        notes += ["somebody else may have had a part in it"] if hunk.get("doubtful") else []
        notes += ["is being taken back"] if hunk.get("rejecting") else []
        notes += [] if hunk.get("kept", True) else ["too large: it can only be accepted"]
        out.print(f"  {hunk['hunkId']}  {', '.join(notes)}".rstrip(), style="cyan", markup=False)
        text = hunk.get("text")
        if text:
            for line in styled(["", "", *visible(text.rstrip("\n")).split("\n")]):
                if line.plain:
                    out.print(line)
        if hunk.get("truncated"):
            out.print("  ...", style="dim")
    if hunks:
        files = len({(hunk["chatId"], hunk["path"]) for hunk in hunks})
        out.print(f"{len(hunks)} hunks in {files} files wait for a decision", style="bold")


def _title(hunk: dict[str, Any]) -> str:
    renamed = f" (was {visible(hunk['renamedFrom'])})" if hunk.get("renamedFrom") else ""
    guarded = f"  [not carried to a folder unasked: {hunk['guarded']}]" if hunk.get("guarded") else ""
    return f"{visible(hunk['path'])}{renamed}{guarded}"


def accept(
    where: Where,
    which: Which = None,
    everything: Everything = False,
    feedback: Feedback = "",
    json: Json = False,
) -> None:
    """Accept hunks: changes are counted from them on. No file is touched.

    Example: journeyman accept c0ff src/app.py
    """
    _decide("accept", where, which, everything, feedback, json)


def reject(
    where: Where,
    which: Which = None,
    everything: Everything = False,
    feedback: Feedback = "",
    json: Json = False,
) -> None:
    """Take hunks back in the workspace, and tell the model.

    While a run is at work that happens at the end of its step. What somebody changed since stays. `journeyman
    rewind CHAT --undo` brings back what was rejected last.

    Example: journeyman reject c0ff 3f2a91 --feedback "Keep the old signature."
    """
    _decide("reject", where, which, everything, feedback, json)


def _decide(
    act: str, where: str, which: list[str] | None, everything: bool, feedback: str, as_json: bool
) -> None:
    from journeyman.cli.link import Link, call

    if everything == bool(which):
        raise Failure(
            "invalid",
            f"Say what to {act}: hunks or paths, or --all.",
            hint=f"`journeyman changes {where}` shows what there is.",
        )

    async def ask(client: Link) -> list[dict[str, Any]]:
        hunks = await _hunks(client.request, where)
        chosen = hunks if everything else _chosen(hunks, which or [], where)
        answers: list[dict[str, Any]] = []
        for chat in dict.fromkeys(hunk["chatId"] for hunk in chosen):
            ids = [hunk["hunkId"] for hunk in chosen if hunk["chatId"] == chat]
            for begin in range(0, len(ids), IDS_AT_ONCE):
                said = feedback if begin == 0 else ""
                params = {"chatId": chat, "hunkIds": ids[begin : begin + IDS_AT_ONCE], "feedback": said}
                answers += (await client.request(f"changes/{act}", params))["items"]
        return answers

    answers = call(ask)
    if as_json:
        output.print_json(answers)
    else:
        for each in answers:
            good = each["outcome"] in ("accepted", "rejected", "rejecting")
            what = (
                "is taken back at the end of the step" if each["outcome"] == "rejecting" else each["outcome"]
            )
            why = f": {visible(each['message'])}" if each.get("message") else ""
            why += " (somebody decided it before)" if each.get("earlier") else ""
            line = f"{visible(each.get('path') or each['hunkId'])} {what}{why}"
            output.stdout().print(line, style="green" if good else "yellow", markup=False)
        if not answers:
            output.stderr().print("No change waits for a decision.", style="dim", markup=False)
    if any(each["outcome"] in ("conflict", "unknown") for each in answers):
        raise typer.Exit(1)


def apply(
    where: Where,
    which: Which = None,
    accepted: Annotated[bool, typer.Option("--accepted", help="Only what was accepted.")] = False,
    root: Annotated[
        Path | None, typer.Option("--root", help="The folder; otherwise the one the project was made of.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Carry this path although something runs it by itself (hooks, editor tasks)."),
    ] = None,
    json: Json = False,
) -> None:
    """Carry changes to your folder: all that was not rejected, or only what was accepted and the hunks named.

    A file goes whole or not at all, and never over one that changed in the folder meanwhile. Hooks, version
    control and editor tasks stay behind unless --allow names them.

    Example: journeyman apply c0ff --root ~/src/wordcount
    """
    from journeyman.cli.link import Link, call

    if accepted and which:
        raise Failure("invalid", "--accepted leaves the hunks out.", hint="Name hunks, or give --accepted.")

    async def ask(client: Link) -> list[dict[str, Any]]:
        hunks = await _hunks(client.request, where) if which else []
        chosen = _chosen(hunks, which, where) if which else []
        chats = list(dict.fromkeys(hunk["chatId"] for hunk in chosen))
        items: list[dict[str, Any]] = []
        for chat in chats or await _chats(client.request, where):
            params: dict[str, Any] = {"chatId": chat, "allow": allow or []}
            if root is not None:
                params["root"] = str(root.expanduser().absolute())
            if which or accepted:
                params["hunkIds"] = [hunk["hunkId"] for hunk in chosen if hunk["chatId"] == chat]
            items += (await client.request("changes/apply", params))["items"]
        return items

    items = call(ask)
    if json:
        output.print_json(items)
    else:
        if not items:
            output.stderr().print("Nothing is to be carried.", style="dim", markup=False)
        for item in items:
            refused = item["outcome"] == "refused"
            what = f"not carried {visible(item['path'])}: {visible(item['why'])}" if refused else ""
            line = what or f"{item['outcome']} {visible(item['path'])}"
            output.stdout().print(line, style="yellow" if refused else "green", markup=False)
    if any(item["outcome"] == "refused" for item in items):
        raise typer.Exit(1)
