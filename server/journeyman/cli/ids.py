"""Ids may be given by their first characters, as long as only one thing begins with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from journeyman.failures import Failure, not_found

Request = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

FULL_ID = 36
"""Characters of a UUID."""
PAGE = 200
SHOWN = 12


async def all_items(
    request: Request, method: str, params: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Every item of a paged list."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await request(
            method, {**(params or {}), "limit": PAGE, **({"cursor": cursor} if cursor else {})}
        )
        items.extend(page["items"])
        cursor = page.get("nextCursor")
        if not cursor:
            return items


async def project_id(request: Request, given: str) -> str:
    """The project's id from its start, or from its name where only one project has that name."""
    return await _resolve(request, "project", given)


async def chat_id(request: Request, given: str) -> str:
    return await _resolve(request, "chat", given)


async def _resolve(request: Request, noun: str, given: str) -> str:
    if len(given) >= FULL_ID:
        return given
    items = await all_items(request, f"{noun}/list")
    label = "name" if noun == "project" else "title"
    matches = [i for i in items if i["id"].startswith(given)] or [i for i in items if i[label] == given]
    if not matches:
        failure = not_found(noun, given)
        failure.hint = f"`journeyman {noun}s list` shows what there is."
        raise failure
    if len(matches) > 1:
        shown = ", ".join(item["id"][:SHOWN] for item in matches[:5])
        raise Failure(
            "invalid",
            f"{len(matches)} {noun}s begin with {given!r}: {shown}.",
            hint="Give more characters of the id.",
        )
    return str(matches[0]["id"])
