"""journeyman chats search: the places where words were said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journeyman.cli import output
from journeyman.cli.ids import SHOWN, Request, project_id


async def searched(
    request: Request, words: Sequence[str], project: str | None, most: int
) -> list[dict[str, Any]]:
    """The first `most` places. An argument with spaces in it is a phrase."""
    phrases = (f'"{word}"' if " " in word and '"' not in word else word for word in words)
    params: dict[str, Any] = {"query": " ".join(phrases)}
    if project is not None:
        params["projectId"] = await project_id(request, project)
    found: list[dict[str, Any]] = []
    while len(found) < most:
        page = await request("chat/search", {**params, "limit": most - len(found)})
        found += page["items"]
        if not page.get("nextCursor"):
            break
        params["cursor"] = page["nextCursor"]
    return found


def print_found(found: Sequence[dict[str, Any]]) -> None:
    output.print_table(
        ["chat", "title", "who", "when", "words"],
        [_row(each) for each in found],
        empty="Nothing was found. All words must be in one title or one message; try fewer.",
    )


def _row(found: dict[str, Any]) -> list[str]:
    chat, message = found["chat"], found.get("message")
    text = "".join(piece["text"] for piece in found["excerpt"])
    return [
        chat["id"][:SHOWN],
        chat["title"],
        message["role"] if message else "",
        output.when((message or chat)["createdAt"]),
        " ".join(text.split()) if message else "",
    ]
