"""Previews pass HTTP through unharmed, over a real guest's tunnels."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import httpx
import psutil
import pytest

from components.previewed import SECRETS, Made, Preview, Program, previewed
from components.sandbox import Bench
from journeyman.adapters.preview.limits import GatewayLimits
from journeyman.guest.client import GuestClient

MIB = 1 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
async def inside(bench: Bench) -> GuestClient:
    _, guest = await bench.running()
    return guest


def answering(answer: bytes = OK) -> Made:
    """Reads a head and answers with these bytes."""

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            writer.write(answer)
            await writer.drain()

        return serve

    return program


async def test_the_link_lets_a_browser_in_and_the_program_sees_no_secret(inside: GuestClient) -> None:
    async with previewed(inside, answering()) as preview, httpx.AsyncClient() as browser:
        shut = await browser.get(f"http://{preview.host}/a")
        assert (shut.status_code, shut.headers["content-type"]) == (403, "text/plain; charset=utf-8")
        assert preview.calls == 0
        sent = await browser.get(f"{preview.entrance.url}&x=1")
        assert (sent.status_code, sent.headers["location"]) == (303, f"http://{preview.host}/?x=1")
        assert "HttpOnly; SameSite=Strict" in sent.headers["set-cookie"]
        assert (sent.headers["cache-control"], sent.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert preview.calls == 0
        led = await browser.get(f"{preview.entrance.url}&x=%22&y='", headers={"Sec-Fetch-Site": "cross-site"})
        assert (led.status_code, led.headers["set-cookie"]) == (200, sent.headers["set-cookie"])
        assert f"url=http://{preview.host}/?x=%22&amp;y=&#x27;" in led.text
        shown = await browser.get(sent.headers["location"], headers={"Cookie": f"{preview.cookie}; a=1"})
        assert shown.text == "ok"
        direct = await browser.post(f"http://{preview.host}/api?token={SECRETS.token}", content=b"x")
        assert direct.text == "ok"
        get, post = preview.heads
        assert get.startswith(b"GET /?x=1 HTTP/1.1\r\n")
        assert post.startswith(b"POST /api HTTP/1.1\r\n")
        assert b"a=1" in get
        assert f"host: {preview.host}".encode() in get.lower()
        for head in preview.heads:
            assert SECRETS.token.encode() not in head
            assert SECRETS.cookie.encode() not in head
            assert b"journeyman" not in head


async def test_another_name_for_this_address_is_refused(inside: GuestClient) -> None:
    async with previewed(inside, answering()) as preview:
        asked = preview.request().replace(preview.host.encode(), b"evil.example")
        got = await preview.ask(asked)
        assert got.startswith(b"HTTP/1.1 403 ")
        assert b"127.0.0.1 or localhost" in got
        assert (await preview.ask(b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 403 ")
        assert preview.calls == 0


async def test_a_connection_serves_many_requests_each_over_one_of_its_own(inside: GuestClient) -> None:
    async with previewed(inside, answering()) as preview, httpx.AsyncClient() as browser:
        headers = {"Cookie": preview.cookie}
        for number in range(5):
            got = await browser.get(f"http://{preview.host}/{number}", headers=headers)
            assert got.text == "ok"
        # Also where they come at once, and where a head comes in pieces.
        reader, writer = await preview.connect()
        writer.write(preview.request("GET /5 HTTP/1.1") + preview.request("GET /6 HTTP/1.1")[:20])
        assert await reader.readuntil(b"ok")
        writer.write(preview.request("GET /6 HTTP/1.1")[20:])
        assert await reader.readuntil(b"ok")
        writer.close()
        assert [head.split(b" ")[1] for head in preview.heads] == [b"/%d" % n for n in range(7)]
        assert preview.calls == 7


FRAMINGS = [
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", b"abcde"),
    (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", b"abc"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        b"x",
    ),
]


async def test_every_framing_of_an_answer(inside: GuestClient) -> None:
    for answer, body in FRAMINGS:
        async with previewed(inside, answering(answer)) as preview, httpx.AsyncClient() as browser:
            got = await browser.get(f"http://{preview.host}/", headers={"Cookie": preview.cookie})
            assert got.content == body
            again = await browser.get(f"http://{preview.host}/", headers={"Cookie": preview.cookie})
            assert again.content == body


async def test_an_old_visitor_and_one_who_wants_the_head_only(inside: GuestClient) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    async with previewed(inside, answering(chunked)) as preview:
        old = await preview.ask(preview.request("GET / HTTP/1.0"))
        assert old.endswith(b"\r\n\r\nab")
        assert b"chunked" not in old
    async with previewed(inside, answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")) as preview:
        head = await preview.ask(preview.request("HEAD / HTTP/1.1", "Connection: close"))
        assert b"content-length: 99" in head.lower()
        assert head.endswith(b"\r\n\r\n")


async def test_events_come_as_they_are_sent_and_a_visitor_who_leaves_is_noticed(inside: GuestClient) -> None:
    taken, left = asyncio.Event(), asyncio.Event()

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            for number in range(3):
                writer.write(b"data: %d\n\n" % number)
                await writer.drain()
                await taken.wait()
                taken.clear()
            with suppress(ConnectionResetError):
                assert not await reader.read(1)
            left.set()

        return serve

    async with previewed(inside, program) as preview, asyncio.timeout(90):
        reader, writer = await preview.connect()
        writer.write(preview.request())
        await reader.readuntil(b"\r\n\r\n")
        for number in range(3):
            await reader.readuntil(b"data: %d\n\n" % number)  # or the program sends no more
            taken.set()
        writer.close()
        await left.wait()


async def test_a_large_upload_goes_through_as_it_is(inside: GuestClient) -> None:
    body = bytes(range(256)) * (20 * MIB // 256)

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await preview.head_of(reader)).lower()
            digest = hashlib.sha256()
            if b"content-length" in head:
                left = len(body)
                while left:
                    data = await reader.read(min(65536, left))
                    digest.update(data)
                    left -= len(data)
            else:
                while size := int(await reader.readline(), 16):
                    digest.update(await reader.readexactly(size))
                    await reader.readexactly(2)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + digest.hexdigest().encode())

        return serve

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 100_000):
            yield body[at : at + 100_000]

    async with previewed(inside, program) as preview, httpx.AsyncClient(timeout=60) as browser:
        wanted = hashlib.sha256(body).hexdigest()
        for content in (body, pieces()):
            got = await browser.post(
                f"http://{preview.host}/", headers={"Cookie": preview.cookie}, content=content
            )
            assert got.text == wanted
        assert b"content-length" not in preview.heads[1].lower()


async def test_who_waits_to_be_told_to_go_on_is_told_by_the_program(inside: GuestClient) -> None:
    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert await reader.readexactly(4) == b"body"
            writer.write(OK)

        return serve

    async with previewed(inside, program) as preview, asyncio.timeout(90):
        reader, writer = await preview.connect()
        writer.write(preview.request("PUT / HTTP/1.1", "Expect: 100-continue", "Content-Length: 4"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"body")
        assert await reader.readuntil(b"ok")
        writer.close()


async def test_an_answer_before_everything_was_said_arrives(inside: GuestClient) -> None:
    no = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
    async with previewed(inside, answering(no)) as preview:
        got = await preview.ask(
            preview.request("PUT / HTTP/1.1", f"Content-Length: {8 * MIB}", body=bytes(8 * MIB))
        )
        assert got.startswith(b"HTTP/1.1 413 ")
        assert got.endswith(b"no")
        waiting = preview.request("PUT / HTTP/1.1", "Expect: 100-continue", "Content-Length: 4")
        assert (await preview.ask(waiting)).endswith(b"no"), "and the connection ends"


async def test_a_slow_reader_costs_bounded_memory(inside: GuestClient) -> None:
    sent = 0

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await preview.head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (100 * MIB))
            for _ in range(1600):
                writer.write(bytes(65536))
                await writer.drain()
                sent += 65536

        return serve

    async with previewed(inside, program) as preview:
        before = psutil.Process().memory_info().rss
        reader, writer = await preview.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(preview.request())
        for _ in range(40):
            assert (await preview.ask(b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        assert sent < 40 * MIB
        assert psutil.Process().memory_info().rss - before < 32 * MIB
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(60):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(100 * MIB) == bytes(100 * MIB)
        writer.close()


async def test_web_sockets_pass_through(inside: GuestClient) -> None:
    from aiohttp import web

    async def echo(request: web.Request) -> web.StreamResponse:
        if request.path == "/no":
            return web.Response(status=418, text="no")
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            await answer.send_bytes(message.data)
        return answer

    app = web.Application()
    app.router.add_get("/{tail:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with (
            previewed(inside, answering()) as preview,
            aiohttp.ClientSession(headers={"Cookie": preview.cookie}) as browser,
            asyncio.timeout(90),
        ):
            assert site._server is not None
            preview.inside = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
            async with browser.ws_connect(f"ws://{preview.host}/s?a=1") as socket:
                for size in (1, 1000, 100_000, 2_000_000):
                    await socket.send_bytes(bytes(size))
                    assert await socket.receive_bytes() == bytes(size)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await browser.ws_connect(f"ws://{preview.host}/no")
            assert refused.value.status == 418
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(aiohttp.ClientError):
                await stranger.ws_connect(f"ws://{preview.host}/s")
    finally:
        await runner.cleanup()


async def test_fifty_at_once_and_then_no_more(inside: GuestClient) -> None:
    together, arrived = asyncio.Event(), 0

    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal arrived
            path = (await preview.head_of(reader)).split(b" ")[1]
            arrived += 1
            if arrived == 50:
                together.set()
            await together.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(path) + path)
            await writer.drain()

        return serve

    async with previewed(inside, program, GatewayLimits(connections=50)) as preview:
        asked = [preview.request(f"GET /{n} HTTP/1.1", "Connection: close") for n in range(50)]
        got = await asyncio.gather(*map(preview.ask, asked))
        assert [each.rpartition(b"\r\n\r\n")[2] for each in got] == [b"/%d" % n for n in range(50)]
        together.clear()
        arrived = 0
        idle = [await preview.connect() for _ in range(50)]
        for _, writer in idle:
            writer.write(b"GET")
        refused = await preview.ask(b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        for _, writer in idle:
            writer.close()


async def test_a_closed_preview_throws_everybody_out(inside: GuestClient) -> None:
    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await preview.head_of(reader)
            await asyncio.Event().wait()

        return serve

    async with previewed(inside, program) as preview, asyncio.timeout(90):
        reader, writer = await preview.connect()
        writer.write(preview.request())
        while not preview.heads:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        preview.entrance.close()
        preview.entrance.close()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await preview.connect()
