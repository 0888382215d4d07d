"""What a prompt asks for, from its words alone: no model is asked. Pure."""

from __future__ import annotations

import re

_SMALL_CHARACTERS = 160
_SMALL_EDIT = re.compile(
    r"^\s*(please\s+)?(rename|fix (the |a )?typos?|remove|delete|change|replace|bump|add)\b", re.I
)
_ASKS = re.compile(
    r"^\s*(what|why|how|where|which|who|when|is|are|does|do (you|we|they|i|these|those)|can|explain"
    r"|describe|tell me)\b",
    re.I,
)
_ORDERS = re.compile(
    r"\b(fix|add|change|implement|write|create|make|refactor|remove|update|build|rename)\b", re.I
)


def is_question(prompt: str) -> bool:
    """Whether the words of the prompt ask for an answer and for nothing to be changed."""
    asks = prompt.rstrip().endswith("?") or _ASKS.match(prompt) is not None
    return asks and not orders_something(prompt)


def orders_something(prompt: str) -> bool:
    """Whether the words of the prompt say that something is to be changed."""
    return _ORDERS.search(prompt) is not None


def is_small_edit(prompt: str) -> bool:
    """One short line that names a single small change."""
    one = "\n" not in prompt.strip() and len(prompt) <= _SMALL_CHARACTERS
    return (
        one and _SMALL_EDIT.match(prompt) is not None and not re.search(r"\b(and|then|also)\b|[;,]", prompt)
    )
