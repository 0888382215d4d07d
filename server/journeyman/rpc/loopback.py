"""Whether a process named by a client over TCP is one of this machine, and has to do with the connection.

A number alone proves nothing: through a tunnel or from a container it names a process elsewhere, and here
perhaps a stranger. Linux tells which socket is the other end and which processes hold it; the named one must
be among them, or an ancestor of one. Where that cannot be seen nobody is watched, and the connection's own
end is what tells of its client's.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeyman.rpc.parent import watch_process

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Ends:
    """The two addresses of a connection of this machine with itself, seen from here."""

    family: socket.AddressFamily
    ours: tuple[str, int]
    theirs: tuple[str, int]


def ends_of(writer: asyncio.StreamWriter) -> Ends | None:
    """None where the other end is not, or cannot be known to be, on the loopback interface."""
    here, there = _address(writer.get_extra_info("sockname")), _address(writer.get_extra_info("peername"))
    if here is None or there is None:
        return None
    address = ipaddress.ip_address(there[0])
    if not address.is_loopback:
        return None
    return Ends(socket.AF_INET6 if address.version == 6 else socket.AF_INET, here, there)


def _address(name: Any) -> tuple[str, int] | None:
    """Host and port; None for a socket that is no internet one."""
    match name:
        case (str(host), int(port), *_):
            return host.partition("%")[0], port
        case _:
            return None


async def watch_if_theirs(pid: int, ends: Ends, gone: Callable[[], None]) -> None:
    """Call `gone` once when process `pid` ends, if the other end is its own, or of something it started."""
    if await asyncio.to_thread(has_other_end, pid, ends):
        await watch_process(pid, gone)


def has_other_end(pid: int, ends: Ends) -> bool:
    try:
        inode = _inode(ends)
        if inode is None or pid <= 0:
            return False
        return any(_holds(each, inode) for each in _family(pid))
    except OSError:
        return False


def _inode(ends: Ends) -> str | None:
    table = PROC / "net" / ("tcp6" if ends.family == socket.AF_INET6 else "tcp")
    wanted = [_written(ends.family, *ends.theirs), _written(ends.family, *ends.ours)]
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == wanted:
            return fields[9]
    return None


def _written(family: socket.AddressFamily, host: str, port: int) -> str:
    """As the kernel prints an address: words of four bytes, in the order of this machine."""
    packed = socket.inet_pton(family, host)
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    text = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return f"{text}:{port:04X}"


def _family(pid: int) -> Iterator[int]:
    """The process and all that descend from it."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            children[int(after_name[1])].append(int(folder.name))
    waiting, seen = [pid], {pid}
    while waiting:
        one = waiting.pop()
        yield one
        fresh = [each for each in children[one] if each not in seen]
        seen.update(fresh)
        waiting += fresh


def _holds(pid: int, inode: str) -> bool:
    wanted = f"socket:[{inode}]"
    try:
        return any(os.readlink(link) == wanted for link in (PROC / str(pid) / "fd").iterdir())
    except OSError:  # another user's, or it has just ended
        return False
