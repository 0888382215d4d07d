"""What a factory needs to build a `Model` for one provider: where it is, the key, and its habits.

The habits (`options`) come from `catalog.toml`, so that a new provider is data. Adapters read those they
know:

- `effort`: how to ask for reasoning effort, `"reasoning"` (an object, OpenRouter), `"reasoning_effort"`, or
  `"litellm"`: as litellm's tables say (`adapters/litellm_effort.py`);
- `thoughts`: `"reasoning_details"`: what a model thought comes and goes back as such (OpenRouter);
- `max_tokens_field`: the name of the output limit, default `"max_tokens"`;
- `tool_mode`: `"native"` (default); `"schema"`: calls by a JSON schema for models without tool calls;
  `"blocks"`: files and commands as fenced blocks, for weak ones;
- `usage_include`: ask for usage the way OpenRouter does, which brings the cost with it;
- `cache_control`: mark what Anthropic models may cache;
- `stream_options`: false where a server refuses `stream_options`;
- `family`: which tools and prompts the agent uses with it (`agent/families.py`);
- `litellm_prefix`: the provider's name in litellm where it differs from ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    provider: str
    """The part of a model id before the first slash."""
    base_url: str | None
    """Without a slash at the end; None where the adapter knows it."""
    api_key: str | None = field(default=None, repr=False)
    key_name: str | None = None
    """The environment variable the key is read from, for hints."""
    timeout_s: float = 120.0
    """Seconds without a byte after which a call counts as broken."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
