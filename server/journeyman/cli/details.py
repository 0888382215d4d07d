"""A project, a workspace and archives in words, for the commands that show them."""

from __future__ import annotations

from typing import Any

from journeyman.cli import output
from journeyman.cli.visible import visible


def print_project(found: dict[str, Any]) -> None:
    project, chats = found["project"], found["chats"]
    rows = [["id", project["id"]], ["name", project["name"]], ["created", output.when(project["createdAt"])]]
    rows += [[key, text] for key, text in project["commands"].items() if text]
    rows += workspace_rows(found["workspace"])
    output.print_table(["", ""], rows, empty="")
    output.print_table(
        ["chat", "title", "model", "updated"],
        [[c["id"], c["title"], c.get("model") or "", output.when(c["updatedAt"])] for c in chats],
        empty="No chat in this project.",
    )


def workspace_rows(status: dict[str, Any]) -> list[list[str]]:
    sandbox = f" ({status['sandbox']})" if status.get("sandbox") else ""
    rows = [["workspace", status["state"] + sandbox]]
    if usage := status.get("usage"):
        rows.append(["holds", _held(usage)])
    if status.get("expiresAt"):
        rows.append(["to be archived", output.when(status["expiresAt"])])
    if archive := status.get("archive"):
        rows.append(["newest archive", archive_text(archive)])
    if status.get("message"):
        rows.append(["note", status["message"]])
    return rows


def _held(usage: dict[str, Any]) -> str:
    most = f" of {output.size(usage['bytesMax'])}" if usage.get("bytesMax") else ""
    many = f" of {usage['entriesMax']:,}" if usage.get("entriesMax") else ""
    mark = {"near": ", nearly full", "over": ", more than it may"}.get(usage["level"], "")
    return f"{output.size(usage['bytes'])}{most}, {usage['entries']:,}{many} entries{mark}"


def archive_text(archive: dict[str, Any]) -> str:
    return (
        f"{archive['archiveId']}: {output.count(archive['files'], 'file')}, {output.size(archive['bytes'])}, "
        f"{output.size(archive['newBytes'])} new, {output.when(archive['createdAt'])}"
    )


def print_messages(messages: list[dict[str, Any]]) -> None:
    """A chat as it was stored: who said what, tool results cut to their first lines."""
    console = output.stdout()
    for message in messages:
        role = message["role"]
        if role == "tool":
            mark = "✓" if message.get("ok") else "✗"
            lines = visible(message["text"]).splitlines()
            console.print(f"{mark} {message.get('toolName') or 'tool'}", style="dim", markup=False)
            for line in lines[:6]:
                console.print(f"    {line[:200]}", style="dim", markup=False)
            if len(lines) > 6:
                console.print(f"    ... {len(lines) - 6} more lines", style="dim", markup=False)
            continue
        console.print(f"{role}  {output.when(message['createdAt'])}", style="bold", markup=False)
        if message["text"]:
            console.print(visible(message["text"]), markup=False)
        calls: list[dict[str, Any]] = message.get("toolCalls") or []
        for tool_call in calls:
            console.print(f"  -> {visible(tool_call['name'])}", style="cyan", markup=False)
