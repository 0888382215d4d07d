"""Room on disk and in memory of a Linux machine: statvfs, /proc/meminfo, /proc/pressure/memory."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path

from journeyman.ports.host import Surroundings

_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB", re.MULTILINE)
_SOME = re.compile(r"^some avg10=(\d+\.\d+)", re.MULTILINE)


class LinuxHost:
    """Implements `ports.host.Host`. `places`: folders whose file systems matter; they need not exist yet."""

    def __init__(self, places: Sequence[Path], *, proc: Path = Path("/proc")) -> None:
        self._places = tuple(places)
        self._proc = proc

    async def look(self) -> Surroundings:
        return await asyncio.to_thread(self._look)

    def _look(self) -> Surroundings:
        free = [each for place in self._places if (each := _free(place)) is not None]
        kib = self._number("meminfo", _AVAILABLE)
        return Surroundings(
            disk_free=min(free, default=None),
            memory_free=None if kib is None else int(kib) * 1024,
            memory_stalled=self._number("pressure/memory", _SOME),
        )

    def _number(self, name: str, pattern: re.Pattern[str]) -> float | None:
        try:
            found = pattern.search((self._proc / name).read_text())
        except OSError:  # older kernels, or pressure accounting is off
            return None
        return float(found[1]) if found else None


def _free(place: Path) -> int | None:
    for folder in (place, *place.absolute().parents):
        try:
            status = os.statvfs(folder)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return status.f_bavail * status.f_frsize
    return None
