"""All a command writes, kept in a file of the workspace once it is more than anybody reads at once."""

from __future__ import annotations

import contextlib
import os

HELD_MAX = 16 * 1024
"""Bytes below which there is no file."""
LOG_MAX = 64 * 1024 * 1024
"""Bytes after which nothing more is kept."""
FOLDER = "/tmp/journeyman"


class Log:
    """Never raises: a command does not fail because its output cannot be kept."""

    def __init__(self, name: str) -> None:
        self.path = "%s/%s" % (FOLDER, name)
        self._held = bytearray()
        self._left = LOG_MAX
        self._handle: int | None = None
        self._off = False

    def add(self, data: bytes) -> bool:
        """Whether there is a file from now on."""
        if self._off:
            return False
        if self._handle is not None:
            self._write(data)
            return False
        self._held += data
        return len(self._held) > HELD_MAX and self._open()

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> bool:
        # Nothing is followed: what is in the way stays, and nothing is kept.
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(FOLDER, 0o700)
            folder = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                self._handle = os.open(os.path.basename(self.path), flags, 0o600, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError:
            self._off = True
            return False
        held, self._held = bytes(self._held), bytearray()
        self._write(held)
        return not self._off

    def _write(self, data: bytes) -> None:
        view = memoryview(data)[: self._left]
        self._left -= len(view)
        try:
            while view and self._handle is not None:
                view = view[os.write(self._handle, view) :]
        except OSError:  # the disk is full, say
            self._off = True
