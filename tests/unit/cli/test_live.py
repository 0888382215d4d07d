"""What a person sees of a run, in a pipe and in a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from journeyman.cli.live import RunPainter
from journeyman.cli.result import exit_code, print_result
from journeyman.cli.view import RunView, usage_text
from unit.cli.events import FINISHED, RUN, USAGE, event, todo

PIPE = """\
   workspace: a new workspace
── planning
I'll look first.
plan
 ○ Repair words()
 ○ Verify against the request
── working
   ✗ python3 -m unittest  250 ms
     exit 1 in 0.2s
     FAILED
 ✓ Repair words()
   ✓ edit text.py  4 ms
 ✓ Verify against the request
   80 % of the budget is used. Raise it.
"""


def painted(events: list[dict[str, Any]], *, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=80, height=30, legacy_windows=False)
    with RunPainter(console) as painter:
        painter.view.run_id = "r1"
        for item in events:
            painter.show(item)
    return out.getvalue()


def test_a_pipe_gets_plain_lines_only() -> None:
    assert painted(RUN) == PIPE


def panel_after(events: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    painter = RunPainter(console)
    painter.view.run_id = "r1"
    for item in events:
        painter.show(item)
    out.truncate(0)
    console.print(painter._panel())
    return out.getvalue()


def test_the_panel_shows_plan_running_call_its_output_and_progress() -> None:
    text = panel_after(RUN[:10])
    assert "○ Repair words()" in text
    assert "… python3 -m unittest" in text
    assert "FAIL: test_words" in text
    assert "working" in text
    assert "0/2" in text


def test_the_panel_streams_the_message_being_written() -> None:
    assert "I'll look first." in panel_after(RUN[:5])
    assert "first." not in panel_after(RUN[:6]).split("─" * 10)[0]


def test_a_terminal_keeps_the_lines_and_ends_with_the_cursor_shown() -> None:
    text = painted(RUN, terminal=True)
    assert "edit text.py" in text
    assert text.rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in text


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;title\x07", "\x1b[2J", "a\rb", "\x9b31m", "\u202egnp.exe", "[red]x[/red]", "[/]"]
)
@pytest.mark.parametrize("where", ["message", "title", "text", "todo", "notice", "delta", "output"])
def test_text_of_strangers_cannot_steer_the_terminal(hostile: str, where: str) -> None:
    events = {
        "message": [
            event(1, "message/completed", messageId="m", role="assistant", text=hostile, toolCalls=[])
        ],
        "title": [
            event(1, "tool/started", callId="t", name="x", title=hostile, arguments={}),
            event(2, "tool/finished", callId="t", name="x", ok=True, seconds=1.0, text=""),
        ],
        "text": [event(1, "tool/finished", callId="t", name="x", ok=False, seconds=1.0, text=hostile)],
        "todo": [event(1, "todo/changed", rev=1, items=[{**todo("pending", "done")[0], "content": hostile}])],
        "notice": [event(1, "notice", level="info", message=hostile)],
        "delta": [event(1, "message/delta", text=hostile, channel="text")],
        "output": [
            event(1, "tool/started", callId="t", name="x", title="x", arguments={}),
            event(1, "tool/output", callId="t", text=hostile),
        ],
    }[where]
    shown = painted(events) + panel_after(events).replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert not any(code in shown for code in ("\x1b]", "\x1b[2J", "\r", "\x9b", "\u202e", "\x07"))
    if hostile.startswith("["):
        assert hostile in shown


def test_events_of_another_run_are_not_shown() -> None:
    view = RunView(run_id="r1")
    assert not view.apply(event(1, "run/finished", "r2", **FINISHED))
    assert view.finished is None
    assert view.apply(event(2, "run/finished", "r1", **FINISHED))
    assert view.finished is not None


def test_a_dropped_item_does_not_count_towards_the_whole() -> None:
    view = RunView()
    view.apply(event(1, "todo/changed", rev=1, items=todo("done", "dropped")))
    assert (view.done, view.total) == (1, 1)


def test_what_nobody_said_is_unknown_and_never_zero() -> None:
    assert usage_text(USAGE) == "3 model calls, tokens in 1,200, out unknown, cost unknown"
    assert usage_text({"costUsd": 0.0123}).endswith("cost $0.0123")
    assert usage_text({"costUsd": 0.0}).endswith("cost $0.0000")


@pytest.mark.parametrize(
    ("status", "code"),
    [("completed", 0), ("failed", 1), ("partial", 3), ("blocked", 3), ("cancelled", 130), ("odd", 1)],
)
def test_exit_codes(status: str, code: int) -> None:
    assert exit_code(status) == code


def test_the_result_names_status_summary_commands_and_usage() -> None:
    out = io.StringIO()
    print_result(Console(file=out, width=100), {**FINISHED, "stopReason": "step_limit"}, elapsed_s=75)
    assert out.getvalue() == (
        "\ncompleted (step limit)\nAll tests pass.\n  test   python3 -m unittest\n"
        "  2 steps, 3 model calls, tokens in 1,200, out unknown, cost unknown, 1 min 15 s\n"
    )
