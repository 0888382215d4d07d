"""The proxy does the harm that was ordered, to the request it was ordered for, and to no other.

Were it harmless, every cell of the fault matrices would pass for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from components.fault_proxy import FaultProxy, fault_proxy
from components.harms import WAYS, Harm, Way, s3_answer
from components.http_frames import Message, read_content, read_head

CONTENT = b"0123456789" * 20


class Server:
    """Answers with its content, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Message] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await read_head(reader)) is not None:
                request = await read_content(reader, head)
                self.asked.append(request)
                length = f"Content-Length: {len(CONTENT)}\r\n\r\n".encode()
                if "chunked" in request.target:
                    length = b"Transfer-Encoding: chunked\r\n\r\n"
                writer.write(b"HTTP/1.1 200 OK\r\n" + length)
                if request.method != "HEAD":
                    writer.write(_chunks(CONTENT) if "chunked" in request.target else CONTENT)
        finally:
            writer.close()


def _chunks(content: bytes) -> bytes:
    half = len(content) // 2
    parts = (content[:half], content[half:])
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@asynccontextmanager
async def between(tmp_path: Path, unix: bool) -> AsyncGenerator[tuple[Server, FaultProxy]]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    try:
        upstream: tuple[str, int] = listener.sockets[0].getsockname()
        async with fault_proxy(upstream, tmp_path / "s" if unix else None) as proxy:
            yield server, proxy
    finally:
        listener.close()


async def ask(proxy: FaultProxy, method: str, target: str, content: bytes = b"") -> Message:
    """One request over a connection of its own, as an honest client."""
    if proxy.url.startswith("unix://"):
        reader, writer = await asyncio.open_unix_connection(proxy.url.removeprefix("unix://"))
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    try:
        length = f"Content-Length: {len(content)}\r\n" if content else ""
        writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{length}\r\n".encode() + content)
        head = await read_head(reader)
        if head is None:
            raise ConnectionResetError("no answer")
        return await read_content(reader, head, reply_to=method)
    finally:
        writer.close()


def harm(way: Way, **more: float | bool) -> Harm:
    return Harm(way, "PUT|GET", r"/harmed", s3_answer, **more)  # type: ignore[arg-type]


@pytest.fixture(params=[False, True], ids=["tcp", "unix"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[tuple[Server, FaultProxy]]:
    async with between(tmp_path, request.param) as made:
        yield made
        await made[1].until_idle()


World = tuple[Server, FaultProxy]


async def test_without_an_order_everything_passes_unchanged(world: World) -> None:
    server, proxy = world
    answer = await ask(proxy, "PUT", "/harmed", b"content")
    assert answer.raw.endswith(CONTENT)
    assert (await ask(proxy, "GET", "/chunked")).raw.endswith(_chunks(CONTENT))
    assert (await ask(proxy, "HEAD", "/harmed")).raw.endswith(b"\r\n\r\n")
    assert server.asked[0].raw.endswith(b"\r\n\r\ncontent")
    assert proxy.requests == ["PUT /harmed", "GET /chunked", "HEAD /harmed"]


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_does_harm_and_only_where_it_was_ordered(world: World, way: Way) -> None:
    server, proxy = world
    with proxy.harming(harm(way, times=1, place=65, in_request=True, piece_bytes=50, piece_s=0.0)) as done:
        assert (await ask(proxy, "GET", "/other")).raw.endswith(CONTENT)
        before, started = len(server.asked), asyncio.get_running_loop().time()
        answer: Message | type[Exception]
        try:
            async with asyncio.timeout(0.2):
                answer = await ask(proxy, "PUT", "/harmed", b"right content")
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            answer = type(error)
        arrived = server.asked[before:]
        assert done.hits == 1
        assert not done.impossible
        if way in ("refuse", "reset"):
            assert (answer in (ConnectionResetError, BrokenPipeError), arrived) == (True, [])
        elif way == "hang":
            assert (answer, arrived) == (TimeoutError, [])
            assert asyncio.get_running_loop().time() > started
        elif way == "lost reply":
            assert answer is ConnectionResetError
            assert [each.method for each in arrived] == ["PUT"]
        elif way == "cut":
            assert answer is asyncio.IncompleteReadError
            assert len(arrived) == 1
        elif way == "slow":
            assert isinstance(answer, Message)
            assert answer.raw.endswith(CONTENT)
        elif way == "wrong bytes":
            assert arrived[0].raw.endswith(b"right coltent")
        else:
            assert isinstance(answer, Message)
            assert (answer.status, arrived) == (int(way), [])
            assert b"<Code>" in answer.raw
    await proxy.listen()
    assert (await ask(proxy, "PUT", "/harmed", b"right content")).raw.endswith(CONTENT)


async def test_refused_is_refused_until_it_listens_again(world: World) -> None:
    _, proxy = world
    with proxy.harming(harm("refuse", times=1)):
        with pytest.raises(ConnectionError):
            await ask(proxy, "GET", "/harmed")
        with pytest.raises(OSError):
            await ask(proxy, "GET", "/other")
        await proxy.between_attempts()
        assert (await ask(proxy, "GET", "/harmed")).status == 200


async def test_the_nth_and_so_many_times(world: World) -> None:
    _, proxy = world
    with proxy.harming(harm("503", nth=2, times=2)) as done:
        met = [(await ask(proxy, "GET", "/harmed")).status for _ in range(5)]
    assert met == [200, 503, 503, 200, 200]
    assert (done.fitting, done.hits) == (5, 2)


@pytest.mark.parametrize("target", ["/harmed", "/harmed/chunked"])
async def test_one_bit_of_a_reply_is_another_and_its_framing_is_not(world: World, target: str) -> None:
    _, proxy = world
    for place in (0, 7, len(CONTENT) * 8 - 1, len(CONTENT) * 8, 12_345):
        with proxy.harming(harm("wrong bytes", place=place)):
            answer = await ask(proxy, "GET", target)
        got = b"".join(answer.raw[begin:end] for begin, end in answer.spans)
        differing = [a ^ b for a, b in zip(got, CONTENT, strict=True) if a != b]
        assert len(differing) == 1
        assert differing[0].bit_count() == 1


async def test_a_request_without_content_cannot_be_changed_and_says_so(world: World) -> None:
    _, proxy = world
    with proxy.harming(harm("wrong bytes", in_request=True)) as done:
        await ask(proxy, "GET", "/harmed")
    assert "no content" in done.impossible


async def test_whoever_hangs_is_let_go_when_the_harm_is_lifted(world: World) -> None:
    _, proxy = world
    with proxy.harming(harm("hang")) as done:
        hanging = asyncio.ensure_future(ask(proxy, "GET", "/harmed"))
        await asyncio.wait([hanging], timeout=0.1)
        assert (done.hits, hanging.done()) == (1, False)
    with pytest.raises(ConnectionError):
        await hanging


async def test_slow_is_slower_than_a_client_that_has_no_time(world: World) -> None:
    _, proxy = world
    with proxy.harming(harm("slow", piece_bytes=8, piece_s=0.05)), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await ask(proxy, "GET", "/harmed")
