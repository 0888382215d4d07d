"""The head of a Markdown file, between two lines of `---`: names with texts. Pure, and linear in its length.

The part of YAML that such heads are written in, and no more: plain, quoted and block texts of top-level
names. The library for the whole language takes a second for 4,000 hostile characters, and these
come from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

HEAD_CHARACTERS_MAX = 8_192
_NAME = re.compile(r"([A-Za-z][\w-]*):(?:[ \t]+|$)")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")
_ESCAPES = {"n": "\n", "t": "\t"}
_EMPTY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Document:
    body: str
    head: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """Names whose value is a text; lists and what is below other names are left out."""


def parse(text: str) -> Document:
    """Raises `ValueError` with the reason, as half a sentence."""
    lines = text.lstrip("\ufeff").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return Document("".join(lines))
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise ValueError("its front matter has no end")
    head = [line.rstrip("\r\n") for line in lines[1:end]]
    if sum(map(len, head)) > HEAD_CHARACTERS_MAX:
        raise ValueError(f"its front matter is longer than {HEAD_CHARACTERS_MAX:,} characters")
    return Document("".join(lines[end + 1 :]), dict(_values(head)))


def _values(lines: list[str]) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        named = _NAME.match(line)
        if named is None:
            raise ValueError(f"line {at} of its front matter is not `name: text`")
        below: list[str] = []
        while at < len(lines) and (not lines[at].strip() or lines[at][0] in " \t-"):
            below.append(lines[at].strip())
            at += 1
        value = _text(line[named.end() :].strip(), below)
        if value is not None:
            yield named[1], value


def _text(first: str, below: list[str]) -> str | None:
    """A value as text; None for one that is something else."""
    if first[:1] == "|":
        return "\n".join(below).strip()
    if first[:1] == ">":
        return " ".join(each for each in below if each)
    if first[:1] in ("'", '"'):
        whole = " ".join([first, *(each for each in below if each)])
        quoted = _QUOTED.match(whole)
        if quoted is None or whole[quoted.end() :].strip()[:1] not in ("", "#"):
            raise ValueError("a quoted text of its front matter has no end")
        return _unquoted(quoted[0])
    if not first or first[0] in "[{&*!%@`":
        return None
    return " ".join([re.split(r"\s#", first, maxsplit=1)[0].strip(), *(each for each in below if each)])


def _unquoted(quoted: str) -> str:
    inner = quoted[1:-1]
    if quoted[0] == "'":
        return inner.replace("''", "'")
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner)
