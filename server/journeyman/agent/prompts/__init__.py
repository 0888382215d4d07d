"""The system prompt: a file, the same bytes in every request, so that providers can cache the prefix."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def system_prompt() -> str:
    return files(__name__).joinpath("system.md").read_text(encoding="utf-8")
