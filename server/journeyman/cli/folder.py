"""`--folder`: a folder's way into a workspace, and what the agent made of it back to the person.

Puts the pieces together: survey and copy with a progress bar, compare, show the diff, and write back only
where the person said so. Each piece has a file of its own and knows nothing of terminals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.cli import output
from journeyman.cli.changes import find_changes
from journeyman.cli.copy_in import FILE_BYTES_MAX, Request, Survey, copy_in, survey
from journeyman.cli.diff import counts, diff_lines, styled
from journeyman.cli.visible import visible
from journeyman.failures import Failure
from journeyman.folder import protected
from journeyman.folder.change import Change, Copied
from journeyman.folder.inside import PathRefused, names_of, opened_folder, parent_of, read_regular, sha256
from journeyman.folder.write_back import Written, write_back
from journeyman.project.excludes import Excludes


@dataclass(slots=True)
class Folder:
    """A folder on its trip through a workspace."""

    root: Path
    excludes: Excludes = field(default_factory=Excludes)
    copied: dict[str, Copied] = field(default_factory=dict[str, Copied])
    survey: Survey = field(default_factory=Survey)

    @classmethod
    def at(cls, path: Path, excludes: Excludes) -> Folder:
        root = path.expanduser().absolute()
        if root == Path("/") or root == Path.home():
            raise Failure(
                "invalid", f"{root} is too much to copy.", hint="Name the project's own folder with --folder."
            )
        return cls(root, excludes, survey=survey(root, excludes))

    async def send(self, request: Request, project_id: str) -> None:
        """Copy the folder into the workspace, with a progress bar, and say what stayed behind."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = output.stderr()
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as bar:
            task = bar.add_task("copying the folder", total=len(self.survey.files))
            self.copied = await copy_in(
                request,
                project_id,
                self.root,
                self.survey,
                on_progress=lambda files: bar.update(task, completed=files),
            )
        what = f"{len(self.copied):,} files ({output.size(self.survey.bytes)})"
        console.print(f"copied {what} of {visible(str(self.root))}", style="dim", markup=False)
        if self.survey.left:
            names = ", ".join(
                visible(n) if c == 1 else f"{visible(n)} x{c}" for n, c in self.survey.left.most_common(12)
            )
            console.print(f"left behind: {names}", style="dim", markup=False)
        for path in self.survey.too_large[:20]:
            limit = output.size(FILE_BYTES_MAX)
            console.print(f"left behind, larger than {limit}: {visible(path)}", style="yellow", markup=False)

    async def compare(self, request: Request, project_id: str) -> list[Change]:
        return await find_changes(request, project_id, self.copied, self.excludes)

    def show(self, changes: Sequence[Change]) -> None:
        """Print the diff of every change to stdout, and one line that sums it up."""
        console = output.stdout()
        added = removed = 0
        for change in changes:
            lines = self._diff(change)
            plus, minus = counts(lines)
            added, removed = added + plus, removed + minus
            for line in styled(lines):
                console.print(line)
        noun = "file" if len(changes) == 1 else "files"
        text = f"{len(changes)} {noun} changed, {added} lines added, {removed} removed"
        console.print(text if changes else "no file changed", style="bold")

    def _diff(self, change: Change) -> list[str]:
        if not change.fetched:
            return [f"{visible(change.path)}: {output.size(change.size)}, too large to show or to write back"]
        before = None
        if change.was is not None:
            try:
                names = names_of(change.path)
                with opened_folder(self.root) as root_fd, parent_of(root_fd, names) as parent:
                    before, _ = read_regular(parent, names[-1])
            except (OSError, PathRefused):
                return [f"{visible(change.path)}: {change.kind} in the workspace, and gone from the folder"]
            if change.kind == "modified" and sha256(before) != change.was.sha256:
                note = f"{visible(change.path)} changed in the folder too since it was copied"
                return [*diff_lines(change.path, before, change.content), note]
        return diff_lines(change.path, before, change.content)

    async def apply(self, changes: Sequence[Change], *, yes: bool, delete: bool) -> bool:
        """Write the changes to the folder, after asking where a person is there.

        False where any was refused."""
        import typer

        if not changes:
            return True
        console = output.stderr()
        ask = output.interactive()
        if ask and not yes and not typer.confirm(f"Write these changes to {self.root}?", default=False):
            console.print("nothing was written", style="yellow")
            return True
        guarded = [change.path for change in changes if protected.reason(change.path)]
        allowed = {
            path
            for path in guarded
            if ask
            and typer.confirm(
                f"{visible(path)}: {protected.reason(path)}. Write it all the same?", default=False
            )
        }
        outcome: Written = await asyncio.to_thread(
            write_back, self.root, changes, delete=delete, allowed=allowed
        )
        for path in outcome.written:
            console.print(f"written {visible(path)}", style="green", markup=False)
        for path in outcome.removed:
            console.print(f"removed {visible(path)}", style="green", markup=False)
        for path in outcome.kept:
            console.print(f"kept {visible(path)}: --delete removes it here too", style="dim", markup=False)
        for path, why in outcome.refused:
            console.print(f"not written {visible(path)}: {why}", style="yellow", markup=False)
        return not outcome.refused
