"""What one event leaves on the page: the lines that stay when the live part has moved on.

The same lines are printed to a terminal and to a pipe. Every text in them comes from a model, a workspace
or a file and is made visible first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from journeyman.cli.output import count
from journeyman.cli.visible import one_line, visible

if TYPE_CHECKING:
    from rich.text import Text

MARKS = {"done": "✓", "in_progress": "▸", "pending": "○", "dropped": "–"}
STYLES = {"done": "green", "in_progress": "bold", "pending": "", "dropped": "dim strike"}
PHASES = {
    "workspace": "getting the workspace",
    "plan": "planning",
    "execute": "working",
    "verify": "building and running the result",
}
DECIDED = {
    "accepted": "changes accepted",
    "rejected": "changes taken back",
    "rejecting": "changes will be taken back",
    "conflict": "changes could not be taken back",
}
FAILED_LINES = 12
TITLE_WIDTH = 76


class Lines:
    """Turns events into lines. Remembers titles of open calls and the list it printed last."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._plan: list[str] = []
        self._statuses: dict[str, str] = {}

    def of(self, event: dict[str, Any]) -> Iterator[Text]:
        data: dict[str, Any] = event["data"]
        match event["kind"]:
            case "run/phase":
                yield _text(f"── {PHASES.get(data['phase'], data['phase'])}", "cyan")
            case "message/completed":
                if data.get("role") == "assistant" and (data.get("text") or "").strip():
                    yield _text(visible(data["text"].strip()), "")
            case "tool/started":
                self._titles[data["callId"]] = title_of(data)
            case "tool/finished":
                yield from self._tool(data)
            case "todo/changed":
                yield from self._todo(data["items"])
            case "workspace/changed":
                if data.get("message"):
                    yield _text(f"   workspace: {visible(data['message'])}", "dim")
            case "checkpoint/restored":
                what = "took a rewind back" if data.get("undoes") else "went back to a checkpoint"
                yield _text(
                    f"   {what}: {count(data['files'], 'file')}, {count(data['messagesHidden'], 'message')}",
                    "dim",
                )
            case "permission/requested":
                yield from _question(data)
            case "permission/resolved":
                yield _answered(data)
            case "changes/decided":
                yield _text(f"   {DECIDED[data['decision']]}: {visible(', '.join(data['paths']))}", "dim")
            case "notice":
                yield from notice(data)
            case _:
                return

    def _tool(self, data: dict[str, Any]) -> Iterator[Text]:
        title = one_line(self._titles.pop(data["callId"], data["name"]), TITLE_WIDTH)
        ok = bool(data["ok"])
        line = _text("   ")
        line.append("✓ " if ok else "✗ ", "green" if ok else "red")
        line.append(title)
        line.append(f"  {seconds(data.get('seconds'))}", "dim")
        yield line
        if not ok:
            lines = visible(data.get("text") or "").rstrip().splitlines()
            if len(lines) > FAILED_LINES:
                lines = [*lines[: FAILED_LINES - 1], "..."]
            for text in lines:
                yield _text(f"     {text[:200]}", "dim")

    def _todo(self, items: list[dict[str, Any]]) -> Iterator[Text]:
        """The whole list when its items changed; one line for each item that changed its status."""
        plan = [item["content"] for item in items]
        statuses = {item["id"]: item["status"] for item in items}
        if plan != self._plan:
            yield _text("plan", "bold")
            yield from todo_lines(items)
        else:
            changed = [item for item in items if statuses[item["id"]] != self._statuses.get(item["id"])]
            yield from todo_lines(changed)
        self._plan, self._statuses = plan, statuses


def _question(data: dict[str, Any]) -> Iterator[Text]:
    title = one_line(data["subject"]["title"])
    if data["subject"]["type"] == "question":
        yield _text(f"   ? it asks you: {title}", "yellow")
        yield _text(f"     journeyman permissions answer {data['id']} ...   (or show)", "yellow")
    else:
        yield _text(f"   ? it asks for your permission: {title}", "yellow")
        yield _text(f"     journeyman permissions allow {data['id']}   (or deny; or show)", "yellow")


def _answered(data: dict[str, Any]) -> Text:
    who = f" by {visible(data['decidedBy'])}" if data.get("decidedBy") else ""
    asked = data["subject"]["type"] == "question" and data.get("optionId")
    what = "answered" if asked else data["state"]
    return _text(f"   {what}{who}: {one_line(data['subject']['title'], TITLE_WIDTH)}", "dim")


def title_of(data: dict[str, Any]) -> str:
    """What a call is called; `fin` without its summary, which is the result's to tell."""
    return data["name"] if data["name"] == "fin" else data.get("title") or data["name"]


def todo_lines(items: list[dict[str, Any]]) -> Iterator[Text]:
    for item in items:
        line = _text(f" {MARKS[item['status']]} ", "green" if item["status"] == "done" else "")
        line.append(one_line(item["content"]), STYLES[item["status"]])
        yield line


def notice(data: dict[str, Any]) -> Iterator[Text]:
    style = {"error": "red", "warning": "yellow"}.get(data.get("level", "info"), "dim")
    hint = f" {visible(data['hint'])}" if data.get("hint") else ""
    yield _text(f"   {visible(data['message'])}{hint}", style)


def seconds(value: float | None) -> str:
    """A duration for people: 40 ms, 1.2 s, 2 min 5 s."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{value // 60:.0f} min {value % 60:.0f} s"


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style)
