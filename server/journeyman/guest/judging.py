"""What can be said of a restore from its entries alone. The guest judges them again."""

from __future__ import annotations

from journeyman.failures import Failure
from journeyman.guest.frames import refused
from journeyman.guest.inside import wire
from journeyman.ports.guest import RestoreEntry


class Judge:
    """Of the entries of one restore, in their order."""

    def __init__(self) -> None:
        self._kinds: dict[bytes, str] = {}

    def refusal(self, entry: RestoreEntry) -> Failure | None:
        """None where it may be made."""
        try:
            parts = wire.check_relative(entry.path)
            if entry.kind == "hardlink":
                wire.check_relative(entry.target)
        except wire.Refusal as refusal:
            return refused(refusal)
        parent = entry.path[: -len(parts[-1]) - 1]
        wrong = ""
        if entry.path in self._kinds:
            wrong = "comes twice"
        elif parent and self._kinds.get(parent) != "directory":
            wrong = "comes without its directory"
        elif entry.kind == "hardlink" and self._kinds.get(entry.target) != "file":
            wrong = "links to what this restore did not write"
        elif entry.kind == "symlink" and (not 0 < len(entry.target) < 4096 or b"\0" in entry.target):
            wrong = "is not a link that can be made"
        if wrong:
            return Failure("path_refused", f"{entry.path[:200]!r} {wrong}.")
        self._kinds[entry.path] = "file" if entry.kind == "hardlink" else entry.kind
        return None
