"""What `doctor` finds: one value per thing looked at. `app.py` looks, `cli/doctor.py` shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` True: works. False: something needed is broken. None: worth knowing, and nothing is broken."""

    name: str
    """What was looked at, in a word or two: `database`, `docker`."""
    ok: bool | None
    detail: str
    """What was found, in plain words: versions, places, amounts."""
    hint: str = ""
    """What to do about it; empty where there is nothing to do."""
