"""Options that several commands share, so that they are called and explained the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from journeyman.cli import output
from journeyman.failures import Failure

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person. Nobody there to be asked and no --yes: refuse. A no leaves with exit code 1."""
    if yes:
        return
    if not output.interactive():
        raise Failure("invalid", "This needs a yes, and nobody is there to be asked.", hint="Add --yes.")
    typer.confirm(question, default=False, abort=True)
