"""What a person types to find a chat, as terms. How an index writes them is not its business."""

from __future__ import annotations

import re

from journeyman.failures import Failure
from journeyman.ports.finding import Term

QUERY_CHARS_MAX = 500
TERMS_MAX = 24
GOES_ON_CHARS_MIN = 3
"""A shorter word stands for itself only: too much begins with one letter."""
_TERMS = re.compile(r'"([^"]*)"|([^\s"]+)')


def terms_of(query: str) -> tuple[Term, ...]:
    """Words, and phrases in double quotes, each once. Raises `invalid` where there is nothing to look for, or
    too much."""
    if len(query) > QUERY_CHARS_MAX:
        raise _too_much()
    terms: dict[Term, None] = {}
    for quoted, word in _TERMS.findall(query):
        text = str(quoted or word).replace("\0", " ").strip()
        if any(char.isalnum() for char in text):
            terms[Term(text, whole=bool(quoted) or len(text) < GOES_ON_CHARS_MIN)] = None
    if not terms:
        raise Failure(
            "invalid", "There is no word to look for.", hint="Give words that have letters or digits."
        )
    if len(terms) > TERMS_MAX:
        raise _too_much()
    return tuple(terms)


def _too_much() -> Failure:
    return Failure(
        "invalid",
        f"A search has at most {QUERY_CHARS_MAX} characters and {TERMS_MAX} words.",
        hint="Look for fewer words.",
    )
