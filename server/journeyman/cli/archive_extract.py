"""journeyman archive extract: an archive's files in a directory, without a workspace."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli import output
from journeyman.cli.archive_care import Project

if TYPE_CHECKING:
    from journeyman.workspace.archive.outcomes import ArchiveProgress, RestoreOutcome


def extract(
    project: Project,
    directory: Annotated[Path, typer.Argument(help="An empty or a new directory.")],
    archive: Annotated[
        str | None, typer.Option("--archive", help="Id, its start, or name. Default: the newest.")
    ] = None,
    path: Annotated[
        str | None, typer.Option("--path", help="Only this file or directory of the workspace.")
    ] = None,
) -> None:
    """Write an archive's files into a directory of yours, verified. The workspace is left alone.

    Example: journeyman archive extract 3f2a ./before --archive before-the-rewrite --path src
    """
    from journeyman.cli.archive_care import archive_ref, store_of
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> tuple[dict[str, str], str]:
        return await archive_ref(client.request, project, archive), await store_of(client.request)

    ref, store = call(ask)
    done = asyncio.run(_extract(ref, store, directory.expanduser(), path))
    output.stdout().print(
        f"wrote {output.count(done.files, 'file')}, {output.size(done.bytes)}, every byte verified",
        style="green",
    )
    for note in done.notes:
        output.stdout().print(note, style="yellow", markup=False)


async def _extract(ref: dict[str, str], store: str, target: Path, path: str | None) -> RestoreOutcome:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from journeyman import app as composition
    from journeyman.cli.configured import load_settings

    console = output.stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, int] = {}

        def show(progress: ArchiveProgress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(progress.phase, total=progress.bytes_total)
            done = f"{progress.phase} {progress.files_done:,} of {progress.files_total:,} files"
            bar.update(tasks[progress.phase], completed=progress.bytes_done, description=done)  # pyright: ignore[reportArgumentType]

        return await composition.extract(
            load_settings(),
            ref["projectId"],
            target,
            store=store,
            archive_id=ref.get("archiveId"),
            path=path,
            on_progress=show,
        )
