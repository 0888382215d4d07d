"""JSON Schema definitions as the few shapes the generated types need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    schema: dict[str, Any]
    optional: bool
    doc: str


def fields(definition: dict[str, Any]) -> Iterator[Field]:
    required = set(definition.get("required", []))
    for name, value in definition.get("properties", {}).items():
        yield Field(name, without_null(value), name not in required, str(value.get("description", "")))


def without_null(node: dict[str, Any]) -> dict[str, Any]:
    """Null and absent mean the same, so the types only say optional. Members that a field tells apart are
    members like others."""
    if "oneOf" in node:
        node = {"anyOf": node["oneOf"]}
    if "anyOf" not in node:
        return node
    members = [member for member in node["anyOf"] if member != {"type": "null"}]
    if len(members) == len(node["anyOf"]):
        return node
    return members[0] if len(members) == 1 else {**node, "anyOf": members}


def reference(node: dict[str, Any]) -> str | None:
    ref = node.get("$ref")
    return str(ref).removeprefix("#/$defs/") if ref else None


def literals(node: dict[str, Any]) -> list[Any] | None:
    if "const" in node:
        return [node["const"]]
    return list(node["enum"]) if "enum" in node else None
