"""Shows a run as it goes. In a terminal the plan, the running calls and a progress bar stay at the bottom
and everything that happened scrolls above; in a pipe there are only the lines that happened.

Takes events, gives pixels: it asks the daemon nothing.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from journeyman.cli.lines import MARKS, PHASES, STYLES, Lines, seconds
from journeyman.cli.view import RunView, usage_text
from journeyman.cli.visible import one_line, visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.text import Text

SPEAKING_LINES = 4
ITEMS_SHOWN = 12


class RunPainter:
    """Context manager around the time a run is watched; `show` takes every event once."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.view = RunView()
        self.note = ""
        """A sentence shown beside the progress bar, such as that the run is being cancelled."""
        self.asks = False
        """Whether questions are put to the person here, so that they need not be told of as well."""
        self._lines = Lines()
        self._held: list[Text] | None = None
        self._live: Live | None = None
        self._started = time.monotonic()
        self._call_started: dict[str, float] = {}

    def __enter__(self) -> RunPainter:
        if self.console.is_terminal:
            from rich.live import Live

            self._live = Live(
                get_renderable=self._panel, console=self.console, refresh_per_second=8, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, event: dict[str, Any]) -> None:
        if not self.view.apply(event):
            return
        if event["kind"] == "tool/started":
            self._call_started[event["data"]["callId"]] = time.monotonic()
        elif event["kind"] == "tool/finished":
            self._call_started.pop(event["data"]["callId"], None)
        if self._live is not None and event.get("durable"):
            # Printing repaints the panel as it was last drawn; draw what is true now first.
            self._live.refresh()
        if self.asks and event["kind"] == "permission/requested":
            return
        for line in self._lines.of(event):
            if self._held is not None:
                self._held.append(line)
            else:
                self.console.print(line)

    @contextmanager
    def aside(self) -> Generator[None]:
        """Make room for a question: nothing moves, and what happens meanwhile is shown afterwards."""
        if self._live is not None:
            self._live.stop()
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            self.console.print()
            for line in held:
                self.console.print(line)
            if self._live is not None:
                self._live.start()

    def say(self, text: str, style: str = "dim") -> None:
        self.console.print(visible(text), style=style, markup=False)

    def _panel(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.rule import Rule
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        view = self.view
        width = max(20, self.console.width - 8)
        parts: list[RenderableType] = []
        if view.speaking:
            parts.append(Text("\n".join(visible(view.speaking).splitlines()[-SPEAKING_LINES:])))
        parts.append(Rule(style="dim"))
        for item in _window(view):
            line = Text(f" {MARKS[item.status]} ", style="green" if item.status == "done" else "")
            parts.append(line.append(one_line(item.content, width), STYLES[item.status]))
        for call_id, call in view.calls.items():
            since = seconds(time.monotonic() - self._call_started.get(call_id, self._started))
            parts.append(Text(f"   … {one_line(call.title, width - 12)}  {since}", style="yellow"))
            if call.output:
                parts.append(Text(f"     {one_line(call.output, width)}", style="dim"))
        row = Table.grid(padding=(0, 1))
        phase = PHASES.get(view.phase or "", view.phase or "starting")
        doing = self.note or ("thinking" if view.thinking and not view.calls else phase)
        cells: list[RenderableType] = [Spinner("dots"), Text(doing)]
        if view.total:
            cells.append(ProgressBar(total=view.total, completed=view.done, width=24))
            cells.append(Text(f"{view.done}/{view.total}"))
        cells.append(Text(seconds(time.monotonic() - self._started), style="dim"))
        row.add_row(*cells)
        parts.append(row)
        if view.usage:
            parts.append(Text(f"  {usage_text(view.usage)}", style="dim"))
        return Group(*parts)


def _window(view: RunView) -> list[Any]:
    """At most a dozen items, around the first that is not done."""
    first_open = next((n for n, item in enumerate(view.items) if item.status not in ("done", "dropped")), 0)
    start = max(0, min(first_open - 2, len(view.items) - ITEMS_SHOWN))
    return list(view.items[start : start + ITEMS_SHOWN])
