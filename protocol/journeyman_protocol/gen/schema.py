"""The contract as JSON Schema 2020-12, with the table of methods beside the definitions."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from journeyman_protocol import PROTOCOL_VERSION
from journeyman_protocol.base import Message, RequestMeta
from journeyman_protocol.daemon import ClientJourneyman, InitializationOptions, JourneymanCapabilities
from journeyman_protocol.errors import ErrorCode, ErrorData
from journeyman_protocol.gen.docstrings import fields_of
from journeyman_protocol.methods import METHODS
from journeyman_protocol.rows import Direction


class _Definitions(GenerateJsonSchema):
    """With the words below each field. Field titles would become one alias per field in generated types."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, words in fields_of(model).items():
            made["properties"][model.model_fields[name].alias or name].setdefault("description", words)
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _models() -> tuple[list[type[Message]], list[type[Message]]]:
    """(what clients send, what the daemon sends)"""
    sent: list[type[Message]] = [ClientJourneyman, InitializationOptions, RequestMeta]
    received: list[type[Message]] = [JourneymanCapabilities, ErrorData]
    for method in METHODS:
        ours = method.direction in (Direction.NOTIFICATION_OUT, Direction.REQUEST_OUT)
        (received if ours else sent).append(method.params)
        if method.result is not None:
            (sent if ours else received).append(method.result)
    return sent, received


def _reachable(names: set[str], definitions: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting.extend(_references(definitions[name]))
    return found


def _references(node: object) -> list[str]:
    match node:
        case {"$ref": str(ref)}:
            return [ref.removeprefix("#/$defs/")]
        case dict():
            return [name for value in cast("dict[str, object]", node).values() for name in _references(value)]
        case list():
            return [name for value in cast("list[object]", node) for name in _references(value)]
        case _:
            return []


def _require_what_is_always_sent(definition: dict[str, Any]) -> None:
    properties: dict[str, Any] = definition.get("properties", {})
    always = {name for name, value in properties.items() if value.get("default") is not None}
    always |= set(definition.get("required", []))
    if always:
        definition["required"] = [name for name in properties if name in always]


def schema() -> dict[str, Any]:
    """The whole contract. A field the daemon always sends is `required` in what it sends."""
    sent, received = _models()
    pairs: list[tuple[type[Message], JsonSchemaMode]]
    pairs = [(model, "validation") for model in dict.fromkeys(sent + received)]
    _, top = models_json_schema(pairs, by_alias=True, schema_generator=_Definitions)
    definitions: dict[str, Any] = top["$defs"]
    from_clients = _reachable({model.__name__ for model in sent}, definitions)
    for name, definition in definitions.items():
        if name not in from_clients:
            _require_what_is_always_sent(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Journeyman protocol",
        "protocolVersion": PROTOCOL_VERSION,
        "methods": {
            method.name: {
                "direction": method.direction.value,
                "params": {"$ref": f"#/$defs/{method.params.__name__}"},
                "result": {"$ref": f"#/$defs/{method.result.__name__}"} if method.result else None,
                "scope": method.scope.value,
                "since": method.since,
                "doc": method.doc,
                **({"deprecated": method.deprecated} if method.deprecated else {}),
            }
            for method in METHODS
        },
        "errorCodes": {code.name: code.value for code in ErrorCode},
        "$defs": dict(sorted(definitions.items())),
    }


def schema_json() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
