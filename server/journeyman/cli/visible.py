"""Text of strangers made safe to print: nothing in it can move the cursor, recolour, or hide.

Model text, tool output, file names and file content all pass through here before they reach a terminal.
"""

from __future__ import annotations

_HIDDEN = {
    **{code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    # Characters that change the order in which text is shown, or show nothing at all.
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}


def visible(text: str) -> str:
    """`text` with every control character but tab and newline replaced by a picture of it."""
    return text.replace("\r\n", "\n").translate(_HIDDEN)


def one_line(text: str, width: int = 100) -> str:
    """The first line that says something, cut to `width` characters."""
    line = next((line.strip() for line in visible(text).splitlines() if line.strip()), "")
    return line if len(line) <= width else line[: width - 1] + "…"
