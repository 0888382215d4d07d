"""Key files of encrypted stores: making one, reading one."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path

from journeyman.adapters import sealing
from journeyman.failures import Failure

log = logging.getLogger(__name__)


def new_key_file() -> str:
    """The text of a key file with a new key."""
    return sealing.new_key_file()


def open_to_others(file: Path) -> str | None:
    """What to say where more than its owner may read or change a key file."""
    try:
        mode = file.stat().st_mode
    except OSError:  # reading it says why
        return None
    return f"The key file {file} is open to others." if mode & 0o077 else None


def archive_key(file: Path) -> bytes:
    """The key in the user's key file. Raises `invalid`."""
    if told := open_to_others(file):
        log.warning("%s Run: chmod 600 %s", told, shlex.quote(str(file)))
    try:
        return sealing.read_key_file(file.read_text(encoding="ascii"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Failure(
            "invalid",
            f"The key file {file} cannot be read: {why}.",
            hint="Check `archive_key_file`, or bring the file back from your copy of it.",
        ) from error
