"""The command line: one program, one file per command or family. A client of the daemon like any other.

Commands import what they need when they run, so that `journeyman --help` is there at once. Errors end
here, as a sentence and an exit code (`errors.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from journeyman.cli import (
    archive_group,
    archives,
    chats,
    demo,
    doctor,
    evaluate,
    execute,
    files,
    fork,
    image,
    models,
    permissions,
    ports,
    projects,
    review,
    rewinding,
    run,
    runs,
    schema,
    service,
    trajectory,
)

HELP = """A coding agent that lives beside your editor.

\b
journeyman run "Make the tests pass" --folder .     give it work, see the diff
journeyman run "..." --folder . --apply             and write the result to the folder
journeyman demo                                     watch a whole run; needs no key
journeyman doctor                                   see what works on this machine
journeyman serve --tcp 127.0.0.1:7464               let programs speak to it over TCP
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
)
app.command()(run.run)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(models.models)
app.add_typer(projects.app, name="projects")
app.command()(fork.fork)
app.add_typer(chats.app, name="chats")
app.command()(runs.runs)
app.command()(runs.resume)
app.add_typer(runs.queue, name="queue")
app.command("eval")(evaluate.eval_)
app.add_typer(permissions.app, name="permissions")
app.add_typer(trajectory.app, name="trajectory")
app.command()(chats.todo)
app.command()(review.changes)
app.command()(review.accept)
app.command()(review.reject)
app.command()(review.apply)
app.command()(rewinding.checkpoints)
app.command()(rewinding.rewind)
app.command("exec", context_settings=execute.PASS_THROUGH)(execute.exec_)
app.add_typer(files.app, name="files")
app.command()(ports.ports)
app.command()(ports.forward)
app.add_typer(archive_group.app, name="archive")
app.command()(archives.restore)
app.command()(archives.archives)
app.add_typer(image.app, name="image")
app.command()(service.serve)
app.command()(service.stdio)
app.command()(service.acp)
app.command()(service.status)
app.command()(service.stop)
app.command()(schema.schema)


@app.command()
def version() -> None:
    """Print the version."""
    import journeyman

    print(journeyman.__version__)


def _and_leave(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_and_leave)
]


@app.callback()
def options(version: Version = False) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with `arguments` (default: this process's); answers the exit code."""
    try:
        app(args=arguments, prog_name="journeyman")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException as error:  # noqa: BLE001 - the outermost boundary: errors become words here
        from journeyman.cli.errors import report

        return report(error)
    return 0
