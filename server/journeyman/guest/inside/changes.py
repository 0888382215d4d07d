"""Changes that wait to be told: one per path, bounded, in an order that leaves the right picture.

Who applies them one after the other, and takes `deleted` for the path and all below it, ends up with the
names that are there. What does not fit is replaced by one word: overflow, look at everything again.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from .wire import PIECE

CREATED, CHANGED, DELETED, RECREATED = "created", "changed", "deleted", "recreated"
PATHS_MAX = 20_000


class Changes:
    def __init__(self, paths_max: int = PATHS_MAX) -> None:
        self._paths_max = paths_max
        self._kinds: Dict[str, Tuple[str, bool]] = {}
        self.overflow = False

    def __len__(self) -> int:
        return len(self._kinds) + self.overflow

    def note(self, path: bytes, kind: str, directory: bool = False) -> None:
        """Add what happened. Names that are not UTF-8 cannot be told."""
        if self.overflow:
            return
        try:
            name = path.decode()
        except UnicodeDecodeError:
            return
        before, was_directory = self._kinds.get(name, ("", False))
        if before and kind == CHANGED:
            if before == DELETED:
                self._kinds[name] = (CHANGED, directory)
            return
        # Whoever appears or goes comes after everything told of what lies below it, and before what follows.
        self._kinds.pop(name, None)
        if kind == CREATED and before in (DELETED, RECREATED):
            kind = RECREATED if directory or was_directory else CHANGED
        self._kinds[name] = (kind, directory or was_directory)
        if len(self._kinds) > self._paths_max:
            self.lose()

    def lose(self) -> None:
        self._kinds.clear()
        self.overflow = True

    def take(self) -> dict[str, Any]:
        """The next piece to tell, short enough for one frame; what is left waits."""
        told: List[List[str]] = []
        size = 0
        while self._kinds and size < PIECE // 2:
            name = next(iter(self._kinds))
            kind, _ = self._kinds.pop(name)
            for each in (DELETED, CREATED) if kind == RECREATED else (kind,):
                told.append([each, name])
                size += 6 * len(name) + 16  # escaped, a character may take six bytes
        overflow, self.overflow = self.overflow, False
        return {"changes": told, "overflow": overflow}
