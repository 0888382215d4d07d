"""Finding the words of a text."""

import re

WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")


def words(text):
    """The words of `text` in order, in lower case. "don't" is one word."""
    return WORD.findall(text.lower())
