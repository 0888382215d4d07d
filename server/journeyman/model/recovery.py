"""Tool calls that a model wrote into its text, taken out where there is only one way to read them.

Three forms occur: XML as Qwen3-Coder is trained on it (`<function=name><parameter=key>value`), the Hermes
form (JSON inside `<tool_call>`), and a bare or fenced JSON object with a name and arguments. The tool must
be one that was offered; anything quoted in a code fence, half finished or readable in two ways stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from journeyman.model.arguments import UndecodableError, decode_arguments, without_lone_surrogates

TEXT_CHARACTERS_MAX = 1024 * 1024
"""Longer texts are not searched."""


@dataclass(frozen=True, slots=True)
class FoundCall:
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    calls: tuple[FoundCall, ...]
    text: str
    """What is left of the text."""
    form: str


_OPEN = re.compile(r"<tool_call>|<function=")
_FUNCTION = re.compile(r"\s*<function=([^<>\s]+)>")
_PARAMETER = re.compile(r"\s*<parameter=([^<>\s]+)>")
_PARAMETER_END = re.compile(r"</parameter>(?=\s*(?:<parameter=[^<>\s]+>|</function>))")
_FUNCTION_END = re.compile(r"\s*</function>")
_CALL_END = re.compile(r"\s*</tool_call>")
_FENCED = re.compile(r"```(?:json|tool_call|tool_code)?[ \t]*\r?\n(.*?)\r?\n?```\s*\Z", re.DOTALL)


def recover(text: str, tool_names: Collection[str]) -> Found | None:
    """The calls in `text`, or None when there are none beyond doubt."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return None
    if _OPEN.search(text):
        return _from_xml(text, tool_names)
    return _from_json(text, tool_names)


def _from_xml(text: str, tool_names: Collection[str]) -> Found | None:
    calls: list[FoundCall] = []
    kept: list[str] = []
    position = 0
    while (opening := _OPEN.search(text, position)) is not None:
        before = text[position : opening.start()]
        if not calls and before.count("```") % 2:
            return None  # inside a code fence: an example, not a call
        parsed = _xml_call(text, opening, tool_names)
        if parsed is None:
            return None
        call, position = parsed
        calls.append(call)
        kept.append(before)
    kept.append(text[position:])
    return Found(tuple(calls), "".join(kept).strip(), "XML") if calls else None


def _xml_call(text: str, opening: re.Match[str], tool_names: Collection[str]) -> tuple[FoundCall, int] | None:
    wrapped = opening.group() == "<tool_call>"
    position = opening.end() if wrapped else opening.start()
    if _FUNCTION.match(text, position):
        parsed = _qwen(text, position)
    elif wrapped:
        parsed = _hermes(text, position)
    else:
        parsed = None
    if parsed is None or parsed[0].name not in tool_names:
        return None
    call, position = parsed
    closing = _CALL_END.match(text, position)
    if closing is not None:
        return call, closing.end()  # Qwen3-Coder often forgets the opening tag, not the closing one
    return None if wrapped else (call, position)


def _qwen(text: str, position: int) -> tuple[FoundCall, int] | None:
    head = _FUNCTION.match(text, position)
    if head is None:
        return None
    position = head.end()
    arguments: dict[str, Any] = {}
    while (parameter := _PARAMETER.match(text, position)) is not None:
        end = _PARAMETER_END.search(text, parameter.end())
        key = parameter.group(1)
        if end is None or key in arguments:
            return None  # unfinished, or a value that itself holds such tags
        arguments[key] = _without_frame(text[parameter.end() : end.start()])
        position = end.end()
    tail = _FUNCTION_END.match(text, position)
    return (FoundCall(head.group(1), arguments), tail.end()) if tail else None


def _without_frame(value: str) -> str:
    """The value without the line break after the opening tag and the one before the closing tag."""
    value = value.removeprefix("\r\n") if value.startswith("\r\n") else value.removeprefix("\n")
    return value.removesuffix("\r\n") if value.endswith("\r\n") else value.removesuffix("\n")


def _hermes(text: str, position: int) -> tuple[FoundCall, int] | None:
    start = position
    while start < len(text) and text[start].isspace():
        start += 1
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    call = _named_call(value)
    return (call, end) if call else None


def _from_json(text: str, tool_names: Collection[str]) -> Found | None:
    stripped = text.strip()
    rest = ""
    if fenced := _FENCED.search(stripped):
        if stripped.count("```") != 2:
            return None
        rest = stripped[: fenced.start()].strip()
        stripped = fenced.group(1).strip()
    if not stripped.startswith(("{", "[")):
        return None
    try:
        value: Any = json.loads(stripped, strict=False)
    except (ValueError, RecursionError):
        return None
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    calls = [_named_call(item) for item in values]
    if not calls or any(call is None or call.name not in tool_names for call in calls):
        return None
    return Found(tuple(call for call in calls if call), rest, "JSON")


def _named_call(value: Any) -> FoundCall | None:
    """`{"name": ..., "arguments": {...}}` in its usual spellings, and nothing beside these two keys."""
    if not isinstance(value, dict):
        return None
    fields = dict(cast("dict[str, Any]", value))
    if fields.get("type") == "function":
        fields.pop("type")
    if set(fields) == {"function"} and isinstance(fields["function"], dict):
        fields = dict(cast("dict[str, Any]", fields["function"]))
    if len(fields) != 2:
        return None
    name = next((fields[key] for key in ("name", "tool", "tool_name", "function") if key in fields), None)
    arguments = next((fields[key] for key in ("arguments", "parameters", "args") if key in fields), None)
    if isinstance(arguments, str):
        try:
            arguments = decode_arguments(arguments)
        except UndecodableError:
            return None
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return FoundCall(name, cast("dict[str, Any]", without_lone_surrogates(arguments)))
