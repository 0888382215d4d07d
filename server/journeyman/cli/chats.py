"""journeyman chats and todo: conversations, what was said in them, and their plans."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json, Yes
from journeyman.cli.visible import visible

app = typer.Typer(no_args_is_help=True, help="Conversations in projects: list, find, read, delete chats.")
Chat = Annotated[str, typer.Argument(help="Chat id, or its first characters.")]
OfProject = Annotated[str | None, typer.Option("--project", help="Only chats of this project.")]


@app.command("list")
def list_chats(project: OfProject = None, json: Json = False) -> None:
    """List chats, newest first."""
    from journeyman.cli.ids import all_items, project_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        params = {"projectId": await project_id(client.request, project)} if project else {}
        return await all_items(client.request, "chat/list", params)

    chats = call(ask)
    if json:
        output.print_json(chats)
        return
    output.print_table(
        ["id", "title", "project", "model", "updated"],
        [
            [c["id"], c["title"], c["projectId"][:12], c.get("model") or "", output.when(c["updatedAt"])]
            for c in chats
        ],
        empty='There is no chat yet. `journeyman run "..."` starts one.',
    )


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="All of them must be there; 'in quotes' in a row.")],
    project: OfProject = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most places to show.")] = 50,
    json: Json = False,
) -> None:
    """Find chats by their titles and by what was said in them, newest first."""
    from journeyman.cli.found import print_found, searched
    from journeyman.cli.link import call

    found = call(lambda client: searched(client.request, words, project, limit))
    output.print_json(found) if json else print_found(found)


@app.command()
def show(chat: Chat, json: Json = False) -> None:
    """Print a chat's messages, oldest first."""
    from journeyman.cli.details import print_messages
    from journeyman.cli.ids import all_items, chat_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        ident = await chat_id(client.request, chat)
        return await all_items(client.request, "chat/messages", {"chatId": ident})

    messages = call(ask)
    output.print_json(messages) if json else print_messages(messages)


@app.command()
def delete(chat: Chat, yes: Yes = False) -> None:
    """Delete a chat with its messages, its runs and its plan. The project's files stay."""
    from journeyman.cli.ids import chat_id
    from journeyman.cli.link import Link, call
    from journeyman.cli.options import confirm

    async def find(client: Link) -> dict[str, Any]:
        return await client.request("chat/get", {"chatId": await chat_id(client.request, chat)})

    found = call(find)
    confirm(f"Delete the chat {visible(found['title'])}?", yes=yes)
    call(lambda client: client.request("chat/delete", {"chatId": found["id"]}))
    output.stderr().print(f"deleted {visible(found['title'])}", markup=False)


def todo(chat: Chat, json: Json = False) -> None:
    """Show a chat's plan.

    Every item with its status and its check.
    """
    from journeyman.cli.ids import chat_id
    from journeyman.cli.lines import MARKS
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, Any]:
        return await client.request("todo/list", {"chatId": await chat_id(client.request, chat)})

    found = call(ask)
    if json:
        output.print_json(found)
        return
    output.print_table(
        ["", "status", "item", "check"],
        [[MARKS[i["status"]], i["status"], i["content"], i.get("check") or ""] for i in found["items"]],
        empty="This chat has no plan yet.",
    )
