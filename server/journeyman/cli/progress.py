"""A progress bar for a request that reports on a work-done token (`$/progress` of LSP)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from journeyman.cli import output
from journeyman.cli.visible import one_line

if TYPE_CHECKING:
    from journeyman.cli.link import Link


async def watched(client: Link, method: str, params: dict[str, Any], label: str) -> dict[str, Any]:
    """Ask, and show what is reported meanwhile: percent and a sentence, on stderr, in a terminal only."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    token = str(uuid.uuid4())
    console = output.stderr()
    columns = (
        TextColumn("{task.fields[label]}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, label=label)

        def reported(message: dict[str, Any]) -> None:
            if message["token"] != token:
                return
            value = message["value"]
            if value.get("percentage") is not None:
                bar.update(task, total=100, completed=value["percentage"])
            if value.get("message"):
                bar.update(task, description=one_line(value["message"], 80))

        client.on("$/progress", reported)
        return await client.request(method, {**params, "workDoneToken": token})
