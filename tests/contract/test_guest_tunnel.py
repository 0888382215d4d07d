"""Connections to programs in the workspace, through the guest."""

from __future__ import annotations

import asyncio
import hashlib
import json

import psutil
import pytest

from components.sandbox import Bench, guest_process, kinds
from contract.test_guest_flow import MIB
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import Process, ProcessSpec
from journeyman.ports.tunnel import Tunnel

SERVER = """
import asyncio, socket, sys, threading
family = socket.AF_INET6 if sys.argv[2:] else socket.AF_INET
listener = socket.socket(family)
listener.bind(("::1" if sys.argv[2:] else "127.0.0.1", 0))
listener.listen(128)
print(listener.getsockname()[1], flush=True)

def sink(sock):
    total = 0
    while data := sock.recv(65536):
        total += len(data)
    sock.sendall(b"%d bytes" % total)

async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def echoing():
    async with await asyncio.start_server(echo, sock=listener) as server:
        await server.serve_forever()

def source(sock):
    for number in range(30000):
        sock.sendall(b"%08d" % number * 128)

def deaf(sock):
    sock.sendall(b"refused")
    sock.shutdown(socket.SHUT_RDWR)

def reset(sock):
    import struct
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

def stuck(sock):
    sock.sendall(b"here")
    threading.Event().wait()

def watching(sock):
    sock.sendall(b"here")
    try:
        said = "end" if not sock.recv(1) else "data"
    except ConnectionResetError:
        said = "reset"
    print(said, flush=True)

def serve(sock):
    with sock:
        globals()[sys.argv[1]](sock)

if sys.argv[1] == "echo":  # in one thread: it may have but few
    asyncio.run(echoing())
while True:
    sock, _ = listener.accept()
    threading.Thread(target=serve, args=(sock,), daemon=True).start()
"""


class Server:
    """A program in the workspace that listens; what it says later comes by `said`."""

    def __init__(self, process: Process) -> None:
        self._output = process.output()
        self.port = 0

    @classmethod
    async def start(cls, guest: GuestClient, *arguments: str) -> Server:
        await guest.write("server.py", SERVER.encode())
        server = cls(await guest.spawn(ProcessSpec(("python3", "server.py", *arguments))))
        server.port = int(await server.said())
        return server

    async def said(self) -> str:
        async with asyncio.timeout(90):
            return (await anext(self._output)).decode().strip()


async def everything(tunnel: Tunnel) -> bytes:
    found = bytearray()
    async with asyncio.timeout(60):
        while (data := await tunnel.receive()) is not None:
            found += data
    return bytes(found)


async def test_what_is_sent_comes_back_and_each_side_ends_its_half(guest: GuestClient) -> None:
    server = await Server.start(guest, "echo")
    tunnel = await guest.connect(server.port)
    body = bytes(range(256)) * 20_000

    async with asyncio.TaskGroup() as group:
        got = group.create_task(everything(tunnel))
        await tunnel.send(b"first")
        await tunnel.send(body)
        tunnel.end()
    assert got.result() == b"first" + body
    tunnel.close()
    tunnel.close()


async def test_a_program_answers_after_our_half_ended(guest: GuestClient) -> None:
    tunnel = await guest.connect((await Server.start(guest, "sink")).port)
    await tunnel.send(bytes(5_000_000))
    tunnel.end()
    assert await everything(tunnel) == b"5000000 bytes"


async def test_the_other_loopback_is_tried_too(guest: GuestClient) -> None:
    tunnel = await guest.connect((await Server.start(guest, "echo", "6")).port)
    await tunnel.send(b"six")
    tunnel.end()
    assert await everything(tunnel) == b"six"


async def test_nothing_listens(guest: GuestClient) -> None:
    with pytest.raises(Failure) as refused:
        await guest.connect(9)
    assert (refused.value.kind, refused.value.message) == (
        "not_found",
        "Nothing listens on port 9 in the workspace.",
    )
    for port in (0, -1, 65536):
        with pytest.raises(Failure) as wrong:
            await guest.connect(port)
        assert wrong.value.kind == "invalid"


async def test_a_program_that_takes_no_more_is_still_heard(guest: GuestClient) -> None:
    tunnel = await guest.connect((await Server.start(guest, "deaf")).port)
    assert await tunnel.receive() == b"refused"
    assert await tunnel.receive() is None
    async with asyncio.timeout(90):
        await tunnel.send(bytes(20_000_000))
        await tunnel.send(bytes(20_000_000))


