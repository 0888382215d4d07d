"""What a model may be asked to think through litellm, and which of its thoughts it is sent: nothing that its
provider would refuse.

litellm's own tables say what a model takes. Three kinds are told apart by what they make of an effort:

- a budget of tokens (Claude up to 4.5): longer answers than the budget, no forced tool, and thinking only
  where the answer whose results are sent begins with a thought; without it no thought is sent at all;
- an effort of its own (Claude from 4.6): thoughts are checked against all that was sent before them, so those
  that are stale stay away;
- a `thinkingConfig` (Gemini): signatures are sent as they are.

On Bedrock Claude is as it is elsewhere; Nova 2 and gpt-oss take an effort and sign nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from journeyman.adapters.body_layout import Json
from journeyman.adapters.refused_thoughts import RefusedThoughts, bare, with_messages, without
from journeyman.ports.model import Effort, ModelRequest
from journeyman.records import Message

_DOWNWARDS: tuple[Effort, ...] = ("high", "medium", "low")


class Thinking:
    """Of one provider in litellm. Give `litellm` once it is loaded; the first time it loads more."""

    def __init__(self, provider: str, *, asks: bool) -> None:
        """`asks`: effort may be sent to it."""
        self._provider = provider
        self._asks = asks
        self._mapped: dict[tuple[str, Effort], Json] = {}
        self._refused = RefusedThoughts()

    def asked(self, litellm: Any, request: ModelRequest) -> tuple[ModelRequest, Json]:
        """The request with the thoughts it may have, and the fields to send beside it."""
        request = self._refused.spared(request)
        mapped = self._made_of(litellm, request.model, request.effort or "low") if self._asks else {}
        if _budget(mapped) is not None:
            usual: int = litellm.AnthropicConfig.get_max_tokens_for_model(request.model)
            most = request.output_tokens_max or usual
            effort = self._fitting(litellm, request, most)
            if effort is None:
                return bare(request), {}
            return request, {"reasoning_effort": effort, "max_tokens": most}
        if "thinkingConfig" not in mapped:
            request = with_messages(request, [_fresh(message) for message in request.messages])
        sent = mapped and request.effort and request.tool_choice != "required"
        return request, {"reasoning_effort": request.effort} if sent else {}

    def refused(self, request: ModelRequest) -> ModelRequest:
        """The request without the thoughts it had, which will not be sent again."""
        self._refused.remember(request)
        return bare(request)

    def _fitting(self, litellm: Any, request: ModelRequest, most: int) -> Effort | None:
        """The most that is asked and leaves room for an answer."""
        if request.effort is None or request.tool_choice == "required" or not _thought(request.messages):
            return None
        for effort in _DOWNWARDS[_DOWNWARDS.index(request.effort) :]:
            if (_budget(self._made_of(litellm, request.model, effort)) or 0) < most:
                return effort
        return None

    def _made_of(self, litellm: Any, model: str, effort: Effort) -> Json:
        """The fields litellm makes of an effort; empty where the model takes none."""
        if (model, effort) not in self._mapped:
            names = {"model": model, "custom_llm_provider": self._provider}
            takes = "reasoning_effort" in (litellm.get_supported_openai_params(**names) or ())
            made: Any = litellm.utils.get_optional_params(**names, reasoning_effort=effort) if takes else {}
            mapped = cast("Json", made)
            # On Bedrock litellm makes Claude's budget of it for models of others, which refuse that.
            stray = _budget(mapped) is not None and "claude" not in model
            self._mapped[model, effort] = {} if stray else mapped
        return self._mapped[model, effort]


def _fresh(message: Message) -> Message:
    return without(message) if message.thoughts and message.thoughts.stale else message


def _budget(mapped: Json) -> int | None:
    thinking: Json = mapped.get("thinking") or {}
    return thinking.get("budget_tokens")


def _thought(messages: Sequence[Message]) -> bool:
    """Whether the newest answer allows thinking: it called nothing, or thought before it did."""
    newest = next((message for message in reversed(messages) if message.role == "assistant"), None)
    return newest is None or not newest.tool_calls or newest.thoughts is not None
