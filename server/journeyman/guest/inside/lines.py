"""Lines of files, read again at where somebody else found them: through descriptors, never through a link.

ripgrep follows a link that is swapped in while it walks, and may have read what lies outside of the
workspace. So it only says where to look: what is told is what is found there.
"""

from __future__ import annotations

import os
import stat

from .paths import OPEN_READ, Walker

LINE_MAX = 2048
"""How much of a line is read and compared."""


class Lines:
    def __init__(self, root: int) -> None:
        self._walker = Walker(root)
        self._path = b""
        self._handle = -1

    def holds(self, path: bytes, offset: int, line: bytes) -> bool:
        """Whether `line`, without its end, begins as this file of the workspace does at `offset`."""
        if path != self._path or self._handle < 0:
            self._open(path)
        line = line[:LINE_MAX]
        try:
            return self._handle >= 0 and os.pread(self._handle, len(line), offset) == line
        except OSError:
            return False

    def _open(self, path: bytes) -> None:
        self._close()
        self._path = path
        parts = path.split(b"/")
        try:
            handle = os.open(parts[-1], OPEN_READ, dir_fd=self._walker.parent(parts))
        except OSError:
            return
        if stat.S_ISREG(os.fstat(handle).st_mode):
            self._handle = handle
        else:
            os.close(handle)

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def close(self) -> None:
        self._close()
        self._walker.close()
