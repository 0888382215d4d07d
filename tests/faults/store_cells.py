"""Where object storage can fail, and what each fault there comes to.

Every cell was looked at by a person; docs/reliability.md shows them. The first word is for a fault that
happens once, the second for one that lasts: `ok`, or the kind of the failure, with `!` where the same command
may succeed later. In words: what passes by itself is borne by asking again; what lasts is named; an answer
that makes no sense is never believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.harms import Way

Command = Literal["archive", "restore"]


@dataclass(frozen=True, slots=True)
class Place:
    command: Command
    method: str
    target: str


PLACES: dict[str, Place] = {
    "pack put": Place("archive", "PUT", r"/packs/"),
    "pack read back": Place("archive", "GET", r"/packs/"),
    "manifest put": Place("archive", "PUT", r"/m/"),
    "HEAD swap": Place("archive", "PUT", r"/HEAD$"),
    "manifest read": Place("restore", "GET", r"/m/"),
    "pack range read": Place("restore", "GET", r"/packs/"),
}

CELLS: dict[str, dict[Way, tuple[str, str]]] = {
    "pack put": {
        "refuse": ("ok", "store_unavailable!"),
        "reset": ("ok", "store_unavailable!"),
        "hang": ("ok", "store_unavailable!"),
        "slow": ("ok", "store_unavailable!"),
        "cut": ("ok", "ok"),
        "403": ("store_refused", "store_refused"),
        "404": ("store_refused", "store_refused"),
        "409": ("ok", "archive_failed!"),
        "412": ("archive_failed!", "archive_failed!"),
        "429": ("ok", "store_unavailable!"),
        "500": ("ok", "store_unavailable!"),
        "503": ("ok", "store_unavailable!"),
        "lost reply": ("ok", "store_unavailable!"),
        "wrong bytes": ("ok", "store_unavailable!"),
    },
    "pack read back": {
        "refuse": ("ok", "store_unavailable!"),
        "reset": ("ok", "store_unavailable!"),
        "hang": ("ok", "store_unavailable!"),
        "slow": ("ok", "store_unavailable!"),
        "cut": ("ok", "archive_corrupt"),
        "403": ("store_refused", "store_refused"),
        "404": ("archive_corrupt", "archive_corrupt"),
        "409": ("ok", "store_unavailable!"),
        "412": ("store_refused", "store_refused"),
        "429": ("ok", "store_unavailable!"),
        "500": ("ok", "store_unavailable!"),
        "503": ("ok", "store_unavailable!"),
        "lost reply": ("ok", "store_unavailable!"),
        "wrong bytes": ("archive_corrupt", "archive_corrupt"),
    },
    "manifest put": {
        "refuse": ("ok", "store_unavailable!"),
        "reset": ("ok", "store_unavailable!"),
        "hang": ("ok", "store_unavailable!"),
        "slow": ("ok", "store_unavailable!"),
        "cut": ("ok", "ok"),
        "403": ("store_refused", "store_refused"),
        "404": ("store_refused", "store_refused"),
        "409": ("ok", "archive_failed!"),
        "412": ("archive_failed!", "archive_failed!"),
        "429": ("ok", "store_unavailable!"),
        "500": ("ok", "store_unavailable!"),
        "503": ("ok", "store_unavailable!"),
        "lost reply": ("ok", "store_unavailable!"),
        "wrong bytes": ("ok", "store_unavailable!"),
    },
    "HEAD swap": {
        "refuse": ("ok", "store_unavailable!"),
        "reset": ("ok", "store_unavailable!"),
        "hang": ("ok", "store_unavailable!"),
        "slow": ("ok", "ok"),
        "cut": ("ok", "ok"),
        "403": ("store_refused", "store_refused"),
        "404": ("store_refused", "store_refused"),
        "409": ("ok", "conflict"),
        "412": ("conflict", "conflict"),
        "429": ("ok", "store_unavailable!"),
        "500": ("ok", "store_unavailable!"),
        "503": ("ok", "store_unavailable!"),
        "lost reply": ("ok", "ok"),
        "wrong bytes": ("ok", "store_unavailable!"),
    },
    "manifest read": {
        "refuse": ("ok", "store_unavailable!"),
        "reset": ("ok", "store_unavailable!"),
        "hang": ("ok", "store_unavailable!"),
        "slow": ("ok", "store_unavailable!"),
        "cut": ("ok", "archive_corrupt!"),
        "403": ("store_refused", "store_refused"),
        "404": ("archive_corrupt", "archive_corrupt"),
        "409": ("ok", "store_unavailable!"),
        "412": ("store_refused", "store_refused"),
        "429": ("ok", "store_unavailable!"),
        "500": ("ok", "store_unavailable!"),
        "503": ("ok", "store_unavailable!"),
        "lost reply": ("ok", "store_unavailable!"),
        "wrong bytes": ("archive_corrupt", "archive_corrupt"),
    },
    "pack range read": {
        "refuse": ("ok", "store_unavailable!"),
        "reset": ("ok", "store_unavailable!"),
        "hang": ("ok", "store_unavailable!"),
        "slow": ("ok", "store_unavailable!"),
        "cut": ("ok", "archive_corrupt!"),
        "403": ("store_refused", "store_refused"),
        "404": ("archive_corrupt", "archive_corrupt"),
        "409": ("ok", "store_unavailable!"),
        "412": ("store_refused", "store_refused"),
        "429": ("ok", "store_unavailable!"),
        "500": ("ok", "store_unavailable!"),
        "503": ("ok", "store_unavailable!"),
        "lost reply": ("ok", "store_unavailable!"),
        "wrong bytes": ("archive_corrupt", "archive_corrupt"),
    },
}
