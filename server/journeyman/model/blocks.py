"""Files and commands as a weak model writes them best: a fenced block below the name of the file it is.

A model of a few hundred million parameters writes code it has seen a million times in a fence, and spoils it
inside a JSON string. So what it says is a file (a name on the line above the fence, the whole content in it)
or a command (a fence of a shell, without a name). Pure: nothing here knows a provider or a tool.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

TEXT_CHARACTERS_MAX = 1024 * 1024
"""Longer texts are not searched."""
SHELLS = frozenset({"sh", "bash", "shell"})
_OPEN = re.compile(r"(`{3,})([\w+.#-]*)[ \t]*\Z")
_NAME = re.compile(r"(?=.*[./])[\w.@+/-]*\w\Z|(?:Make|Docker|Rake|Gem|Proc)file\Z|[A-Z]{4,}\Z")
_TURN = re.compile(r"^=== (user|assistant)\n", re.MULTILINE)
_LANGUAGES = {
    "awk": "awk", "bash": "bash", "c": "c", "css": "css", "go": "go", "html": "html", "ini": "ini",
    "js": "javascript", "json": "json", "md": "markdown", "mjs": "javascript", "pl": "perl", "py": "python",
    "rb": "ruby", "rs": "rust", "sh": "bash", "toml": "toml", "ts": "typescript", "yaml": "yaml",
    "yml": "yaml",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    path: str | None
    """None: a command."""
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    blocks: tuple[Block, ...]
    before: str
    """What was said before the first block; all of it where there is none."""
    clear: bool
    """Whether every fence was closed, and the first one, where there is any, is a file or a command. What is
    neither, behind those, is an example."""


def read(text: str) -> Reply:
    if len(text) > TEXT_CHARACTERS_MAX:
        return Reply((), text, clear=False)
    lines = text.split("\n")
    blocks: list[Block] = []
    before: int | None = None
    loose = False
    at = 0
    while at < len(lines):
        opening = _OPEN.match(lines[at])
        if opening is None:
            at += 1
            continue
        end = _closing(lines, at + 1, opening[1])
        path = _name(lines[at - 1]) if at else None
        if before is None:
            before = at - 1 if path else at
        if end is None:
            return Reply(tuple(blocks), _said(lines[:before]), clear=False)
        if path is not None or opening[2] in SHELLS:
            blocks.append(Block(path, "".join(f"{line}\n" for line in lines[at + 1 : end])))
        else:
            loose |= not blocks
        at = end + 1
    return Reply(tuple(blocks), _said(lines[:before]), clear=not loose)


def of_file(path: str, text: str) -> str:
    """As `read` reads it. A last line without an end gets one."""
    language = _LANGUAGES.get(path.rpartition(".")[2], "")
    return f"{path}\n{_fenced(language, text)}"


def of_command(command: str) -> str:
    return _fenced("sh", command)


@cache
def examples() -> Sequence[tuple[Literal["user", "assistant"], str]]:
    """Turns of conversations that show the form: weak models copy, they do not follow instructions."""
    text = files("journeyman.model").joinpath("block_examples.md").read_text("utf-8")
    parts = _TURN.split(text)[1:]
    roles: dict[str, Literal["user", "assistant"]] = {"user": "user", "assistant": "assistant"}
    return tuple((roles[role], said.strip()) for role, said in zip(parts[::2], parts[1::2], strict=True))


def _fenced(language: str, text: str) -> str:
    longest = max((len(run) for run in re.findall(r"^`+", text, re.MULTILINE)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{end}{fence}"


def _closing(lines: Sequence[str], start: int, fence: str) -> int | None:
    return next((at for at in range(start, len(lines)) if lines[at].rstrip() == fence), None)


def _name(line: str) -> str | None:
    """The file a line names and nothing else, as it is often dressed up: `a.py`, **a.py**, # a.py."""
    bare = line.strip().strip("*#` ").strip()
    return bare if _NAME.match(bare) else None


def _said(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip()
