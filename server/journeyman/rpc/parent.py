"""Tells when another process has ended. Linux has a file descriptor for that; elsewhere we look."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_LOOK_EVERY_S = 2.0


async def watch_process(pid: int, gone: Callable[[], None]) -> None:
    """Call `gone` once when process `pid` ends, or at once when there is none."""
    if pid <= 0:
        return
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        gone()
        return
    except (AttributeError, OSError):
        await _look(pid)
        gone()
        return
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def readable() -> None:
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, readable)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    gone()


async def _look(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        await asyncio.sleep(_LOOK_EVERY_S)
