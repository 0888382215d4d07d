"""Models: chosen by name, such as `openrouter/qwen/qwen3-coder`."""

from __future__ import annotations

from journeyman_protocol.base import Empty, Id, Message
from journeyman_protocol.chat import Chat, ModelName
from journeyman_protocol.rows import Method, OrderedBy, request


class Price(Message):
    """US dollars per million tokens."""

    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None


class Model(Message):
    id: str
    provider: str
    context_window: int | None = None
    """Tokens; absent where unknown."""
    tool_use: bool | None = None
    """Whether the model makes native tool calls; absent where unknown."""
    images: bool | None = None
    """Whether a prompt for it may have images; absent where unknown, which means no."""
    price: Price | None = None
    """Absent where unknown: unknown is never zero."""
    available: bool
    why: str | None = None
    """Why it cannot be used now, and what to do."""


class ModelList(Message):
    items: list[Model]
    default: str | None = None
    """The model a run uses when nothing names one."""


class ModelSelectParams(Message):
    chat_id: Id
    model: ModelName


ROWS: tuple[Method, ...] = (
    request("model/list", Empty, ModelList, "Models, and which of them can be used now."),
    request(
        "model/select",
        ModelSelectParams,
        Chat,
        "The model of a chat's next runs; one that cannot be used now is refused.",
        OrderedBy.CHAT,
    ),
)
