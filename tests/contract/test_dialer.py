"""Dialling, for real and as in tests: the same contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from unittest import mock

import pytest

from journeyman.adapters.dialer import SystemDialer
from journeyman.failures import Failure
from journeyman.ports.dialer import Dialer, Stream
from journeyman.testing.dialer import MappedDialer


@asynccontextmanager
async def echo(host: str = "127.0.0.1") -> AsyncGenerator[int]:
    """Says back what it hears, and ends its half when the other did."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, host, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def dialer(kind: str, port: int) -> Dialer:
    if kind == "system":
        return SystemDialer()
    return MappedDialer({"localhost": ["127.0.0.1"]}, {("127.0.0.1", port): port})


both = pytest.mark.parametrize("kind", ["system", "mapped"])


@both
async def test_bytes_go_both_ways_and_each_half_ends(kind: str) -> None:
    async with echo() as port:
        stream = await dialer(kind, port).dial(["127.0.0.1"], port)
        data = bytes(range(256)) * 4096
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(stream.send(data))
            got = b""
            while len(got) < len(data):
                got += await stream.receive() or b""
            await sending
        assert got == data
        stream.end()
        assert await stream.receive() is None
        stream.close()
        stream.close()


@both
async def test_nobody_answers(kind: str) -> None:
    async with echo() as port:
        pass
    with pytest.raises(Failure) as caught:
        await dialer(kind, 1).dial(["127.0.0.1"], port)
    assert (caught.value.kind, caught.value.retryable) == ("workspace_failed", True)


@both
async def test_a_name_without_an_address(kind: str) -> None:
    with pytest.raises(Failure) as caught:
        await dialer(kind, 1).resolve("no-such-host.invalid")
    assert caught.value.kind in ("not_found", "timeout")


@both
@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
async def test_an_address_is_its_own(kind: str, address: str) -> None:
    assert [each.address for each in await dialer(kind, 1).resolve(address)] == [address]


async def test_the_next_address_is_tried_when_one_refuses_or_says_nothing() -> None:
    connect = asyncio.open_connection
    silent = asyncio.Event()
    tried: list[str] = []

    async def open_connection(host: str, port: int, **options: int) -> object:
        tried.append(host)
        if host == "192.0.2.1":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                silent.set()
                raise
        if host == "192.0.2.2":
            raise OSError("refused")
        return await connect("127.0.0.1", port, **options)  # type: ignore[arg-type]

    async with echo() as port:
        with mock.patch("asyncio.open_connection", open_connection):
            stream = await SystemDialer().dial(["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3"], port)
        assert tried == ["192.0.2.1", "2001:db8::1"], "the families take turns"
        assert silent.is_set(), "who lost is let go"
        await stream.send(b"x")
        assert await stream.receive() == b"x"
        stream.close()
        tried.clear()
        with mock.patch("asyncio.open_connection", open_connection):
            (await SystemDialer().dial(["192.0.2.2", "192.0.2.3"], port)).close()
        assert tried == ["192.0.2.2", "192.0.2.3"]


async def test_a_dial_that_is_given_up_leaves_nothing_behind() -> None:
    async def silent(host: str, port: int, **options: int) -> None:
        await asyncio.Event().wait()

    with mock.patch("asyncio.open_connection", silent), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await SystemDialer().dial(["192.0.2.1", "192.0.2.2"], 80)
    assert len(asyncio.all_tasks()) == 1


async def test_a_server_that_breaks_off_is_a_failure() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        stream = await SystemDialer().dial(["127.0.0.1"], server.sockets[0].getsockname()[1])
        with pytest.raises(Failure):
            await _send_on(stream)
        stream.close()


async def _send_on(stream: Stream) -> None:
    while True:
        await stream.send(b"x" * 65536)
        await asyncio.sleep(0)


@pytest.mark.parametrize(("address", "ours"), [("127.0.0.1", True), ("192.0.2.1", False), ("::2", False)])
async def test_this_machine_knows_its_own_addresses(address: str, ours: bool) -> None:
    with mock.patch("socket.getaddrinfo", return_value=[(2, 1, 6, "", (address, 0))] * 2) as asked:
        [found] = await SystemDialer().resolve("a.example.com")
    assert (found.address, found.ours) == (address, ours)
    assert asked.call_args.args[0] == "a.example.com.", "with a dot at its end no local domain is tried"
