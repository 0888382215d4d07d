"""Where the Docker engine can fail under a command, and what each fault there comes to.

Every cell was looked at by a person; docs/reliability.md shows them. Written as in `store_cells`. What passes
by itself is borne by asking again; a 403, 404, 409, 412 or 500 is the engine's word, and is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.harms import Way

Command = Literal["open a new project", "open a stopped one", "open a running one", "close", "archive"]


@dataclass(frozen=True, slots=True)
class Place:
    command: Command
    method: str
    target: str


PLACES: dict[str, Place] = {
    "create": Place("open a new project", "POST", r"/containers/create"),
    "start": Place("open a stopped one", "POST", r"/containers/[^/]+/start"),
    "list": Place("open a running one", "GET", r"/containers/json"),
    "stop": Place("close", "POST", r"/containers/[^/]+/stop"),
    "remove": Place("archive", "DELETE", r"/containers/"),
}
WAYS: tuple[Way, ...] = (
    *("refuse", "reset", "hang", "slow", "cut"),
    *("403", "404", "409", "412", "429", "500", "503", "lost reply"),
)

CELLS: dict[str, dict[Way, tuple[str, str]]] = {
    "create": {
        "refuse": ("ok", "no_sandbox!"),
        "reset": ("ok", "no_sandbox!"),
        "hang": ("no_sandbox!", "no_sandbox!"),
        "slow": ("no_sandbox!", "no_sandbox!"),
        "cut": ("ok", "ok"),
        "403": ("workspace_failed", "workspace_failed"),
        "404": ("workspace_failed!", "workspace_failed!"),
        "409": ("conflict!", "conflict!"),
        "412": ("workspace_failed", "workspace_failed"),
        "429": ("ok", "no_sandbox!"),
        "500": ("workspace_failed!", "workspace_failed!"),
        "503": ("ok", "no_sandbox!"),
        "lost reply": ("ok", "ok"),
    },
    "start": {
        "refuse": ("ok", "no_sandbox!"),
        "reset": ("ok", "no_sandbox!"),
        "hang": ("no_sandbox!", "no_sandbox!"),
        "slow": ("no_sandbox!", "no_sandbox!"),
        "cut": ("ok", "ok"),
        "403": ("ok", "workspace_failed"),
        "404": ("ok", "workspace_failed!"),
        "409": ("conflict!", "conflict!"),
        "412": ("ok", "workspace_failed"),
        "429": ("ok", "no_sandbox!"),
        "500": ("ok", "workspace_failed!"),
        "503": ("ok", "no_sandbox!"),
        "lost reply": ("ok", "no_sandbox!"),
    },
    "list": {
        "refuse": ("ok", "no_sandbox!"),
        "reset": ("ok", "no_sandbox!"),
        "hang": ("no_sandbox!", "no_sandbox!"),
        "slow": ("no_sandbox!", "no_sandbox!"),
        "cut": ("ok", "no_sandbox!"),
        "403": ("no_sandbox!", "no_sandbox!"),
        "404": ("no_sandbox!", "no_sandbox!"),
        "409": ("no_sandbox!", "no_sandbox!"),
        "412": ("no_sandbox!", "no_sandbox!"),
        "429": ("ok", "no_sandbox!"),
        "500": ("no_sandbox!", "no_sandbox!"),
        "503": ("ok", "no_sandbox!"),
        "lost reply": ("ok", "no_sandbox!"),
    },
    "stop": {
        "refuse": ("ok", "no_sandbox!"),
        "reset": ("ok", "no_sandbox!"),
        "hang": ("no_sandbox!", "no_sandbox!"),
        "slow": ("no_sandbox!", "no_sandbox!"),
        "cut": ("ok", "ok"),
        "403": ("workspace_failed", "workspace_failed"),
        "404": ("workspace_failed!", "workspace_failed!"),
        "409": ("conflict!", "conflict!"),
        "412": ("workspace_failed", "workspace_failed"),
        "429": ("ok", "no_sandbox!"),
        "500": ("workspace_failed!", "workspace_failed!"),
        "503": ("ok", "no_sandbox!"),
        "lost reply": ("ok", "no_sandbox!"),
    },
    "remove": {
        "refuse": ("ok", "no_sandbox!"),
        "reset": ("ok", "no_sandbox!"),
        "hang": ("no_sandbox!", "no_sandbox!"),
        "slow": ("no_sandbox!", "no_sandbox!"),
        "cut": ("ok", "ok"),
        "403": ("workspace_failed", "workspace_failed"),
        "404": ("workspace_failed!", "workspace_failed!"),
        "409": ("conflict!", "conflict!"),
        "412": ("workspace_failed", "workspace_failed"),
        "429": ("ok", "no_sandbox!"),
        "500": ("workspace_failed!", "workspace_failed!"),
        "503": ("ok", "no_sandbox!"),
        "lost reply": ("ok", "ok"),
    },
}

HAZARDS: dict[str, dict[str, str]] = {
    "container vanishes": {
        "idle": "ok",
        "command": "workspace_failed!",
        "archive": "workspace_failed!",
        "restore": "workspace_failed!",
    },
    "guest killed": {"command": "workspace_failed!"},
    "out of memory": {"command": "exit -9", "archive": "ok"},
    "pids limit": {"command": "exit 1", "archive": "ok"},
    "disk full": {"command": "exit 1", "archive": "ok", "open": "disk_full!", "restore": "disk_full!"},
    "image missing": {"open": "image_missing", "restore": "image_missing"},
}
"""What else happens to a workspace, by what it does at that moment, and what comes of that."""
