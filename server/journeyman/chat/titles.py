"""What a chat is called when nobody has named it: the first line of the first prompt."""

from __future__ import annotations

TITLE_CHARS = 80
UNTITLED = "New chat"


def title_from(prompt: str) -> str:
    """The first line that says something, without markup at its start, cut at a word."""
    for line in prompt.splitlines():
        words = "".join(char if char.isprintable() else " " for char in line).lstrip("#>*-` \t").split()
        if words:
            return _cut(" ".join(words))
    return UNTITLED


def _cut(text: str) -> str:
    if len(text) <= TITLE_CHARS:
        return text
    head = text[: TITLE_CHARS - 1]
    at_word = head.rpartition(" ")[0]
    return (at_word if len(at_word) > TITLE_CHARS // 2 else head) + "…"
