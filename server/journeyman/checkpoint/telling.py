"""What events say of checkpoints and rewinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journeyman.changed import HunkDecision
from journeyman.checkpoint.acting import Acted
from journeyman.checkpoint.state import Change
from journeyman.records import Checkpoint
from journeyman.workspace.archive.tree import shown

PATHS_MAX = 20
IDS_MAX = 500


def made(checkpoint: Checkpoint, changes: Sequence[Change]) -> dict[str, Any]:
    return {
        "checkpointId": checkpoint.id,
        "kind": checkpoint.kind,
        "title": checkpoint.title,
        "files": checkpoint.files,
        "paths": [shown(change.path) for change in changes[:PATHS_MAX]],
    }


def rejected(acted: Acted, hunks: Sequence[HunkDecision]) -> dict[str, Any]:
    """`hunks` are not known where an earlier daemon decided."""
    return {
        "decision": "rejected",
        "hunkIds": [each.hunk_id for each in hunks[:IDS_MAX]],
        "paths": [shown(change.path) for change in acted.done[:PATHS_MAX]],
        "kept": [{"path": shown(each.path), "why": each.why} for each in acted.kept[:PATHS_MAX]],
    }
