"""What a provider's refusal means to a person: HTTP status and error text to a `Failure`.

Used by every adapter that talks to a provider. The provider's own words are quoted shortened and with
secrets taken out, since they may repeat the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.model.providers import ProviderConfig
from journeyman.redaction import redact

WORDS_CHARACTERS_MAX = 300
_CONTEXT = re.compile(
    r"context.{0,20}(length|window|size)|too many tokens|prompt is too long|input.{0,12}too long", re.I
)


def refused(
    config: ProviderConfig,
    model: str,
    status: int,
    words: str,
    headers: Mapping[str, str] | None = None,
) -> Failure:
    """The failure for an answer with `status` (400 and above) and the provider's `words`, when it was
    asked for `model`."""
    who, said = config.provider, _quoted(words)
    key = config.key_name or "the provider's key"
    if status in (401, 403):
        return Failure(
            "model_refused",
            f"{who} does not accept the key ({status}){said}",
            hint=f"Check {key} in the daemon's environment, and that it may use {model}.",
        )
    if status == 402:
        return Failure("model_refused", f"{who} asks for payment{said}", hint="Add credit at the provider.")
    if status == 404:
        return Failure(
            "model_unknown",
            f"{who} knows no model {model!r}{said}",
            hint="List the models with `journeyman models`, or check the base URL.",
        )
    if status == 429:
        return Failure(
            "model_refused",
            f"{who} limits the rate of requests{said}",
            hint="Wait a little, or use another model.",
            retryable=True,
            retry_after_ms=retry_after_ms(headers or {}),
        )
    if status == 408 or status >= 500:
        return Failure(
            "model_unreachable",
            f"{who} failed with status {status}{said}",
            hint="Try again in a moment, or use another model.",
            retryable=True,
            retry_after_ms=retry_after_ms(headers or {}),
        )
    if status == 413 or _CONTEXT.search(words):
        return Failure(
            "model_refused",
            f"The conversation is too long for {model}{said}",
            hint="Start a new chat, or use a model with a larger context window.",
            data={"contextExceeded": True},
        )
    return Failure(
        "model_refused",
        f"{who} refused the request ({status}){said}",
        hint="Check the model's name and the provider's settings.",
    )


def unreachable(config: ProviderConfig, why: str) -> Failure:
    where = f" at {config.base_url}" if config.base_url else ""
    return Failure(
        "model_unreachable",
        f"{config.provider} does not answer{where}{_quoted(why)}",
        hint="Check the network and the base URL; for a local server, that it runs.",
        retryable=True,
    )


def silent(config: ProviderConfig) -> Failure:
    return Failure(
        "timeout",
        f"{config.provider} sent nothing for {config.timeout_s:g} seconds.",
        hint="Try again, or raise model_timeout_s for a slow model.",
        retryable=True,
    )


def broken(config: ProviderConfig, why: str) -> Failure:
    return Failure(
        "model_broken",
        f"The answer of {config.provider} cannot be understood{_quoted(why)}",
        hint="Try again; if it stays so, use another model or provider.",
        retryable=True,
    )


def error_inside(config: ProviderConfig, model: str, error: object) -> Failure:
    """The failure for an error object inside a stream, or an error body with status 200."""
    fields: dict[str, Any] = {"message": str(error)}
    if isinstance(error, dict):
        fields = cast("dict[str, Any]", error)
    code = fields.get("code") or fields.get("status")
    words = str(fields.get("message") or fields.get("type") or "no reason given")
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    if isinstance(code, int) and code >= 400:
        return refused(config, model, code, words)
    kind = f"{fields.get('type', '')} {code or ''} {words}".lower()
    if "overloaded" in kind or "server_error" in kind or "unavailable" in kind:
        return refused(config, model, 503, words)
    if "rate_limit" in kind or "rate limit" in kind:
        return refused(config, model, 429, words)
    return refused(config, model, 400, words) if _CONTEXT.search(words) else broken(config, words)


def words_of(body: bytes) -> str:
    """The human part of an error body, which is JSON at most providers."""
    text = body.decode("utf-8", "replace")
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for key in ("error", "message", "detail"):
        if isinstance(value, dict) and key in value:
            value = cast("dict[str, Any]", value)[key]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """`Retry-After` (RFC 9110, section 10.2.3: seconds or a date) or OpenAI's `retry-after-ms`."""
    lower = {key.lower(): value for key, value in headers.items()}
    try:
        if milliseconds := lower.get("retry-after-ms"):
            return max(0, int(float(milliseconds)))
        value = lower.get("retry-after", "")
        if not value:
            return None
        if value.replace(".", "", 1).isdigit():
            return int(float(value) * 1000)
        due = parsedate_to_datetime(value)
        due = due if due.tzinfo else due.replace(tzinfo=UTC)
        return max(0, int((due - datetime.now(UTC)).total_seconds() * 1000))
    except (ValueError, OverflowError):
        return None


def _quoted(words: str) -> str:
    short = " ".join(redact(words).split())[:WORDS_CHARACTERS_MAX]
    return f": {short.rstrip('.')}." if short else "."
