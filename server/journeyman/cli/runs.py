"""journeyman runs, resume and queue: what ran in a chat, what was cut off, and what still waits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import one_line, visible
from journeyman.failures import Failure

CARRY_ON = ("interrupted", "shutdown")
"""Why a run ended that can be carried on."""
WIDTH = 60
Chat = Annotated[str, typer.Argument(help="Chat id, or its first characters.")]
Item = Annotated[str, typer.Argument(help="Id of what waits, or its first characters.")]

queue = typer.Typer(
    help="What waits in a chat: texts for the run that goes on, then runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def runs(chat: Chat, json: Json = False) -> None:
    """List a chat's runs, newest first, and why each of them ended."""
    from journeyman.cli.ids import all_items, chat_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        return await all_items(client.request, "agent/runs", {"chatId": await chat_id(client.request, chat)})

    found = call(ask)
    if json:
        output.print_json(found)
        return
    output.print_table(
        ["run", "status", "because", "steps", "summary"],
        [
            [
                run["runId"],
                run["status"],
                run.get("stopReason") or "",
                str(run["steps"]),
                one_line(visible(run["summary"]), WIDTH),
            ]
            for run in found
        ],
        empty="Nothing has run in this chat yet.",
    )


def resume(chat: Chat, json: Json = False) -> None:
    """Carry on the chat's newest run, where a crash or a shutdown ended it, and wait for its end.

    What was done stays done. Asked again it is the same run: nothing happens twice.

    Example: journeyman resume 3f2a
    """
    from journeyman.cli.ids import chat_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.live import RunPainter
    from journeyman.cli.result import exit_code, print_result
    from journeyman.cli.watching import watch_resumed

    console = output.stderr() if json else output.stdout()

    async def carry_on(client: Link) -> dict[str, Any]:
        ident = await chat_id(client.request, chat)
        newest = (await client.request("agent/runs", {"chatId": ident, "limit": 1}))["items"]
        if not newest or newest[0].get("stopReason") not in CARRY_ON:
            raise Failure(
                "invalid",
                "The chat's newest run was not cut off: there is nothing to carry on.",
                hint="`journeyman runs CHAT` shows what ran; `journeyman run --chat CHAT` goes on there.",
            )
        with RunPainter(console) as painter:
            return await watch_resumed(client, ident, newest[0]["runId"], painter)

    run = call(carry_on)
    if json:
        output.print_json(run)
    else:
        print_result(console, run)
    raise typer.Exit(exit_code(run["status"]))


@queue.command("list")
def list_queue(chat: Chat, json: Json = False) -> None:
    """List what waits, in the order in which it will be taken."""
    from journeyman.cli.ids import all_items, chat_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        return await all_items(
            client.request, "agent/queue/list", {"chatId": await chat_id(client.request, chat)}
        )

    found = call(ask)
    if json:
        output.print_json(found)
        return
    output.print_table(
        ["item", "kind", "since", "words"],
        [
            [
                each["itemId"],
                each["kind"],
                output.when(each["createdAt"]),
                one_line(visible(each["prompt"]), WIDTH),
            ]
            for each in found
        ],
        empty="Nothing waits.",
    )


@queue.command()
def edit(
    chat: Chat,
    item: Item,
    words: Annotated[str | None, typer.Option("--say", help="Other words for it.")] = None,
    place: Annotated[
        int | None, typer.Option("--place", min=0, help="Another place among the runs; 0 is next.")
    ] = None,
) -> None:
    """Change the words of what waits, or a run's place. Too late once it was taken, which is said.

    Example: journeyman queue edit 3f2a 77c1 --say "Keep the old name, too" --place 0
    """
    from journeyman.cli.link import Link, call

    if words is None and place is None:
        raise Failure("invalid", "There is nothing to change.", hint="Give --say or --place.")

    async def change(client: Link) -> dict[str, Any]:
        found = await _find(client.request, chat, item)
        wanted: dict[str, Any] = {"itemId": found["itemId"], "ifRev": found["rev"]}
        wanted |= {"prompt": words} if words is not None else {}
        wanted |= {"position": place} if place is not None else {}
        return await client.request("agent/queue/update", wanted)

    changed = call(change)
    output.stderr().print(f"it says now: {one_line(visible(changed['prompt']), WIDTH)}", markup=False)


@queue.command()
def drop(chat: Chat, item: Item) -> None:
    """Take back what waits: it will never be said, or never begin."""
    from journeyman.cli.link import Link, call

    async def remove(client: Link) -> str:
        found = await _find(client.request, chat, item)
        await client.request("agent/queue/remove", {"itemId": found["itemId"]})
        return str(found["prompt"])

    words = call(remove)
    output.stderr().print(f"dropped: {one_line(visible(words), WIDTH)}", markup=False)


async def _find(request: Any, chat: str, given: str) -> dict[str, Any]:
    from journeyman.cli.ids import all_items, chat_id

    waiting = await all_items(request, "agent/queue/list", {"chatId": await chat_id(request, chat)})
    matches = [each for each in waiting if each["itemId"].startswith(given)]
    if len(matches) != 1:
        what = "Nothing" if not matches else "More than one thing"
        raise Failure(
            "not_found" if not matches else "invalid",
            f"{what} that waits there begins with {given!r}.",
            hint="`journeyman queue list CHAT` shows what waits; what is not there was taken already.",
        )
    return matches[0]
