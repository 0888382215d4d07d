"""What there is to say against an effect: each finding under the setting that decides about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import join
from typing import Literal

from journeyman.permission import shell
from journeyman.permission.effect import Effect
from journeyman.permission.git import objection
from journeyman.permission.protected import NAMES, protected

Topic = Literal["git", "protected", "commands", "edits", "mcp"]


@dataclass(frozen=True, slots=True)
class Finding:
    topic: Topic
    rule: str
    """What an allowance for the rest of a run covers: `git push`, `write .git/hooks`."""
    why: str
    """For people: half a sentence after the effect."""


def findings(effect: Effect) -> tuple[Finding, ...]:
    """In the order people should read them; each rule once."""
    if effect.type == "git":
        found = [*_git(effect.argv)]
    elif effect.type == "edit":
        found = [*_written(effect.paths), Finding("edits", "any edit", "it changes files")]
    elif effect.type == "mcp":
        found = [_server(*effect.argv)]
    else:
        found = _said(effect.command, effect.cwd)
        found.append(Finding("commands", "any command", "it runs a command"))
    return tuple({finding.rule: finding for finding in reversed(found)}.values())[::-1]


def _server(server: str, tool: str, where: str) -> Finding:
    if where == "outside":
        return Finding("mcp", f"mcp {server} {tool}", "it is done by a program outside the workspace")
    return Finding("commands", "any command", "it is done by a program in the workspace")


def _said(command: str, cwd: str) -> list[Finding]:
    """Taking a long line apart costs: only where a word of it could matter."""
    found: list[Finding] = []
    if "git" in command:
        found += [each for argv in shell.simple_commands(command) for each in _command(argv)]
    lowered = command.lower()
    if any(name in lowered for name in (".git", *NAMES)):
        found += _written([join(cwd, path) for path in shell.written_paths(command)])
    return found


def _command(argv: tuple[str, ...]) -> list[Finding]:
    return _git(argv[1:]) if argv[0] == "git" else []


def _git(words: tuple[str, ...]) -> list[Finding]:
    found = objection(words)
    return [] if found is None else [Finding("git", found[0], found[1])]


def _written(paths: Iterable[str]) -> list[Finding]:
    return [
        Finding("protected", f"write {place}", why)
        for path in paths
        for place, why in [protected(path)]
        if place
    ]
