"""Reads the LuaCATS annotations of a Lua file as they are written, and judges values by them.

It knows nothing of the models they were generated from: only what a Neovim user's language server would read.
What is read of https://luals.github.io/wiki/annotations/: exact classes, optional fields, aliases, unions,
arrays, `table<string, any>`, literals. Anything else is an error, not a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_CLASS = re.compile(r"---@class \(exact\) ([\w.]+)$")
_FIELD = re.compile(r"---@field ([\w$]+)(\??) (.+)$")
_ALIAS = re.compile(r"---@alias ([\w.]+) (.+)$")
_METHOD = re.compile(r"  \[\"(.+?)\"\] = \{ (.+) \},$")
_PART = re.compile(r"(\w+) = \"([^\"]+)\"")
_TOKEN = re.compile(r"table<string, any>|\"(?:[^\"\\]|\\.)*\"|-?\d+|[\w.]+|\[\]|[()|]")
_PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "table<string, any>": (dict,),
}


@dataclass(frozen=True, slots=True)
class Member:
    optional: bool
    type: str


@dataclass(slots=True)
class Annotations:
    classes: dict[str, dict[str, Member]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    methods: dict[str, dict[str, str]] = field(default_factory=dict)
    """Method to `direction`, `params`, `result`."""

    @classmethod
    def read(cls, text: str) -> Annotations:
        found, last = cls(), None
        for line in text.splitlines():
            if named := _CLASS.match(line):
                last = found.classes.setdefault(named[1], {})
            elif member := _FIELD.match(line):
                assert last is not None, line
                last[member[1]] = Member(bool(member[2]), _written(member[3]))
            elif alias := _ALIAS.match(line):
                found.aliases[alias[1]] = _written(alias[2])
            elif method := _METHOD.match(line):
                found.methods[method[1]] = dict(_PART.findall(method[2]))
        return found

    def wrong(self, value: Any, type_: str, where: str = "") -> list[str]:
        """What in the value is not of this type."""
        return _Judge(self, _TOKEN.findall(type_)).union(value, where)


def _written(rest: str) -> str:
    """The type at the beginning of what follows a name; words may come behind it."""
    end = 0
    while found := _TOKEN.match(rest, end):
        end = found.end()
        if not rest.startswith(("[]", "|", ")"), end) and rest[end - 1] not in "|(":
            break
    assert end, f"no type: {rest}"
    return rest[:end]


@dataclass(slots=True)
class _Judge:
    known: Annotations
    tokens: list[str]

    def union(self, value: Any, where: str) -> list[str]:
        members = [self.member(value, where)]
        while self.tokens and self.tokens[0] == "|":
            self.tokens.pop(0)
            members.append(self.member(value, where))
        return min(members, key=len)

    def member(self, value: Any, where: str) -> list[str]:
        written = [self.tokens.pop(0)]
        if written[0] == "(":
            depth = 1
            while depth:
                written.append(self.tokens.pop(0))
                depth += {"(": 1, ")": -1}.get(written[-1], 0)
            written = written[1:-1]
        arrays = 0
        while self.tokens and self.tokens[0] == "[]":
            self.tokens.pop(0)
            arrays += 1
        return list(self.items(value, written, arrays, where))

    def items(self, value: Any, written: list[str], arrays: int, where: str) -> Iterator[str]:
        if arrays:
            if not isinstance(value, list):
                yield f"{where}: not a list"
                return
            for index, each in enumerate(value):
                yield from self.items(each, written, arrays - 1, f"{where}[{index}]")
        elif len(written) > 1:
            yield from _Judge(self.known, [*written]).union(value, where)
        else:
            yield from self.one(value, written[0], where)

    def one(self, value: Any, name: str, where: str) -> Iterator[str]:
        if name == "any":
            return
        if name in self.known.aliases:
            yield from self.known.wrong(value, self.known.aliases[name], where)
        elif name in self.known.classes:
            yield from self.fields(value, name, where)
        elif name in _PLAIN:
            if not isinstance(value, _PLAIN[name]) or (isinstance(value, bool) and name != "boolean"):
                yield f"{where}: not of {name}"
        elif name[0] == '"' or name.lstrip("-").isdigit():
            if value != json.loads(name):
                yield f"{where}: not {name}"
        else:
            yield f"{where}: nothing says what {name} is"

    def fields(self, value: Any, name: str, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: not a {name}"
            return
        members = self.known.classes[name]
        for key in value.keys() - members.keys():
            yield f"{where}.{key}: no field of {name}"
        for key, member in members.items():
            if key in value:
                yield from self.known.wrong(value[key], member.type, f"{where}.{key}")
            elif not member.optional:
                yield f"{where}.{key}: is missing"
