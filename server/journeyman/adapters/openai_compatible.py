"""Any provider that speaks OpenAI's chat completions over HTTP: OpenRouter, OpenAI, Ollama, vLLM, llama.cpp.

Retries, assembly and prices are not its business.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from journeyman.adapters import block_calls, openrouter_thoughts, schema_calls
from journeyman.adapters.chat_chunks import deltas_of, first_choice, stop_reason_of
from journeyman.adapters.chat_completions import NATIVE
from journeyman.adapters.provider_failures import (
    broken,
    error_inside,
    refused,
    silent,
    unreachable,
    words_of,
)
from journeyman.adapters.provider_session import ProviderSession
from journeyman.adapters.refused_thoughts import RefusedThoughts, bare, has_thoughts
from journeyman.adapters.request_bodies import RequestBodies
from journeyman.adapters.sse import EventTooLargeError, ServerEvent, SseParser
from journeyman.failures import Failure
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelDelta, ModelRequest, StopDelta, StopReason

if TYPE_CHECKING:
    import aiohttp

ERROR_BYTES_MAX = 64 * 1024
ANSWER_BYTES_MAX = 16 * 1024 * 1024
DRAIN_S = 0.2
logger = logging.getLogger(__name__)


class OpenAiCompatibleModel:
    """A `Model` (see the port) over `POST {base_url}/chat/completions`."""

    def __init__(self, config: ProviderConfig) -> None:
        if not config.base_url:
            raise Failure(
                "invalid",
                f"There is no address for {config.provider}.",
                hint="Set model_base_url (JOURNEYMAN_MODEL_BASE_URL), e.g. http://127.0.0.1:8080/v1.",
            )
        self._config = config
        self._url = f"{config.base_url.rstrip('/')}/chat/completions"
        self._session = ProviderSession(config, self._url)
        self._details = config.options.get("thoughts") == "reasoning_details"
        """Whether an answer's thoughts go back."""
        self._heard = openrouter_thoughts.heard if self._details else deltas_of
        self._refused = RefusedThoughts()
        layout = openrouter_thoughts.THOUGHTFUL if self._details else NATIVE
        self._native = RequestBodies(layout, config.options)
        self._schema = RequestBodies(schema_calls.LAYOUT, config.options)
        self._blocks = RequestBodies(block_calls.LAYOUT, config.options)

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Raises `Failure` of the kinds in `provider_failures`. A connection lost in mid-answer ends the
        stream without a `StopDelta`."""
        if schema_calls.applies(request, self._config.options):
            async with aclosing(self._answer(request.model, self._schema.of(request))) as answer:
                async for delta in schema_calls.as_calls(answer):
                    yield delta
            return
        if block_calls.applies(request, self._config.options):
            async with aclosing(self._answer(request.model, self._blocks.of(request))) as answer:
                async for delta in block_calls.as_calls(answer, block_calls.names(request)):
                    yield delta
            return
        begun = False
        request = self._refused.spared(request)
        try:
            async with aclosing(self._answer(request.model, self._native.of(request))) as answer:
                async for delta in answer:
                    begun = True
                    yield delta
            return
        except Failure as failure:
            sent = self._details and has_thoughts(request)
            if begun or not sent or "(400)" not in failure.message:
                raise
            logger.warning("asking again without thoughts: %s", failure.message)
        async with aclosing(self._answer(request.model, self._native.of(bare(request)))) as answer:
            async for delta in answer:
                if not begun:  # it was the thoughts
                    begun = True
                    self._refused.remember(request)
                yield delta

    async def _answer(self, model: str, body: bytes) -> AsyncGenerator[ModelDelta]:
        begun = False
        async with self._session.post(body) as response:
            import aiohttp  # imported by the session, in a thread

            try:
                await self._check(response, model)
                kind = response.headers.get("content-type", "")
                chunks = (
                    self._whole(response, model)
                    if "application/json" in kind
                    else self._events(response, model)
                )
                async with aclosing(chunks):
                    async for delta in chunks:
                        begun = True
                        yield delta
            except aiohttp.SocketTimeoutError as error:
                raise silent(self._config) from error
            except aiohttp.ClientError as error:
                if not begun:
                    raise unreachable(self._config, str(error) or type(error).__name__) from error
                # Lost in mid-answer: ending without a StopDelta says so.

    async def _check(self, response: aiohttp.ClientResponse, model: str) -> None:
        if 200 <= response.status < 300:
            return
        if response.status < 400:
            raise Failure(
                "model_refused",
                f"{self._config.provider} answered with status {response.status} instead of a stream.",
                hint="Check the base URL; redirects are not followed because they would carry the key.",
            )
        body = await _read(response, ERROR_BYTES_MAX)
        raise refused(self._config, model, response.status, words_of(body), dict(response.headers))

    async def _events(self, response: aiohttp.ClientResponse, model: str) -> AsyncGenerator[ModelDelta]:
        import aiohttp

        parser = SseParser()
        stop: StopReason | None = None
        done = False
        received = response.content
        try:
            async for data in received.iter_any():
                for event in parser.feed(data):
                    if event.data.strip() == "[DONE]":
                        done = True
                        break
                    chunk = self._chunk(event, model)
                    stop = stop_reason_of(chunk) or stop
                    for delta in self._heard(chunk):
                        yield delta
                if done:
                    break
        except aiohttp.ClientError:
            if stop is None:
                raise  # else everything but the goodbye has come
        except EventTooLargeError as error:
            raise broken(self._config, str(error)) from error
        for event in () if done else parser.close():
            if event.data.strip() == "[DONE]":
                done = True
            elif (chunk := _parsed(event.data)) is not None:  # else cut in the middle of an event
                stop = stop_reason_of(chunk) or stop
                for delta in self._heard(chunk):
                    yield delta
        if stop or done:
            yield StopDelta(stop or "unknown")
        if done:
            await _drain(received)

    def _chunk(self, event: ServerEvent, model: str) -> dict[str, Any]:
        chunk = _parsed(event.data)
        if chunk is None:
            raise broken(self._config, f"not a JSON object: {event.data[:120]}")
        if error := chunk.get("error") or first_choice(chunk).get("error"):
            raise error_inside(self._config, model, error)
        if event.event == "error":
            raise error_inside(self._config, model, chunk)
        return chunk

    async def _whole(self, response: aiohttp.ClientResponse, model: str) -> AsyncGenerator[ModelDelta]:
        """Some servers answer at once, whatever `stream` says."""
        body = await _read(response, ANSWER_BYTES_MAX)
        chunk = self._chunk(ServerEvent(body.decode("utf-8", "replace")), model)
        for delta in self._heard(chunk):
            yield delta
        yield StopDelta(stop_reason_of(chunk) or "unknown")

    async def close(self) -> None:
        await self._session.close()


def _parsed(data: str) -> dict[str, Any] | None:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


async def _drain(received: aiohttp.StreamReader) -> None:
    """Read what follows the last event, normally nothing, so that the connection can be used again."""
    if received.at_eof():
        return
    try:
        async with asyncio.timeout(DRAIN_S):
            async for data in received.iter_any():
                if len(data) > ERROR_BYTES_MAX:
                    return
    except TimeoutError:
        return


async def _read(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    body = bytearray()
    async for data in response.content.iter_any():
        body += data
        if len(body) >= bytes_max:
            break
    return bytes(body[:bytes_max])
