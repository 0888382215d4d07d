"""A language model: a stream of typed deltas for a request.

Adapters translate a provider's wire format to these deltas and nothing more: joining the pieces of tool
calls, recovering calls written as text, retries and usage are ours (`model/`), once for all providers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from journeyman.records import Message
from journeyman.thoughts import Kind

StopReason = Literal["stop", "tool_calls", "length", "content_filter", "disconnected", "unknown"]
Effort = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of the arguments: a flat object, required properties first."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    model: str
    """The provider's own name of the model (what follows the provider's prefix)."""
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    effort: Effort | None = None
    output_tokens_max: int | None = None
    tool_choice: Literal["auto", "required", "none"] = "auto"
    pictures: Mapping[str, str] = field(default_factory=dict[str, str])
    """The messages' images by their ids, in base64."""
    call_id: str | None = None
    """The run's call that asks this; None: the run itself. No provider is told."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """A piece of what the provider wants back with the answer, for nobody's eyes. The words of a `thought`
    come in pieces, of which the last has the signature; everything else comes whole."""

    kind: Kind = "thought"
    text: str = ""
    signature: str = ""
    call_id: str = ""
    """Of the call that is signed."""


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call exactly as the provider sent it; any field may be missing."""

    index: int | None = None
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    invalid: str | None = None
    """Why its arguments cannot be read, where that is known: only a recording says so."""


@dataclass(frozen=True, slots=True)
class UsageDelta:
    """Totals of this call so far, as the provider counts; None where it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: float | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class StopDelta:
    """The end. A stream that ends without one was cut: `disconnected`."""

    reason: StopReason


ModelDelta = TextDelta | ReasoningDelta | ThoughtDelta | ToolCallDelta | UsageDelta | StopDelta


class Model(Protocol):
    def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Ask the model. Raises `Failure` of a `model_*` kind before or in the middle of the stream.
        Closing the iterator closes the connection to the provider."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """An entry of the registry. Prices are US dollars per million tokens; None is unknown, never 0."""

    id: str
    """The name people use, such as `openrouter/qwen/qwen3-coder`."""
    provider: str
    name: str
    """What the provider calls it."""
    context_window: int | None
    tool_use: bool | None
    images: bool | None = field(default=None, kw_only=True)
    """Whether it takes images; None: unknown, and none are sent."""
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    available: bool = False
    why: str | None = None
    """Why it is not usable now, and what to do; None when it is."""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
