"""What events say of checkpoints and rewinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journeyman.checkpoint.state import Change
from journeyman.records import Checkpoint
from journeyman.workspace.archive.tree import shown

PATHS_MAX = 20


def made(checkpoint: Checkpoint, changes: Sequence[Change]) -> dict[str, Any]:
    return {
        "checkpointId": checkpoint.id,
        "kind": checkpoint.kind,
        "title": checkpoint.title,
        "files": checkpoint.files,
        "paths": [shown(change.path) for change in changes[:PATHS_MAX]],
    }
