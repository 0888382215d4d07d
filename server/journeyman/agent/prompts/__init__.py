"""The system prompt: files, the same bytes in every request to a model, so that it can be cached."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def system_prompt(*parts: str, common: str = "system") -> str:
    """The common part and those of a family (`families.py`), in this order."""
    texts = [files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8") for name in (common, *parts)]
    return "\n".join(text.strip() + "\n" for text in texts)
