"""The contract for people: PROTOCOL.md, with a golden example for every method."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, get_args

from journeyman_protocol.errors import ErrorCode, ErrorKind
from journeyman_protocol.gen.schema import schema
from journeyman_protocol.gen.shapes import fields, literals, reference, without_null

_PROTOCOL = Path(__file__).resolve().parents[2]
GOLDEN = _PROTOCOL / "golden"
MANUAL = _PROTOCOL / "manual"
"""Chapters written by hand, in the order of their names."""

_INTRODUCTION = """\
# The Journeyman protocol

Generated from `protocol/journeyman_protocol` and `protocol/manual` by `make gen`. Do not edit.

JSON-RPC 2.0 in LSP frames (`Content-Length: N`, a blank line, N bytes of UTF-8 JSON), over stdio, a Unix
socket or TCP. The life of a connection is LSP's: `initialize`, `initialized`, ..., `shutdown`, `exit`;
`daemon/ping` is answered before `initialize` too. Every request gets exactly one answer. Field names are
camelCase; an optional field is null or absent with the same meaning; unknown fields are refused.

How to connect, to run and follow, to cancel, to decide, and what errors say comes first; then every method
with an example, the error codes, and the types.
"""


def golden_file(method: str) -> Path:
    return GOLDEN / f"{method.replace('$', '').strip('/').replace('/', '.')}.json"


def _type(node: dict[str, Any]) -> str:
    node = without_null(node)
    if name := reference(node):
        return f"[{name}](#{name.lower()})"
    if (values := literals(node)) is not None:
        return " or ".join(f"`{json.dumps(value)}`" for value in values)
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_type(member) for member in node["anyOf"]))
    kind = str(node.get("type", "any"))
    if kind == "array":
        return f"array of {_type(node.get('items', {}))}"
    return kind


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _example(method: str) -> list[str]:
    path = golden_file(method)
    if not path.exists():
        return []
    return ["```json", path.read_text(encoding="utf-8").strip(), "```", ""]


def _methods(contract: dict[str, Any]) -> list[str]:
    lines = ["## Methods", "", "| method | direction | does |", "|---|---|---|"]
    arrows = {
        "request": "client → daemon, answered",
        "notificationIn": "client → daemon",
        "requestOut": "daemon → client, answered",
    }
    for name, method in contract["methods"].items():
        arrow = arrows.get(method["direction"], "daemon → client")
        lines.append(f"| `{name}` | {arrow} | {_cell(method['doc'])} |")
    lines.append("")
    for name, method in contract["methods"].items():
        lines += [f"### `{name}`", "", method["doc"], ""]
        if instead := method.get("deprecated"):
            lines += [f"Deprecated. {instead}", ""]
        answer = f" Result: {_type(method['result'])}." if method["result"] else ""
        order = f" Ordered per {method['scope']}." if method["scope"] != "none" else ""
        lines += [f"Params: {_type(method['params'])}.{answer}{order} Since version {method['since']}.", ""]
        lines += _example(name)
    return lines


def _types(contract: dict[str, Any]) -> list[str]:
    lines = ["## Types", ""]
    for name, definition in contract["$defs"].items():
        lines += [f"### {name}", ""]
        if doc := definition.get("description", ""):
            lines += [doc.strip(), ""]
        rows = list(fields(definition))
        if rows:
            lines += ["| field | type | |", "|---|---|---|"]
            for row in rows:
                name_cell = f"`{row.name}`{' (optional)' if row.optional else ''}"
                lines.append(f"| {name_cell} | {_cell(_type(row.schema))} | {_cell(row.doc)} |")
            lines.append("")
    return lines


def _errors() -> list[str]:
    source = inspect.getsource(ErrorCode).splitlines()
    lines = [
        "## Errors",
        "",
        "Every error carries `data` ([ErrorData](#errordata)).",
        "",
        "| code | name | means |",
    ]
    lines.append("|---|---|---|")
    for code in ErrorCode:
        at = next(i for i, line in enumerate(source) if line.strip().startswith(f"{code.name} ="))
        lines.append(f"| {code.value} | {code.name} | {_cell(source[at + 1].strip().strip(chr(34)))} |")
    kinds = ", ".join(f"`{kind}`" for kind in get_args(ErrorKind))
    lines += ["", f"`data.kind` is one of {kinds}.", ""]
    return lines


def markdown() -> str:
    contract = schema()
    chapters = [path.read_text(encoding="utf-8") for path in sorted(MANUAL.glob("*.md"))]
    return "\n".join([_INTRODUCTION, *chapters, *_methods(contract), *_errors(), *_types(contract)])
