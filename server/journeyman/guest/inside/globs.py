"""Globs and .gitignore rules as regular expressions."""

from __future__ import annotations

import contextlib
import os
import re

from .paths import OPEN_READ
from .wire import Refusal


def glob_regex(pattern: str) -> str:
    """A glob (`*`, `?`, `[...]`, `{a,b}`, `**`) over '/'-separated paths, as a regular expression."""
    out, at, depth = "", 0, 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            if pattern[at : at + 2] == "*/":
                out, at = out + "(?:.*/)?", at + 2
            elif pattern[at : at + 1] == "*":
                out, at = out + ".*", at + 1
            else:
                out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            inner = pattern[at:end].replace("\\", "\\\\").replace("[", "\\[")
            out += "[%s]" % ("^" + inner[1:] if inner[:1] == "!" else inner)
            at = end + 1
        elif char == "{" and "}" in pattern[at:]:
            out, depth = out + "(?:", depth + 1
        elif char == "}" and depth:
            out, depth = out + ")", depth - 1
        elif char == "," and depth:
            out += "|"
        else:
            out += re.escape(char)
    return "(?s:%s)\\Z" % out


def compile_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise Refusal("invalid", "The pattern does not parse: %s." % error) from None


class Ignored:
    """The .gitignore rules met on the way down (the common subset), for when there is no ripgrep."""

    def __init__(self) -> None:
        self._rules: list[tuple[str, bool, bool, re.Pattern[str]]] = []

    def enter(self, directory: int, prefix: str) -> None:
        try:
            with os.fdopen(os.open(b".gitignore", OPEN_READ, dir_fd=directory), "rb") as source:
                lines = source.read(1 << 20).decode("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            line = line.rstrip()
            if not line or line.startswith("#"):
                continue
            keep, line = line.startswith("!"), line.lstrip("!")
            only_directory, body = line.endswith("/"), line.strip("/")
            anchored = "/" in line.rstrip("/")
            with contextlib.suppress(Refusal):
                rule = compile_pattern(glob_regex(body if anchored else "**/" + body))
                self._rules.append((prefix, keep, only_directory, rule))

    def hides(self, path: str, is_directory: bool) -> bool:
        hidden = False
        for prefix, keep, only_directory, rule in self._rules:
            if (
                path.startswith(prefix)
                and (is_directory or not only_directory)
                and rule.match(path[len(prefix) :])
            ):
                hidden = not keep
        return hidden
