"""journeyman doctor: what works here, what does not, and what to do about it. Needs no daemon.

`app.diagnose` looks; this file asks it and shows what it found.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure
from journeyman.ports.diagnosis import Finding

if TYPE_CHECKING:
    from rich.table import Table

MARKS = {True: ("ok", "green"), False: ("broken", "bold red"), None: ("note", "yellow")}


def doctor(json: Json = False) -> None:
    """See what works on this machine.

    Looks at everything Journeyman needs, and says in plain words what to do where something is broken.

    Exit code 1 where something that is needed does not work.
    """
    findings = look()
    if json:
        output.print_json(
            [{"name": f.name, "ok": f.ok, "detail": f.detail, "hint": f.hint} for f in findings]
        )
    else:
        show(findings)
    raise typer.Exit(1 if any(finding.ok is False for finding in findings) else 0)


def look() -> list[Finding]:
    """Everything found; settings that cannot be read are a finding themselves."""
    from journeyman.cli.errors import settings_problem

    findings = [_python()]
    try:
        from journeyman.cli.configured import load_settings

        settings = load_settings()
    except Failure as failure:
        return [*findings, Finding("settings", False, failure.message, failure.hint)]
    except ValueError as error:
        problem = settings_problem(error)
        if problem is None:
            raise
        hint = "Correct the file or the JOURNEYMAN_... variable; the rest can be looked at then."
        return [*findings, Finding("settings", False, problem, hint)]
    from journeyman import app

    return [*findings, *asyncio.run(app.diagnose(settings))]


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, f"{version} at {sys.executable}", "" if ok else "Use Python 3.11 or newer.")


def show(findings: Sequence[Finding]) -> None:
    console = output.stdout()
    if console.is_terminal:
        console.print(_table(findings))
    else:
        for finding in findings:
            line = (MARKS[finding.ok][0], finding.name, visible(finding.detail), visible(finding.hint))
            print("\t".join(line).rstrip())
    broken = sum(finding.ok is False for finding in findings)
    console.print()
    if broken:
        noun = "thing is" if broken == 1 else "things are"
        console.print(f"{broken} {noun} broken.", style="bold red")
    else:
        console.print("Everything that is needed works.", style="bold green")


def _table(findings: Sequence[Finding]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        word, style = MARKS[finding.ok]
        table.add_row(Text(word, style=style), finding.name, Text(visible(finding.detail)))
        if finding.hint:
            table.add_row("", "", Text(f"-> {visible(finding.hint)}", style="cyan"))
    return table
