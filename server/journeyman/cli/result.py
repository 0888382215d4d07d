"""How a run ended, for people: status, summary, commands, usage; and for scripts: the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from journeyman.cli.lines import seconds
from journeyman.cli.view import usage_text
from journeyman.cli.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

EXIT_CODES = {"completed": 0, "failed": 1, "partial": 3, "blocked": 3, "cancelled": 130}
STYLES = {"completed": "bold green", "failed": "bold red", "cancelled": "bold yellow"}


def exit_code(status: str) -> int:
    """0 completed, 1 failed, 3 partial or blocked, 130 cancelled."""
    return EXIT_CODES.get(status, 1)


def print_result(console: Console, run: dict[str, Any], *, elapsed_s: float | None = None) -> None:
    """`run` is the data of `run/finished`, or a run as `agent/run` answers it."""
    status = run["status"]
    reason = run.get("stopReason")
    head = status if not reason or reason == status else f"{status} ({visible(reason).replace('_', ' ')})"
    console.print()
    console.print(head, style=STYLES.get(status, "bold yellow"), markup=False)
    if run.get("summary"):
        console.print(visible(run["summary"]).strip(), markup=False)
    commands: dict[str, Any] = run.get("commands") or {}
    for name in ("build", "run", "test"):
        if commands.get(name):
            console.print(f"  {name:<6} {visible(commands[name])}", style="dim", markup=False)
    took = f", {seconds(elapsed_s)}" if elapsed_s is not None else ""
    usage = usage_text(run.get("usage") or {})
    console.print(f"  {run.get('steps') or 0} steps, {usage}{took}", style="dim", markup=False)
