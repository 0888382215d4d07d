"""journeyman demo: the whole journey on a small real project, with a recording in the model's place."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep the daemon's data directory with its log, and say where it is."),
    ] = False,
) -> None:
    """Watch a whole run; needs no key.

    The agent repairs a small project; then its workspace is archived and restored.

    A daemon of its own in a temporary directory, a real workspace, real tools, real tests. Only the model's
    words are a recording. Exit code 1 if a test stays red or a byte differs.
    """
    import asyncio

    from journeyman.cli.demo_daemon import demo_daemon
    from journeyman.cli.demo_story import tell
    from journeyman.cli.image import ensure_image

    ensure_image()
    with demo_daemon(keep=keep) as place:
        raise typer.Exit(asyncio.run(tell(place)))
