"""Every provider litellm knows, for those that have no OpenAI-compatible endpoint of their own.

litellm takes seconds and 160 MB to import, so that happens at the first call and in a thread. Its chunks
are used raw: it forgets indexes, invents a stop reason when a connection breaks and invents usage when a
provider sends none, so its own assembly is bypassed and both are read from what it really received.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.metadata
import importlib.util
import logging
import os
import re
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from journeyman.adapters import block_calls, schema_calls
from journeyman.adapters.body_layout import body_of
from journeyman.adapters.chat_chunks import stop_reason_of, usage_of
from journeyman.adapters.litellm_effort import Thinking
from journeyman.adapters.litellm_thoughts import THOUGHTFUL, heard
from journeyman.adapters.provider_failures import broken, error_inside, refused, silent, unreachable
from journeyman.adapters.refused_thoughts import has_thoughts
from journeyman.failures import Failure
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelDelta, ModelRequest, StopDelta

MALICIOUS_VERSIONS = frozenset({"1.82.7", "1.82.8"})
"""Releases of March 2026 that stole credentials."""
_LOST = frozenset({"ReadError", "RemoteProtocolError", "ClientPayloadError", "IncompleteRead"})
_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception|Timeout)\s*[:-]\s*)+")
_THOUGHTS = re.compile(r"\(400\).*\b(thinking|thoughts?|thought_?signature)\b", re.IGNORECASE | re.DOTALL)
_loading = threading.Lock()
logger = logging.getLogger(__name__)


class LitellmModel:
    """A `Model` (see the port) through litellm's `acompletion`."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._prefix = str(config.options.get("litellm_prefix", config.provider))
        self._thinking = Thinking(self._prefix, asks=config.options.get("effort") == "litellm")
        self._litellm: Any = None

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Raises `Failure`. A connection lost in mid-answer ends the stream without a `StopDelta`."""
        options = self._config.options
        if schema_calls.applies(request, options):
            async with aclosing(self._answer(body_of(schema_calls.LAYOUT, request, options))) as answer:
                async for delta in schema_calls.as_calls(answer):
                    yield delta
            return
        if block_calls.applies(request, options):
            async with aclosing(self._answer(body_of(block_calls.LAYOUT, request, options))) as answer:
                async for delta in block_calls.as_calls(answer, block_calls.names(request)):
                    yield delta
            return
        async with aclosing(self._thoughtful(request)) as answer:
            async for delta in answer:
                yield delta

    async def _thoughtful(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """The answer, asked for once more without thoughts where the provider does not take them back."""
        options, begun = self._config.options, False
        asked, fields = await asyncio.to_thread(self._thinking.asked, await self._loaded(), request)
        try:
            async with aclosing(self._answer(body_of(THOUGHTFUL, asked, options) | fields)) as answer:
                async for delta in answer:
                    begun = True
                    yield delta
            return
        except Failure as failure:
            if begun or not (fields or has_thoughts(asked)) or not _of_thoughts(failure):
                raise
            logger.warning("asking again without thoughts: %s", failure.message)
        plain = self._thinking.refused(asked)
        async with aclosing(self._answer(body_of(THOUGHTFUL, plain, options))) as answer:
            async for delta in answer:
                yield delta

    async def _loaded(self) -> Any:
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(load)
        return self._litellm

    async def _answer(self, body: dict[str, Any]) -> AsyncGenerator[ModelDelta]:
        litellm = await self._loaded()
        stream: Any = None
        begun = False
        try:
            stream = await self._within(litellm.acompletion(**self._arguments(body)))
            chunks = stream.__aiter__()
            while True:
                try:
                    chunk: Any = await self._within(anext(chunks))
                except StopAsyncIteration:
                    break
                for delta in heard(_without_usage(chunk.model_dump())):
                    begun = True
                    yield delta
        except (Failure, GeneratorExit, asyncio.CancelledError):
            raise
        except Exception as error:  # litellm raises whatever its providers' libraries do
            if begun and _lost(error):
                return
            raise self._failure(error, body["model"]) from error
        finally:
            if stream is not None and hasattr(stream, "aclose"):
                with contextlib.suppress(Exception):
                    await stream.aclose()
        for delta in _ending(stream):
            yield delta

    def _arguments(self, body: dict[str, Any]) -> dict[str, Any]:
        config = self._config
        arguments = body | {
            "model": f"{self._prefix}/{body['model']}",
            "stream": True,
            "stream_options": {"include_usage": True},
            "timeout": config.timeout_s,
            "num_retries": 0,
            "max_retries": 0,
        }
        if config.base_url:
            arguments["api_base"] = config.base_url
        if config.api_key:
            arguments["api_key"] = config.api_key
        if config.headers:
            arguments["extra_headers"] = dict(config.headers)
        return arguments

    async def _within(self, step: Any) -> Any:
        try:
            async with asyncio.timeout(self._config.timeout_s):
                return await step
        except TimeoutError as error:
            raise silent(self._config) from error

    def _failure(self, error: Exception, model: str) -> Failure:
        error = cast("Exception", getattr(error, "original_exception", None) or error)
        name, words = type(error).__name__, _words(error)
        if name in ("Timeout", "APITimeoutError", "ReadTimeout"):
            return silent(self._config)
        if name in ("APIConnectionError", "ConnectError", "ConnectTimeout") or "Connection error" in words:
            return unreachable(self._config, words)
        if "LLM Provider NOT provided" in words:
            return refused(self._config, model, 404, "litellm does not know this provider")
        if name == "ContextWindowExceededError":
            return refused(self._config, model, 413, words)
        if (body := getattr(error, "body", None)) and getattr(error, "status_code", None) in (None, 200):
            return error_inside(self._config, model, body)
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return refused(self._config, model, status, words, _headers(error))
        return broken(self._config, f"{name}: {words}")

    async def close(self) -> None:
        cleanup = getattr(self._litellm, "close_litellm_async_clients", None)
        if cleanup is not None:
            await cleanup()


def load() -> Any:
    """litellm, imported once and made quiet. Blocks for seconds: call it in a thread.

    Raises `Failure` when litellm is missing, is one of the stolen releases, or lacks `mcp`, without which
    every call with tools fails in disguise.
    """
    with _loading:
        _check_installed()
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import asks the network for prices
        os.environ.setdefault("LITELLM_TELEMETRY", "False")
        with contextlib.redirect_stdout(sys.stderr):
            litellm: Any = importlib.import_module("litellm")
        litellm.suppress_debug_info = True
        litellm.set_verbose = False
        litellm.telemetry = False
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logger = logging.getLogger(name)
            logger.handlers.clear()  # its own handlers know nothing of redaction
            logger.setLevel(logging.ERROR)
        return litellm


def _check_installed() -> None:
    hint = "Reinstall with `make setup`, or choose an openai-compatible model."
    try:
        version = importlib.metadata.version("litellm")
    except importlib.metadata.PackageNotFoundError as error:
        raise Failure("model_unknown", "litellm is not installed.", hint=hint) from error
    if version in MALICIOUS_VERSIONS:
        raise Failure(
            "model_refused",
            f"litellm {version} is a release that stole credentials, and is not loaded.",
            hint="Remove it, install a pinned release with `make setup`, and change your keys.",
        )
    if importlib.util.find_spec("mcp") is None:
        raise Failure("model_refused", "litellm cannot offer tools without the package 'mcp'.", hint=hint)


def _ending(stream: Any) -> list[ModelDelta]:
    """Usage and stop as the provider sent them, or nothing where it sent none."""
    deltas: list[ModelDelta] = []
    for chunk in reversed(cast("list[Any]", getattr(stream, "chunks", None) or [])):
        if (usage := getattr(chunk, "usage", None)) is not None:
            deltas.append(usage_of(usage.model_dump() if hasattr(usage, "model_dump") else dict(usage)))
            break
    reason = getattr(stream, "received_finish_reason", None)
    reason = reason or getattr(stream, "intermittent_finish_reason", None)
    if reason:
        stop = stop_reason_of({"choices": [{"finish_reason": str(reason)}]})
        deltas.append(StopDelta(stop or "unknown"))
    return deltas


def _of_thoughts(failure: Failure) -> bool:
    """Whether the provider refused what it was sent of its thoughts, or thinking itself."""
    return failure.kind == "model_refused" and _THOUGHTS.search(failure.message) is not None


def _without_usage(chunk: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in chunk.items() if key != "usage"}


def _lost(error: BaseException) -> bool:
    """Whether the connection broke, as far down as the chain of causes tells."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if type(seen).__name__ in _LOST:
            return True
        seen = getattr(seen, "original_exception", None) or seen.__cause__ or seen.__context__
    return False


def _words(error: Exception) -> str:
    """The provider's words, without the names litellm puts before them and its pages of advice."""
    text = str(getattr(error, "message", None) or error)
    return _PREFIX.sub("", text.split("\n", 1)[0])


def _headers(error: Exception) -> dict[str, str]:
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(getattr(error, "response", None), "headers", None),
    ):
        if headers:
            return dict(headers)
    return {}
