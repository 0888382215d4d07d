"""journeyman image build: the Docker image workspaces are made from."""

from __future__ import annotations

import asyncio

import typer

from journeyman.cli import output
from journeyman.cli.visible import visible

app = typer.Typer(no_args_is_help=True, help="The Docker image that workspaces are made from.")


@app.callback()
def image() -> None:
    """A group of its own, so that `image build` reads as it is meant."""


@app.command()
def build() -> None:
    """Build the workspace image: from a Dockerfile where a registry answers, else from Debian packages.

    Takes one to three minutes. Not needed where the embedded sandbox is used.
    """
    from journeyman import app as composition
    from journeyman.cli.configured import load_settings

    name = asyncio.run(composition.build_image(load_settings(), _told))
    output.stdout().print(f"built {name}", style="green", markup=False)


def ensure_image() -> None:
    """Build the image where a Docker engine answers that has none; say so where that does not work, since
    the embedded sandbox will do."""
    from journeyman import app as composition
    from journeyman.cli.configured import load_settings
    from journeyman.failures import Failure

    settings = load_settings()
    if not asyncio.run(composition.image_is_missing(settings)):
        return
    console = output.stderr()
    console.print(
        "Docker answers and has no workspace image yet: building it, once, in one to three minutes."
    )
    console.print("JOURNEYMAN_SANDBOX=bubblewrap does without.", style="dim")
    try:
        asyncio.run(composition.build_image(settings, _told))
    except Failure as failure:
        console.print(f"{visible(failure.message)} Going on in the embedded sandbox.", markup=False)


def _told(line: str) -> None:
    output.stderr().print(visible(line), style="dim", markup=False)
