"""What the daemon makes while it starts stays until it ends: the garbage collector need not look at it again.

A hundred thousand objects of imported modules and models took it 75 to 90 ms a time, in which the loop stood
still. Whatever is made later is collected as always.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

NEW_OBJECTS = 10_000
"""So many more are looked at together. After 700, as Python has it, the same ones of an archive of 18,000
files were looked at again and again, which took twice as long; 10,000 take 3 ms."""


def keep_what_is_there() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


@contextmanager
def nothing_to_collect() -> Generator[None]:
    """While the block imports: what that makes stays, and looking through it again and again takes long."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
