"""Making sense of the arguments a model sent: aliases, wrong scalar types, JSON inside strings.

Tolerant where the meaning is plain, strict where it is not: a problem is a sentence for the model.
Knows JSON Schema only as far as the tools here use it (flat objects, arrays of flat objects).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_ALIASES: dict[str, tuple[str, ...]] = {
    "path": ("file_path", "filename", "file", "target_file", "dir", "directory", "folder", "absolute_path"),
    "old_string": ("old_str", "old_text", "old", "search", "find"),
    "new_string": ("new_str", "new_text", "new", "replacement", "replace"),
    "content": ("contents", "text", "file_text", "body", "title", "step", "description", "task"),
    "patch": ("input", "diff", "patch_text", "patchtext"),
    "command": ("cmd", "script", "shell_command"),
    "pattern": ("regex", "query", "search", "glob"),
    "glob": ("include", "file_pattern"),
    "items": ("todos", "todo_list", "todo", "plan", "tasks", "list"),
    "summary": ("message", "text", "result", "answer"),
    "args": ("arguments", "command", "argv"),
    "replace_all": ("all_occurrences", "global"),
    "ignore_case": ("case_insensitive",),
    "offset": ("start_line", "line", "start"),
    "limit": ("max_results", "lines", "count", "head_limit"),
    "timeout": ("timeout_s", "timeout_seconds"),
    "background": ("is_background", "run_in_background"),
    "id": ("job_id", "session_id", "item_id"),
    "stdin": ("input", "chars"),
    "status": ("state",),
    "check": ("verify", "verification", "acceptance"),
}
_WORDS = {
    **dict.fromkeys(("completed", "complete", "finished", "success", "ok"), "done"),
    **dict.fromkeys(("in-progress", "in progress", "inprogress", "active"), "in_progress"),
    **dict.fromkeys(("todo", "open", "not_started"), "pending"),
    **dict.fromkeys(("cancelled", "canceled", "skipped"), "dropped"),
}


@dataclass(slots=True)
class Decoded:
    values: dict[str, Any]
    notes: list[str] = field(default_factory=list[str])
    """What was ignored, for the model."""
    problem: str | None = None
    """Why the call cannot be made; None for a good one."""


def decode(schema: Mapping[str, Any], raw: Mapping[str, Any]) -> Decoded:
    """Fit `raw` to the schema of a flat object."""
    properties: Mapping[str, Any] = schema["properties"]
    decoded = Decoded({})
    for key, value in _unwrapped(properties, raw).items():
        name = _name(key, properties, decoded.values, raw)
        if name is None:
            decoded.notes.append(f"unknown argument {key!r} ignored")
            continue
        if value is None and name not in schema.get("required", ()):
            continue
        try:
            decoded.values[name] = _fit(properties[name], value, name, decoded.notes)
        except ValueError as error:
            decoded.problem = decoded.problem or str(error)
    missing = [name for name in schema.get("required", ()) if name not in decoded.values]
    if missing and decoded.problem is None:
        decoded.problem = f"missing {', '.join(missing)}; takes {', '.join(properties)}"
    return decoded


def _unwrapped(properties: Mapping[str, Any], raw: Mapping[str, Any]) -> Mapping[str, Any]:
    if len(raw) == 1:
        key, value = next(iter(raw.items()))
        if (
            key in ("arguments", "input", "parameters", "params")
            and key not in properties
            and isinstance(value, dict)
        ):
            return cast(dict[str, Any], value)
    return raw


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key.strip()).replace("-", "_").lower()


def _name(
    key: str, properties: Mapping[str, Any], taken: Mapping[str, Any], raw: Mapping[str, Any]
) -> str | None:
    if key in properties:
        return key
    snake = _snake(key)
    for name in properties:
        if snake == _snake(name) and name not in raw:
            return name
    for name in properties:
        if snake in _ALIASES.get(name, ()) and name not in raw and name not in taken:
            return name
    return None


def _fit(schema: Mapping[str, Any], value: Any, name: str, notes: list[str]) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return _array(schema, value, name, notes)
    if kind == "integer":
        return _integer(value, name)
    if kind == "boolean":
        return _boolean(value, name)
    if kind == "object":
        return _object(schema, _json(value), name, notes)
    text = _text(value, name)
    allowed = schema.get("enum")
    if allowed is None:
        return text
    word = text.strip().lower()
    word = word if word in allowed else _WORDS.get(word, word)
    if word not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {text!r}")
    return word


def _array(schema: Mapping[str, Any], value: Any, name: str, notes: list[str]) -> list[Any]:
    value = _json(value)
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    each = schema.get("items", {})
    return [_fit(each, one, f"{name}[{index}]", notes) for index, one in enumerate(cast(list[Any], value))]


def _object(schema: Mapping[str, Any], value: Any, name: str, notes: list[str]) -> dict[str, Any]:
    required = schema.get("required", ())
    if isinstance(value, str) and len(required) == 1:
        value = {required[0]: value}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be an object")
    inner = decode(schema, cast(Mapping[str, Any], value))
    if inner.problem:
        raise ValueError(f"{name}: {inner.problem}")
    notes += [note for note in inner.notes if note not in notes]
    return inner.values


def _json(value: Any) -> Any:
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _integer(value: Any, name: str) -> int:
    if isinstance(value, str):
        try:
            value = float(value.strip())
        except ValueError:
            raise ValueError(f"{name} must be a number, not {value!r}") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e15:
        raise ValueError(f"{name} must be a number")
    return int(value)


def _boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("false", "0", "no", "off", ""):
        return False
    raise ValueError(f"{name} must be true or false, not {value!r}")


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in cast(list[Any], value)):
        return (
            shlex.join(cast(list[str], value))
            if name in ("args", "command")
            else "\n".join(cast(list[str], value))
        )
    if isinstance(value, dict):
        return json.dumps(value, indent=2, ensure_ascii=False)
    raise ValueError(f"{name} must be text")
