"""The contract as TypeScript: one interface per definition and a map of methods."""

from __future__ import annotations

import json
from typing import Any

from journeyman_protocol.gen.schema import schema
from journeyman_protocol.gen.shapes import fields, literals, reference, without_null

_PRIMITIVES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def _type(node: dict[str, Any]) -> str:
    node = without_null(node)
    if name := reference(node):
        return name
    if (values := literals(node)) is not None:
        return " | ".join(json.dumps(value) for value in values)
    if "anyOf" in node:
        return " | ".join(dict.fromkeys(_type(member) for member in node["anyOf"]))
    kind = node.get("type")
    if kind == "array":
        item = _type(node.get("items", {}))
        return f"({item})[]" if " | " in item else f"{item}[]"
    if kind == "object":
        return "Record<string, unknown>"
    return _PRIMITIVES.get(str(kind), "unknown")


def _comment(text: str, indent: str = "") -> list[str]:
    # A glob such as **/build/** would end the comment.
    words = " ".join(text.split()).replace("*/", "*\\/")
    return [f"{indent}/** {words} */"] if text else []


def _constant(method: str) -> str:
    """`workspace/readFile` as `workspaceReadFile`, `$/progress` as `progress`."""
    first, *others = method.removeprefix("$/").split("/")
    return first + "".join(other[0].upper() + other[1:] for other in others)


def _said(method: dict[str, Any]) -> str:
    instead = method.get("deprecated")
    return f"{method['doc']} @deprecated {instead}" if instead else str(method["doc"])


def typescript() -> str:
    contract = schema()
    lines = ["// Generated from the Python models by `make gen`. Do not edit.", ""]
    lines.append(f"export const PROTOCOL_VERSION = {contract['protocolVersion']};")
    lines.append("")
    for name, definition in contract["$defs"].items():
        lines += _comment(definition.get("description", ""))
        if definition.get("type") != "object":
            lines += [f"export type {name} = {_type(definition)};", ""]
            continue
        lines.append(f"export interface {name} {{")
        for field in fields(definition):
            lines += _comment(field.doc, "  ")
            lines.append(f"  {field.name}{'?' if field.optional else ''}: {_type(field.schema)};")
        lines += ["}", ""]
    for direction, title in (
        ("request", "Requests"),
        ("notificationIn", "ClientNotifications"),
        ("requestOut", "DaemonRequests"),
        ("notificationOut", "DaemonNotifications"),
    ):
        lines.append(f"export interface {title} {{")
        for name, method in contract["methods"].items():
            if method["direction"] != direction:
                continue
            lines += _comment(_said(method), "  ")
            params = _type(method["params"])
            answer = f"; result: {_type(method['result'])}" if method["result"] else ""
            lines.append(f"  {json.dumps(name)}: {{ params: {params}{answer} }};")
        lines += ["}", ""]
    lines.append("export const Methods = {")
    lines += [f"  {_constant(name)}: {json.dumps(name)}," for name in contract["methods"]]
    lines += ["} as const;", ""]
    lines.append("export const ErrorCodes = {")
    lines += [f"  {name}: {value}," for name, value in contract["errorCodes"].items()]
    lines += ["} as const;", ""]
    return "\n".join(lines)