async def test_a_reset_inside_is_told(guest: GuestClient) -> None:
    tunnel = await guest.connect((await Server.start(guest, "reset")).port)
    await tunnel.send(b"x")
    with pytest.raises(Failure) as broken:
        await everything(tunnel)
    assert broken.value.kind == "cancelled"
    with pytest.raises(Failure):
        await tunnel.send(b"more")


async def test_closing_is_a_reset_for_the_program_and_ending_is_not(guest: GuestClient) -> None:
    server = await Server.start(guest, "watching")
    tunnel = await guest.connect(server.port)
    assert await tunnel.receive() == b"here"
    tunnel.close()
    assert await server.said() == "reset"
    tunnel = await guest.connect(server.port)
    tunnel.end()
    assert await server.said() == "end"


async def test_fifty_at_once_do_not_mix(guest: GuestClient) -> None:
    server = await Server.start(guest, "echo")

    async def one(number: int) -> None:
        tunnel = await guest.connect(server.port)
        body = b"%d," % number * 50_000
        async with asyncio.TaskGroup() as group:
            got = group.create_task(everything(tunnel))
            await tunnel.send(body)
            tunnel.end()
        assert got.result() == body

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(one(number))


async def test_a_slow_reader_stops_the_program_and_not_the_others(guest: GuestClient) -> None:
    source, echo = await Server.start(guest, "source"), await Server.start(guest, "echo")
    slow = await guest.connect(source.port)
    stuck = await guest.connect((await Server.start(guest, "stuck")).port)
    sending = asyncio.ensure_future(stuck.send(bytes(20_000_000)))
    other = await guest.connect(echo.port)
    for _ in range(100):
        await other.send(b"ping")
        assert await other.receive() == b"ping"
    assert not sending.done(), "somebody took what the program did not"
    sending.cancel()
    wanted = hashlib.sha256(b"".join(b"%08d" % number * 128 for number in range(30000)))
    assert hashlib.sha256(await everything(slow)).digest() == wanted.digest()


async def test_nothing_is_kept_without_bound_and_nothing_is_left(bench: Bench) -> None:
    instance, guest = await bench.running()
    watched, ours = guest_process(), psutil.Process()
    source, stuck = await Server.start(guest, "source"), await Server.start(guest, "stuck")
    await (await guest.connect(stuck.port)).receive()
    files, threads = watched.num_fds(), watched.num_threads()
    before, ours_before = watched.memory_info().rss, ours.memory_info().rss
    client = await bench.attach(instance.id)
    slow = [await client.connect(source.port) for _ in range(8)]
    full = [await client.connect(stuck.port) for _ in range(8)]
    tasks = [asyncio.ensure_future(each.send(bytes(30_000_000))) for each in full]
    for each in slow:
        assert await each.receive()
    for _ in range(50):
        await guest.ping()
        await asyncio.sleep(0.005)
    assert not any(task.done() for task in tasks)
    assert watched.memory_info().rss - before < 48 * MIB
    assert ours.memory_info().rss - ours_before < 80 * MIB
    assert watched.num_threads() <= threads + 8, "a tunnel has a thread of its own"
    for each in slow[:4] + full[:4]:
        each.close()
    await client.close()
    async with asyncio.timeout(90):
        while watched.num_fds() > files:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        done = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in done} == {Failure}
    await guest.ping()


async def test_losing_the_connection_fails_what_waits(guest: GuestClient) -> None:
    tunnel = await guest.connect((await Server.start(guest, "stuck")).port)
    assert await tunnel.receive() == b"here"
    waiting = asyncio.ensure_future(tunnel.receive())
    await asyncio.sleep(0)
    await guest.close()
    with pytest.raises(Failure) as lost:
        await waiting
    assert (lost.value.kind, lost.value.retryable) == ("workspace_failed", True)


@pytest.mark.parametrize("bench", kinds("docker", "bubblewrap"), indirect=True)
async def test_a_port_inside_is_the_workspaces_own(bench: Bench) -> None:
    """Its loopback, not ours: what listens here is not reached from inside, and the other way round."""
    _, guest = await bench.running()

    async def never(_r: asyncio.StreamReader, _w: asyncio.StreamWriter) -> None:
        raise AssertionError("reached from inside")

    async with await asyncio.start_server(never, "127.0.0.1", 0) as here:
        port = here.sockets[0].getsockname()[1]
        with pytest.raises(Failure) as refused:
            await guest.connect(port)
        assert refused.value.kind == "not_found"
    server = await Server.start(guest, "echo")
    tunnel = await guest.connect(server.port)
    await tunnel.send(json.dumps({"from": "outside"}).encode())
    tunnel.end()
    assert json.loads(await everything(tunnel)) == {"from": "outside"}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)
