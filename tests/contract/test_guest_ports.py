"""Which ports programs in the workspace listen on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest

from components.sandbox import Bench, guest_process, kinds
from contract.test_guest_tunnel import Server
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.inside.listening import Found, address_of, parse
from journeyman.ports.guest import ProcessSpec
from journeyman.ports.tunnel import ListeningPort

LISTENERS = """
import socket, sys, time
kept = []
for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.9")):
    sock = socket.socket(family)
    sock.bind((address, 0))
    sock.listen()
    kept.append(sock)
both = socket.socket(socket.AF_INET6)
both.bind(("::", 0))
both.listen()
only = socket.socket()
only.bind(("127.0.0.1", 0))
kept += [both, only]
print(*[sock.getsockname()[1] for sock in kept], flush=True)
time.sleep(1000)
"""


async def until(
    changes: AsyncIterator[tuple[ListeningPort, ...]], port: int, *, there: bool
) -> ListeningPort:
    async with asyncio.timeout(90):
        async for found in changes:
            here = [each for each in found if each.port == port]
            if bool(here) is there:
                return here[0] if here else ListeningPort(0, "")
    raise AssertionError("the watch ended")


async def test_ports_have_addresses_and_owners(guest: GuestClient) -> None:
    await guest.write("listeners.py", LISTENERS.encode())
    process = await guest.spawn(ProcessSpec(("python3", "listeners.py")))
    wild, six, other, both, silent = map(int, (await anext(process.output())).split())
    found = {each.port: each for each in await guest.ports()}
    assert {port: found[port].address for port in (wild, six, both)} == {
        wild: "0.0.0.0",
        six: "::1",
        both: "::",
    }
    assert not {other, silent} & set(found), "not one we could reach, or does not listen"
    assert {(found[port].pid, found[port].group) for port in (wild, six, both)} == {
        (process.pid, process.pid)
    }
    assert (found[wild].command or "").endswith("python3 listeners.py")


async def test_changes_are_told_while_somebody_listens(guest: GuestClient) -> None:
    watch = await guest.watch_ports(poll_s=0.02)
    changes = watch.changes()
    async with asyncio.timeout(90):
        await anext(changes)
    server = await Server.start(guest, "echo")
    assert (await until(changes, server.port, there=True)).address == "127.0.0.1"
    await guest.kill_all()
    await until(changes, server.port, there=False)
    watch.close()
    watch.close()


async def to_the_end(changes: AsyncIterator[object]) -> None:
    """What came before the end is told first: where ports are not kept apart, anybody's."""
    async for _ in changes:
        pass


async def test_a_watch_ends_with_the_connection_and_leaves_nothing(bench: Bench) -> None:
    instance, guest = await bench.running()
    await guest.ports()
    watched = guest_process()
    files = watched.num_fds()
    client = await bench.attach(instance.id)
    changes = [(await client.watch_ports(poll_s=0.02)).changes() for _ in range(4)]
    for each in changes:
        await anext(each)
    await client.close()
    with pytest.raises(Failure) as lost:
        await to_the_end(changes[0])
    assert lost.value.kind == "workspace_failed"
    async with asyncio.timeout(90):
        while watched.num_fds() > files:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("bench", kinds("docker", "bubblewrap"), indirect=True)
async def test_only_the_workspaces_own_are_seen(bench: Bench) -> None:
    _, guest = await bench.running()
    ours = {each.laddr.port for each in psutil.Process().net_connections("tcp") if each.status == "LISTEN"}
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as here:
        ours.add(here.sockets[0].getsockname()[1])
        assert await guest.ports() == ()
        server = await Server.start(guest, "echo")
        (found,) = await guest.ports()
    assert found.port == server.port
    assert (found.command or "").endswith("python3 server.py echo")


def test_the_systems_tables_are_read() -> None:
    tcp = b"""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51 1 0 100 0 0 10 0
   1: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 52 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 53 1 0 100 0 0 10 0
   3: cut
"""
    found: Found = {}
    parse(tcp, found)
    parse(b"", found)
    assert found == {0x1538: ("127.0.0.1", 51)}
    assert address_of(b"0000000000000000FFFF00000100007F") == "127.0.0.1"
    assert address_of(b"00000000000000000000000001000000") == "::1"
