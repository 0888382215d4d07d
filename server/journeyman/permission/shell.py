"""The simple commands inside a shell line, as far as they can be told without running it. Pure.

A help for people and no boundary: what a line computes cannot be read off it. The sandbox is the boundary.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

DEPTH_MAX = 3
_OPERATORS = "();<>|&\n"
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_PREFIXES = frozenset(
    {"sudo", "env", "command", "builtin", "exec", "nohup", "time", "nice", "ionice", "timeout", "xargs",
     "setsid", "stdbuf", "then", "do", "else", "if", "while", "until", "!", "{", "&&", "||"}
)  # fmt: skip
_WRITERS = frozenset(
    {"cp", "mv", "ln", "tee", "install", "chmod", "touch", "rsync", "dd", "sed", "rm", "truncate"}
)


def simple_commands(line: str, depth: int = 0) -> list[tuple[str, ...]]:
    """Each simple command as words, its program without directories; those inside `sh -c` and `eval` too."""
    found: list[tuple[str, ...]] = []
    for words in _split(line):
        argv = _bare(words)
        if not argv:
            continue
        found.append(argv)
        inner = _inner(argv)
        if inner and depth < DEPTH_MAX:
            found += simple_commands(inner, depth + 1)
    return found


def written_paths(line: str) -> Iterator[str]:
    """Words that a redirection writes to, or that a program which writes names. Others may be written too."""
    tokens = _tokens(line)
    for at, token in enumerate(tokens[:-1]):
        if ">" in token and set(token) <= set("<>&|"):
            yield tokens[at + 1]
    for argv in simple_commands(line):
        if argv[0] in _WRITERS:
            yield from (word.removeprefix("of=") for word in argv[1:] if not word.startswith("-"))


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:  # a quote that is not closed, or that belongs to a here-document
        return [part for part in re.split(r"([\n;|&()<>]+)|\s+|['\"`]", line) if part]


def _split(line: str) -> Iterator[list[str]]:
    words: list[str] = []
    for token in [*_tokens(line), "\n"]:
        if set(token) <= set(_OPERATORS):
            if not set(token) <= set("<>"):  # a redirection's target is a word more, which does no harm
                yield words
                words = []
        else:
            words.append(token)


def _bare(words: list[str]) -> tuple[str, ...]:
    """Without assignments and what only starts the rest."""
    at = 0
    while at < len(words):
        name = posixpath.basename(words[at])
        if _ASSIGNMENT.match(words[at]) or words[at] in ("$", "`"):
            at += 1
        elif name in _PREFIXES:
            at += 1
            while at < len(words) and (
                words[at].startswith("-") or re.fullmatch(r"[\d.]+[smhd]?", words[at])
            ):
                at += 1
        else:
            return (name.strip("`$"), *words[at + 1 :])
    return ()


def _inner(argv: tuple[str, ...]) -> str:
    if argv[0] == "eval":
        return " ".join(argv[1:])
    if argv[0] in _SHELLS:
        for at, word in enumerate(argv[1:-1], start=1):
            if word.startswith("-") and not word.startswith("--") and "c" in word:
                return argv[at + 1]
    return ""
