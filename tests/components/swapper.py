"""Somebody inside the workspace who swaps a directory for a link that leads outside, as fast as it goes.

`PLANTED` lies outside: whoever follows the link shows it. `room` lies inside, with the same names but `ONLY`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from components.archive_kit import snapshot
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import ProcessSpec

PLANTED = b"PLANTED-SECRET"
ONLY = "only-outside"
ATTRIBUTE = "user.planted"

SWAP = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def swap(a, b):  # RENAME_EXCHANGE: both names are always there
    if libc.renameat2(-100, a, -100, b, 2):
        sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
turns = 0
while not os.path.lexists("stop"):
    swap(b"room", b"way-out")
    swap(b"deep/room", b"deep/way-out")
    swap(b"file", b"link")
    turns += 1
    if turns == 100:
        os.close(os.open("swapped", os.O_CREAT | os.O_WRONLY))
print(turns, flush=True)
"""


def plant(outside: Path) -> None:
    """What must neither be seen nor touched."""
    (outside / "sub").mkdir(parents=True)
    for path in (outside / "f", outside / "sub" / "f", outside / ONLY, outside / "sub" / ONLY):
        path.write_bytes(PLANTED)
    try:
        os.setxattr(outside / "sub", ATTRIBUTE, PLANTED)
        os.setxattr(outside / "f", ATTRIBUTE, PLANTED)
    except OSError:
        pass  # this file system keeps none


def furnish(inside: Path, outside: Path) -> None:
    """The room, the way out of it, and the same once more further down; a file and a link."""
    for place in (inside, inside / "deep"):
        (place / "room" / "sub").mkdir(parents=True)
        (place / "room" / "f").write_bytes(b"inside")
        (place / "room" / "sub" / "f").write_bytes(b"inside")
        (place / "way-out").symlink_to(outside)
    (inside / "file").write_bytes(b"inside")
    (inside / "link").symlink_to(outside / "f")


@asynccontextmanager
async def swapping(guest: GuestClient, inside: Path, outside: Path) -> AsyncGenerator[Callable[[], bool]]:
    """Swapped while in the block, which is to last until its value says that this was often enough;
    afterwards what lies outside is as it was."""
    before = snapshot(outside)
    process = await guest.spawn(ProcessSpec(("python3", "-c", SWAP), stdin=False))
    said = process.output()
    assert b"ready" in await anext(said)
    try:
        yield (inside / "swapped").exists
    finally:
        (inside / "stop").write_bytes(b"")
        rest = b"".join([data async for data in said])
    assert rest.strip().isdigit(), rest
    assert int(rest) >= 100, "hardly anything was swapped"
    assert snapshot(outside) == before
