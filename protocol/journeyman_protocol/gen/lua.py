"""The contract as LuaCATS annotations and a table of method names, for Neovim."""

from __future__ import annotations

import json
from typing import Any, get_args

from journeyman_protocol.agent import EventKind
from journeyman_protocol.gen.schema import schema
from journeyman_protocol.gen.shapes import fields, literals, reference, without_null

_PRIMITIVES = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "null": "nil",
}
_PREFIX = "journeyman."


def _type(node: dict[str, Any]) -> str:
    node = without_null(node)
    if name := reference(node):
        return _PREFIX + name
    if (values := literals(node)) is not None:
        return "|".join(json.dumps(value) for value in values)
    if "anyOf" in node:
        return "|".join(dict.fromkeys(_type(member) for member in node["anyOf"]))
    kind = node.get("type")
    if kind == "array":
        item = _type(node.get("items", {}))
        return f"({item})[]" if "|" in item else f"{item}[]"
    if kind == "object":
        return "table<string, any>"
    return _PRIMITIVES.get(str(kind), "any")


def _line(text: str) -> str:
    return " " + " ".join(text.split()) if text else ""


def _method(name: str, method: dict[str, Any]) -> str:
    """What a message is called, which way it goes, the classes of what it carries, and its better."""
    parts = {"direction": str(method["direction"])}
    for part in ("params", "result"):
        if method[part] is not None and (named := reference(method[part])):
            parts[part] = _PREFIX + named
    if instead := method.get("deprecated"):
        parts["deprecated"] = str(instead)
    inside = ", ".join(f"{key} = {json.dumps(value)}" for key, value in parts.items())
    return f"  [{json.dumps(name)}] = {{ {inside} }},"


def _constant(method: str) -> str:
    """As `vim.lsp.protocol.Methods` has it: `agent_queue_list`, `dollar_progress`."""
    return method.replace("$", "dollar").replace("/", "_")


def lua() -> str:
    contract = schema()
    lines = ["-- Generated from the Python models by `make gen`. Do not edit.", ""]
    for name, definition in contract["$defs"].items():
        if doc := definition.get("description", ""):
            lines.append(f"---{' '.join(doc.split())}")
        if definition.get("type") != "object":
            lines += [f"---@alias {_PREFIX}{name} {_type(definition)}", ""]
            continue
        lines.append(f"---@class (exact) {_PREFIX}{name}")
        lines += [
            f"---@field {field.name}{'?' if field.optional else ''} {_type(field.schema)}{_line(field.doc)}"
            for field in fields(definition)
        ]
        lines.append("")
    lines += ["local M = {}", "", f"M.protocol_version = {contract['protocolVersion']}", "", "M.methods = {"]
    lines += [_method(name, method) for name, method in contract["methods"].items()]
    lines += ["}", "", "---@enum journeyman.Method", "M.method = {"]
    lines += [f"  {_constant(name)} = {json.dumps(name)}," for name in contract["methods"]]
    lines += ["}", "", "---@type string[]", "M.event_kinds = {"]
    lines += [f"  {json.dumps(kind)}," for kind in get_args(EventKind)]
    lines += ["}", "", "M.error_codes = {"]
    lines += [f"  {name} = {value}," for name, value in contract["errorCodes"].items()]
    lines += ["}", "", "return M", ""]
    return "\n".join(lines)
