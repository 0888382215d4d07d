"""What is asked of one archive in the making."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.workspace.archive.outcomes import Journal, OnProgress

LIVE_RACY_NS = 45_000_000_000
"""Where processes still run, one may write through a mapping that is dirty already, which sets no time until
the kernel has written the page back (within 35 s). Files changed this shortly ago are not remembered."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be archived."""

    project_id: str
    archive_id: str
    epoch: int
    journal: Journal
    on_progress: OnProgress
    generation: int = 0
    """Of the files, for the stat cache; 0: use none."""
    live: bool = False
    """Processes may be running meanwhile."""

    def racy_since_ns(self, started_ns: int) -> int:
        """What changed shortly before this is remembered as racy."""
        return started_ns - LIVE_RACY_NS if self.live else started_ns
