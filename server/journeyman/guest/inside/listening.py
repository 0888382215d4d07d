"""Which ports programs listen on in here, from the system's own tables, and whose they are where that can
be seen. Our own are left out."""

from __future__ import annotations

import os
import select
import socket
import struct
from typing import Any, Dict, List, Optional, Tuple

from .bell import Bell
from .channels import Channel
from .wire import Gone, to_json

POLL_S = 1.0
PORTS_MAX = 500
_LISTEN = b"0A"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_REACHED = ("127.0.0.1", "0.0.0.0", "::1", "::")
"""Addresses a tunnel reaches; where a port is open on several, the first of these is told."""

Found = Dict[int, Tuple[str, int]]
"""Port, to address and inode of its socket."""


def address_of(text: bytes) -> str:
    """Of the system's hexadecimal, whose words are in the machine's own order."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    raw = struct.pack("=%dI" % len(words), *words)
    if raw[:12] == b"\0" * 10 + b"\xff\xff":
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def parse(table: bytes, found: Found) -> None:
    """Add the listening sockets of a table of `/proc/net`."""
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) < 10 or words[3] != _LISTEN:
            continue
        where, _, port = words[1].partition(b":")
        address = address_of(where)
        if address not in _REACHED:
            continue
        number, inode = int(port, 16), int(words[9])
        before = found.get(number)
        if before is None or _REACHED.index(address) < _REACHED.index(before[0]):
            found[number] = (address, inode)


def listening() -> Found:
    found: Found = {}
    for table in _TABLES:
        try:
            with open(table, "rb") as file:
                parse(file.read(), found)
        except OSError:
            continue  # no IPv6 here
    return found


def owners(inodes: set[int]) -> Dict[int, int]:
    """Which process holds each socket; of several the oldest. Those of others cannot be seen."""
    owner: Dict[int, int] = {}
    ours = str(os.getpid())
    pids = [name for name in os.listdir("/proc") if name.isdigit() and name != ours]
    for pid in [ours, *sorted(pids, key=int)]:  # ours first: what is ours is nobody else's
        for inode in _sockets(pid):
            if inode in inodes:
                owner.setdefault(inode, int(pid))
        if len(owner) == len(inodes):
            break
    return owner


def _sockets(pid: str) -> List[int]:
    held: List[int] = []
    try:
        with os.scandir("/proc/%s/fd" % pid) as entries:
            for entry in entries:
                try:
                    link = os.readlink(entry.path)
                except OSError:
                    continue
                if link.startswith("socket:["):
                    held.append(int(link[8:-1]))
    except OSError:
        pass  # it ended, or is not ours to look at
    return held


def _command(pid: int) -> Optional[str]:
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            words = file.read(4096).rstrip(b"\0").split(b"\0")
    except OSError:
        return None
    return b" ".join(words).decode("utf-8", "replace")[:200] or None


def _group(pid: Optional[int]) -> Optional[int]:
    try:
        return None if pid is None else os.getpgid(pid)
    except ProcessLookupError:
        return None


def told(found: Found) -> List[Dict[str, Any]]:
    """As it goes over the wire, by port, without what is the guest's own."""
    owner = owners({inode for _, inode in found.values()})
    ports: List[Dict[str, Any]] = []
    for port, (address, inode) in sorted(found.items()):
        pid = owner.get(inode)
        if pid != os.getpid():
            command = None if pid is None else _command(pid)
            seen = {"port": port, "address": address, "pid": pid, "command": command, "group": _group(pid)}
            ports.append(seen)
    return ports[:PORTS_MAX]


def ports(_c: Channel, _a: Dict[str, Any], _b: bytes) -> Dict[str, Any]:
    return {"ports": told(listening())}


def watch_ports(channel: Channel, args: Dict[str, Any], _: bytes) -> Dict[str, Any]:
    """Sends the whole list now and after every change, until the channel is dropped. The table is read
    once a second; whose the ports are is looked at only when it changed."""
    bell = Bell()
    channel.wake = bell.ring
    every_s = float(args.get("poll_s", POLL_S))
    known: Optional[Found] = None
    try:
        while True:
            now = listening()
            if now != known and channel.credit > 0:
                known = now
                channel.send(to_json(told(now)))
            poller = select.poll()
            poller.register(bell.fd, select.POLLIN)
            if poller.poll(every_s * 1000):
                bell.hush()
            if channel.gone:
                raise Gone
    finally:
        channel.wake = None
        bell.close()
