"""How a provider is reached: the user's proxy, deadlines, large bodies, connections that go away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

import pytest

from components.endpoint import KEY, REQUEST, connected, message
from components.provider import Reply, ScriptedProvider, chunk, sse, text_answer
from journeyman.adapters import provider_session
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.adapters.provider_session import AT_ONCE_BYTES, proxy_for
from journeyman.failures import Failure
from journeyman.model.assembly import collect
from journeyman.model.providers import ProviderConfig

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NO_PROXY = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NO_PROXY:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextlib.asynccontextmanager
async def listening(serve: Serve) -> AsyncGenerator[str]:
    """A server of the test's own; its handlers have ended when the block is left."""
    ended = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        async with asyncio.timeout(90):
            await ended.wait()


@pytest.mark.parametrize(
    ("url", "env", "proxy"),
    [
        ("https://api.example/v1", {}, None),
        ("https://api.example/v1", {"HTTPS_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("https://api.example/v1", {"https_proxy": "http://proxy:1"}, "http://proxy:1"),
        ("https://api.example/v1", {"HTTP_PROXY": "http://proxy:1"}, None),
        ("http://api.example/v1", {"HTTP_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("http://api.example/v1", {"ALL_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("https://api.example/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": ".example"}, None),
        ("https://api.example/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, None),
        ("http://127.0.0.1:8080/v1", {"HTTP_PROXY": "http://proxy:1"}, None),
        ("http://localhost:8080/v1", {"ALL_PROXY": "http://proxy:1"}, None),
        ("http://[::1]:8080/v1", {"ALL_PROXY": "http://proxy:1"}, None),
    ],
)
def test_the_users_proxy(
    url: str, env: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


async def test_a_proxy_is_asked_and_told_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedProvider() as proxy:
        proxy.script(text_answer("ok"))
        address = proxy.base_url.removesuffix("/v1").replace("//", "//me:secret@")
        monkeypatch.setenv("HTTP_PROXY", address)
        model = OpenAiCompatibleModel(ProviderConfig("test", "http://provider.invalid/v1", api_key=KEY))
        turn = await collect(model.stream(REQUEST))
        await model.close()
    assert turn.text == "ok"
    asked = proxy.requests[0]
    assert asked.path == "http://provider.invalid/v1/chat/completions"
    assert asked.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


async def test_large_requests_arrive_whole() -> None:
    text = "x" * 3 * AT_ONCE_BYTES
    async with connected(text_answer("ok"), text_answer("ok")) as (provider, model):
        for _ in range(2):
            await collect(model.stream(replace(REQUEST, messages=(message("user", text),))))
    assert [request.json["messages"][1]["content"] == text for request in provider.requests] == [True, True]
    assert provider.connections == 1


async def test_a_server_that_takes_nothing_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_session, "CONNECT_S", 0.1)
    given_up = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await given_up.wait()

    async with listening(deaf) as address:
        model = OpenAiCompatibleModel(ProviderConfig("test", f"{address}/v1", timeout_s=0.1))
        text = "x" * 16 * 1024 * 1024
        with pytest.raises(Failure) as caught:
            await collect(model.stream(replace(REQUEST, messages=(message("user", text),))))
        await model.close()
        given_up.set()
    assert (caught.value.kind, caught.value.retryable) == ("timeout", True)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Ty", b"SSH-2.0-OpenSSH\r\n\r\n"])
async def test_no_answer_that_is_http_is_unreachable(said: bytes) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'"include_usage":true}}')
        writer.write(said)
        await writer.drain()

    async with listening(rude) as address:
        model = OpenAiCompatibleModel(ProviderConfig("test", f"{address}/v1"))
        with pytest.raises(Failure) as caught:
            await collect(model.stream(REQUEST))
        await model.close()
    assert (caught.value.kind, caught.value.retryable) == ("model_unreachable", True)


async def test_a_connection_the_server_closed_meanwhile_is_not_used_again() -> None:
    closing = Reply(pieces=(sse(chunk({"content": "a"}, "stop")), sse("[DONE]")), close_delimited=True)
    async with connected(closing, closing, text_answer("ok")) as (provider, model):
        for _ in range(3):
            await collect(model.stream(REQUEST))
    assert provider.connections == 3


@pytest.mark.parametrize("address", ["ftp://host/v1", "http://host:99999/v1", "http://", "nothing"])
async def test_an_address_that_is_none_is_said_to_be_one(address: str) -> None:
    model = OpenAiCompatibleModel(ProviderConfig("test", address))
    with pytest.raises(Failure) as caught:
        await collect(model.stream(REQUEST))
    await model.close()
    assert (caught.value.kind, caught.value.retryable) == ("invalid", False)


async def test_who_the_address_says_asks() -> None:
    async with ScriptedProvider() as provider:
        provider.script(text_answer("ok"))
        address = provider.base_url.replace("//", "//me:secret@")
        model = OpenAiCompatibleModel(ProviderConfig("test", address, api_key=KEY))
        await collect(model.stream(REQUEST))
        await model.close()
    assert provider.requests[0].headers["authorization"] == "Basic bWU6c2VjcmV0"
