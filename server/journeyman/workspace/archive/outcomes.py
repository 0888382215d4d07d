"""What the engine answers. Plain values; the workspace manager passes some of them on to people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Phase = Literal["scan", "upload", "verify", "commit", "write", "check"]
JournalStep = Literal[
    "packs_uploaded", "packs_verified", "tree_unmoved", "manifest_verified", "pointer_moved"
]


REPORT_BYTES = 1024 * 1024
FILE_COUNTS_AS = 16 * 1024
"""Progress is told after about so many bytes, where every file counts as some besides its content."""


@dataclass(frozen=True, slots=True)
class ArchiveProgress:
    phase: Phase
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    """Totals are 0 where they are not known yet."""


OnProgress = Callable[[ArchiveProgress], None]
Journal = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ArchiveOutcome:
    archive_id: str
    seq: int
    manifest_key: str
    digest: str
    """Root hash of the tree, hex."""
    files: int
    bytes: int
    """Content of the files."""
    new_bytes: int
    """Bytes of packs that were added to the store."""
    skipped: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RestoreOutcome:
    archive_id: str
    digest: str
    files: int
    bytes: int
    notes: tuple[str, ...] = ()
    """What could not be brought back though no byte of a file is missing, as sentences."""


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    archive_id: str
    seq: int
    manifest_key: str
    digest: str
    files: int
    bytes: int
    new_bytes: int
    epoch: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VerifyReport:
    archive_id: str
    ok: bool
    packs: int
    bytes_read: int
    problems: tuple[str, ...]
    """What is wrong, as sentences; empty when nothing is."""
