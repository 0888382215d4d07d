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

    console = output.stderr()

    def told(line: str) -> None:
        console.print(visible(line), style="dim", markup=False)

    name = asyncio.run(composition.build_image(load_settings(), told))
    output.stdout().print(f"built {name}", style="green", markup=False)
