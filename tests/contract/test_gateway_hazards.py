"""Programs and visitors of previews that mean no good, or do not know better."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psutil
import pytest

from components.previewed import Made, Preview, Program, previewed
from components.sandbox import Bench
from contract.test_gateway import MIB, OK, answering
from journeyman.adapters.preview.limits import GatewayLimits
from journeyman.guest.client import GuestClient


@pytest.fixture
async def inside(bench: Bench) -> GuestClient:
    _, guest = await bench.running()
    return guest


def endless(piece: bytes, first: bytes = b"") -> Made:
    """Says the same for ever."""

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            writer.write(first)
            while True:
                writer.write(piece)
                await writer.drain()

        return serve

    return program


NO_ANSWERS = [
    endless(b"X-Header: yes\r\n" * 1000, b"HTTP/1.1 200 OK\r\n"),
    endless(b"x" * 65536, b"HTTP/1.1 200 OK\r\nX: "),
    endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    endless(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    endless(b"\0" * 65536),
    endless(b"no newline " * 1000),
    answering(b"220 smtp.example ESMTP\r\n"),
    answering(b"\x16\x03\x01\x02\x00"),
    answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
    answering(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
    answering(b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n"),
    answering(b"HTTP/1.1 200 OK\r\nX: a\r\n b\0\r\n\r\n"),
    answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    answering(b"HTTP/1.1 999999 What\r\n\r\n"),
    answering(b"HTTP/1.1 200 OK\r\nX"),
    answering(b""),
]


async def test_what_is_no_answer_is_one_clear_page(inside: GuestClient) -> None:
    before = psutil.Process().memory_info().rss
    for program in NO_ANSWERS:
        async with previewed(inside, program) as preview:
            hints, _, got = (await preview.ask(preview.request())).partition(b"HTTP/1.1 502 ")
            assert hints == b"HTTP/1.1 103 Early Hints\r\n\r\n" * hints.count(b"HTTP")
            assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in got
            page = got.partition(b"\r\n\r\n")[2].decode()
            assert page.count(".") == 1
            assert "workspace" in page
            assert psutil.Process().memory_info().rss - before < 32 * MIB


async def test_nothing_listens(inside: GuestClient) -> None:
    async with previewed(inside, None) as preview:
        got = await preview.ask(preview.request())
        assert got.startswith(b"HTTP/1.1 502 ")
        assert f"Nothing listens on port {preview.inside} in the workspace.".encode() in got


async def test_a_program_that_never_answers(inside: GuestClient) -> None:
    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            await reader.read()

        return serve

    async with previewed(inside, program, GatewayLimits(answer_s=0.1)) as preview:
        got = await preview.ask(preview.request())
        assert got.startswith(b"HTTP/1.1 504 ")
        assert got.endswith(b"The program in the workspace did not answer in time.\n")


CUT = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdefg\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1" + b"0" * 70_000,
]


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(inside: GuestClient) -> None:
    for answer in CUT:
        async with previewed(inside, answering(answer)) as preview:
            got = await preview.ask(preview.request())
            assert got.startswith(b"HTTP/1.1 200 ")
            assert not got.endswith(b"0\r\n\r\n")
            assert b"HTTP/1.1 502" not in got


async def test_more_than_was_announced_is_no_second_answer(inside: GuestClient) -> None:
    second = b"HTTP/1.1 200 OK\r\nSet-Cookie: stolen=1\r\nContent-Length: 6\r\n\r\nsecond"
    async with previewed(inside, answering(OK + second)) as preview:
        got = await preview.ask(
            preview.request("GET /a HTTP/1.1") + preview.request("GET /b HTTP/1.1", "Connection: close")
        )
        assert got.count(b"HTTP/1.1 200 ") == 2
        assert b"second" not in got
        assert b"stolen" not in got


async def test_an_answer_in_tiny_parts_leaves_others_their_turn(inside: GuestClient) -> None:
    parts = 4000
    crumbs = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * parts + b"0\r\n\r\n"
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with previewed(inside, answering(crumbs)) as preview:
        asking = asyncio.ensure_future(others())
        got = await preview.ask(preview.request("GET / HTTP/1.1", "Connection: close"))
        asking.cancel()
        assert got.count(b"x\r\n") == parts
        assert turns > parts


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"\0" * 100 + b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
        (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", 403),
    ],
)
async def test_what_is_no_request_reaches_nobody(said: bytes, status: int) -> None:
    async with previewed(None, answering()) as preview:
        got = await preview.ask(said)
        assert got.startswith(b"HTTP/1.1 %d " % status)
        assert got.count(b"HTTP/1.1 ") == 1
        assert preview.calls == 0


async def test_a_length_beside_chunks_does_not_hide_a_request(inside: GuestClient) -> None:
    hidden = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    async with previewed(inside, answering()) as preview:
        asked = preview.request(
            "POST /seen HTTP/1.1", f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked", body=hidden
        )
        got = await preview.ask(asked)
        assert got.count(b"HTTP/1.1 200 ") == 1
        (head,) = preview.heads
        assert b"content-length" not in head.lower()
        assert b"HTTP/1.1 40" in got, "the hidden one shows no cookie"


async def test_visitors_who_say_nothing_or_half_are_let_go(inside: GuestClient) -> None:
    async with previewed(inside, answering(), GatewayLimits(request_s=0.05, linger_s=0.05)) as preview:
        assert await preview.ask(b"") == b""
        assert await preview.ask(b"GET / HTT") == b""
        assert await preview.ask(preview.request()) != b""
        assert preview.calls == 1


SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def never_ending(begin: bytes, ended: asyncio.Event) -> Made:
    """Begins to answer, notices when the visitor's half has ended, and never ends its own."""

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            writer.write(begin)
            with suppress(ConnectionResetError):
                await reader.read()
            ended.set()
            await asyncio.Event().wait()

        return serve

    return program


async def test_silence_has_an_end(inside: GuestClient) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket")
    for begin in (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n", SWITCHED):
        ended = asyncio.Event()
        program = never_ending(begin, ended)
        async with previewed(inside, program, GatewayLimits(silence_s=0.1)) as preview, asyncio.timeout(90):
            got = await preview.ask(
                preview.request("GET / HTTP/1.1", *(upgrade if begin == SWITCHED else ()))
            )
            assert got.startswith(begin.partition(b"\r\n")[0])
            assert not got.endswith(b"0\r\n\r\n")
            await ended.wait()


async def test_half_an_end_is_passed_on_and_waits_so_long_for_the_other_half(inside: GuestClient) -> None:
    ended = asyncio.Event()
    program = never_ending(SWITCHED, ended)
    async with previewed(inside, program, GatewayLimits(half_s=0.1)) as preview, asyncio.timeout(90):
        reader, writer = await preview.connect()
        writer.write(preview.request("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"))
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        await ended.wait()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_visitors_who_leave_in_the_middle_cost_nothing(inside: GuestClient) -> None:
    async with previewed(inside, endless(b"x" * 65536, b"HTTP/1.1 200 OK\r\n\r\n")) as preview:
        files = psutil.Process().num_fds()
        for number in range(20):
            reader, writer = await preview.connect()
            writer.write(preview.request("POST / HTTP/1.1", "Content-Length: 100000", body=b"x" * 500))
            if number % 2:
                await reader.readexactly(1000)
            writer.transport.abort()
        async with asyncio.timeout(90):
            while psutil.Process().num_fds() > files:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
