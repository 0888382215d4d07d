"""Text of a project inside tags of its own, so that it cannot pass for anything else. Pure.

Nothing a person would not see in an editor stays in it: a hidden sentence is how a harmless file lies.
"""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_TAG = re.compile(r"<(?=/?[A-Za-z][\w-]*)")
VALUE_CHARACTERS_MAX = 200


def fenced(tag: str, text: str, **attributes: str) -> str:
    """`text` between `<tag>` and `</tag>`, and no such tag inside it."""
    shown = "".join(f' {name}="{one_line(value)}"' for name, value in attributes.items())
    own = re.compile(rf"<(?=\s*/?\s*{re.escape(tag)}\b)", re.IGNORECASE)
    return f"<{tag}{shown}>\n{own.sub('&lt;', visible(text)).strip()}\n</{tag}>"


def visible(text: str) -> str:
    """Without control, format, private and unassigned characters, but for line ends and tabs."""
    if text.isascii() and text.isprintable():
        return text
    plain = text.replace("\r\n", "\n")
    return "".join(each for each in plain if each in "\n\t" or unicodedata.category(each) not in _HIDDEN)


def one_line(text: str, characters_max: int = VALUE_CHARACTERS_MAX) -> str:
    """For a name or a description: one line, no tags or quotes that end something, cut."""
    line = _TAG.sub("&lt;", " ".join(visible(text).split())).replace('"', "'")
    return line if len(line) <= characters_max else f"{line[: characters_max - 3]}..."
