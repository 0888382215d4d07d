"""Nothing is buffered without bound, whoever is slow."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import psutil
import pytest

from components.sandbox import Bench, guest_process
from journeyman.guest.client import GuestClient
from journeyman.guest.inside import wire
from journeyman.ports.guest import ProcessSpec

MIB = 1 << 20


async def test_a_slow_reader_stops_the_process_not_the_memory(bench: Bench) -> None:
    _, guest = await bench.running()
    watched, ours = guest_process(), psutil.Process()
    before, ours_before = watched.memory_info().rss, ours.memory_info().rss
    process = await guest.spawn(ProcessSpec(("bash", "-c", "head -c 200000000 /dev/zero; echo > done")))
    output = process.output()
    total = len(await anext(output))
    for _ in range(50):
        await guest.ping()
        await asyncio.sleep(0.01)
    assert await guest.stat("done") is None, "the process went on though nobody read"
    assert watched.memory_info().rss - before < 16 * MIB
    assert ours.memory_info().rss - ours_before < 16 * MIB
    async for data in output:
        total += len(data)
    assert total == 200_000_000
    assert (await process.wait()).code == 0
    assert watched.memory_info().rss - before < 16 * MIB
    assert ours.memory_info().rss - ours_before < 32 * MIB


async def test_fifty_megabytes_of_output_in_order(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("seq", "1", "7000000")))
    digest, size = hashlib.sha256(), 0
    async for data in process.output():
        digest.update(data)
        size += len(data)
    expected = hashlib.sha256()
    for start in range(1, 7_000_001, 100_000):
        expected.update("".join(f"{n}\n" for n in range(start, start + 100_000)).encode())
    assert size > 50_000_000
    assert digest.digest() == expected.digest()


async def test_a_reader_that_waits_does_not_hold_up_the_others(guest: GuestClient) -> None:
    stuck = await guest.spawn(ProcessSpec(("yes",)))
    output = stuck.output()
    await anext(output)
    async with asyncio.timeout(90):
        done = await guest.run(["head", "-c", "5000000", "/dev/zero"], output_bytes_max=5_000_000)
    assert len(done.output) == 5_000_000
    await stuck.signal(9)
    assert (await stuck.wait()).code == -9


async def test_leaving_output_unread_lets_the_process_end(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("bash", "-c", "head -c 20000000 /dev/zero; exit 5")))
    output = process.output()
    await anext(output)
    await output.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(90):
        assert (await process.wait()).code == 5


async def test_a_client_that_leaves_does_not_stop_the_process(bench: Bench) -> None:
    instance, guest = await bench.running()
    leaving = await bench.attach(instance.id)
    await leaving.spawn(ProcessSpec(("bash", "-c", "head -c 20000000 /dev/zero; echo done > done")))
    await leaving.close()
    async with asyncio.timeout(90):
        while await guest.stat("done") is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_clients_that_come_and_go_leave_nothing_behind(bench: Bench) -> None:
    instance, guest = await bench.running()
    watched = guest_process()
    await guest.run(["bash", "-c", "for i in $(seq 3000); do echo $i > f$i; done"])

    async def rude(number: int) -> None:
        client = await bench.attach(instance.id)
        await client.spawn(ProcessSpec(("sleep", "0.01"), stdin=True, extra_fd=True))
        await anext(client.scan())
        await anext(client.read_many([b"f1", b"f2"]))
        if number % 2:
            await client.make_directory(f"r{number}")
            await client.begin_restore(f"r{number}")
        await client.close()

    await rude(0)
    for _ in range(3):
        await guest.ping()
    async with asyncio.timeout(60):
        for number in range(30):
            await rude(number)
        while watched.num_fds() > 20:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await guest.ping()


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"GET / HTTP/1.1\r\n\r\n" * 10,
        wire.HEADER.pack(wire.FRAME_MAX + 1, 1, wire.OPEN),
        wire.HEADER.pack(0xFFFFFFFF, 1, wire.OPEN) + b"x" * 1000,
        wire.HEADER.pack(3, 1, wire.OPEN) + b"{{{",
        wire.HEADER.pack(4, 1, wire.OPEN) + b"null",
        wire.HEADER.pack(2, 1, wire.OPEN) + b"{}",
        wire.HEADER.pack(1, 9, wire.DATA) + b"x",
        wire.HEADER.pack(0, 1, 77),
        wire.HEADER.pack(14, 5, wire.OPEN)
        + b'{"op": "ping"}'
        + wire.HEADER.pack(14, 5, wire.OPEN)
        + b'{"op": "ping"}',
    ],
)
async def test_a_malformed_frame_ends_that_connection_only(bench: Bench, bytes_sent: bytes) -> None:
    from journeyman.guest.connection import open_socket

    instance, guest = await bench.running()
    socket = next((bench.data / "instances").rglob("guest.sock"))
    reader, writer = await asyncio.open_unix_connection(sock=open_socket(socket))
    writer.write(bytes_sent)
    async with asyncio.timeout(90):
        while await reader.read(65536):
            pass
    writer.close()
    await guest.ping()
    assert instance.state == "created"


async def test_more_data_than_credit_ends_the_connection(bench: Bench) -> None:
    from journeyman.guest.connection import open_socket

    _, guest = await bench.running()
    socket = next((bench.data / "instances").rglob("guest.sock"))
    reader, writer = await asyncio.open_unix_connection(sock=open_socket(socket))
    call = wire.to_json(
        {"op": "spawn", "argv": ["sleep", "60"], "cwd": ".", "env": {}, "stdin": True, "extra_fd": False,
         "merge_output": True}
    )  # fmt: skip
    writer.write(wire.HEADER.pack(len(call), 1, wire.OPEN) + call)
    piece = wire.HEADER.pack(wire.PIECE, 1, wire.DATA) + bytes(wire.PIECE)
    sent = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(90):
            for _ in range(200):
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
    assert sent < 100 * len(piece), "the guest takes data without bound"
    assert not reader.at_eof() or sent
    writer.close()
    await guest.ping()
