"""journeyman archive key: a new key file, for stores that are encrypted on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from journeyman.cli import output
from journeyman.failures import Failure


def key(file: Annotated[Path, typer.Argument(help="Where to put it; must not be there yet.")]) -> None:
    """Make a key file that encrypts archives before they leave this machine.

    Keep a copy elsewhere: without it nobody can read the archives, you included.

    Example: journeyman archive key ~/.config/journeyman/archive.key
    """
    from journeyman import app as composition

    target = file.expanduser()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(
            "invalid",
            f"The key file {target} cannot be made: {error.strerror}.",
            hint="Name a file that is not there yet, in a directory you can write to.",
        ) from error
    with open(handle, "w", encoding="ascii") as written:
        written.write(composition.new_key_file())
        written.flush()
        os.fsync(written.fileno())
    output.stdout().print(f"wrote {target}", style="green", markup=False)
    output.stdout().print(f'Now set archive_key_file = "{target}" and an empty `objects`.', markup=False)
    output.stdout().print("Copy the file to a safe place: it is the only way to read the archives.")
