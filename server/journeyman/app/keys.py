"""Key files of encrypted stores: making one, reading one."""

from __future__ import annotations

from pathlib import Path

from journeyman.adapters import sealing
from journeyman.failures import Failure


def new_key_file() -> str:
    """The text of a key file with a new key."""
    return sealing.new_key_file()


def archive_key(file: Path) -> bytes:
    """The key in the user's key file. Raises `invalid`."""
    try:
        return sealing.read_key_file(file.read_text(encoding="ascii"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Failure(
            "invalid",
            f"The key file {file} cannot be read: {why}.",
            hint="Check `archive_key_file`, or bring the file back from your copy of it.",
        ) from error
