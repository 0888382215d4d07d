"""What exists of one project right now, and what follows from it. Pure judgement, no side effect.

The rules, in the order they protect data: a generation somebody may have worked in is never a leftover
unless a decision that says so was COMMITted; an incomplete generation was never worked in; an instance
holds no files, so losing one loses only processes.
"""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.ports.sandbox import Generation, Instance
from journeyman.records import WorkspaceRow
from journeyman.workspace.ledger import DECISIONS, RESTORE, SWAP


@dataclass(frozen=True, slots=True)
class Facts:
    row: WorkspaceRow | None
    main: Instance | None
    """The instance named by the project's id."""
    staging: Instance | None
    """The instance a restore was staged in."""
    generations: tuple[Generation, ...]

    @property
    def journal(self) -> str | None:
        return self.row.journal if self.row else None

    @property
    def swapped(self) -> bool:
        """Whether a restore was decided: the row names the restored generation, and it is there."""
        return self.journal == SWAP and self._complete(self._recorded)

    @property
    def shelved(self) -> bool:
        """Whether the files are the ones that were archived last: nothing was opened since."""
        row = self.row
        if row is None or row.state != "warm" or row.journal is not None or row.archive_id is None:
            return False
        return self.main is None and self.staging is None and self._complete(row.generation)

    @property
    def live(self) -> int | None:
        """The generation that is the workspace; None when there is none on this machine."""
        if self.swapped:
            return self._recorded
        if self.main is not None and self._complete(self.main.generation):
            return self.main.generation
        if self._complete(self._recorded):
            return self._recorded
        if self.row is not None and self.row.state == "archived" and self.journal is None:
            return None  # the archive is the truth: whatever lies about was never handed out
        complete = [g.number for g in self.generations if g.complete]
        if self.journal == RESTORE:
            complete = [number for number in complete if number <= self._recorded]
        return max(complete, default=None)

    @property
    def instance(self) -> Instance | None:
        """The instance on the live generation."""
        return self.main if self.main is not None and self.main.generation == self.live else None

    @property
    def leftover_instances(self) -> tuple[Instance, ...]:
        """Instances that are on no workspace: staged restores, and those whose directory was never
        completed, is not there, or was replaced by a decided swap."""
        staged = (self.staging,) if self.staging is not None else ()
        stray = (self.main,) if self.main is not None and self.instance is None else ()
        return staged + stray

    @property
    def leftover_generations(self) -> tuple[int, ...]:
        """Directories nobody's only copy of anything is in."""
        gone: list[int] = []
        for generation in self.generations:
            never_opened = not generation.complete
            staged = self.journal == RESTORE and generation.number > self._recorded
            replaced = self.swapped
            if generation.number != self.live and (never_opened or staged or replaced):
                gone.append(generation.number)
        return tuple(gone)

    @property
    def voidable(self) -> bool:
        """Whether an archive was begun and not decided: its steps count for nothing."""
        return self.journal is not None and self.journal not in DECISIONS

    @property
    def unsettled(self) -> bool:
        """Whether anything has to be finished, voided or cleared."""
        return bool(self.journal or self.leftover_instances or self.leftover_generations)

    @property
    def _recorded(self) -> int:
        return self.row.generation if self.row else 0

    def _complete(self, number: int) -> bool:
        return any(g.number == number and g.complete for g in self.generations)
