# ruff: noqa: E501 - a table is read by its rows
"""What models send for arguments, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.agent.tools import edit, fin, git, read, todo_write
from journeyman.agent.tools.arguments import decode
from journeyman.agent.tools.tool import Tool

GOOD: list[tuple[str, Tool, dict[str, Any], dict[str, Any]]] = [
    ("as asked", read.TOOL, {"path": "a", "offset": 2}, {"path": "a", "offset": 2}),
    ("snake alias", read.TOOL, {"file_path": "a"}, {"path": "a"}),
    ("camel alias", read.TOOL, {"filePath": "a"}, {"path": "a"}),
    ("number in a string", read.TOOL, {"path": "a", "offset": "5"}, {"path": "a", "offset": 5}),
    ("float for integer", read.TOOL, {"path": "a", "limit": 5.0}, {"path": "a", "limit": 5}),
    ("null for optional", read.TOOL, {"path": "a", "limit": None}, {"path": "a"}),
    ("the name wins over its alias", read.TOOL, {"file_path": "b", "path": "a"}, {"path": "a"}),
    ("wrapped", read.TOOL, {"arguments": {"path": "a"}}, {"path": "a"}),
    ("old and new", edit.TOOL, {"path": "a", "oldText": "x", "newText": "y", "replaceAll": "true"},
     {"path": "a", "old_string": "x", "new_string": "y", "replace_all": True}),
    ("json in a string", edit.TOOL, {"path": "a", "edits": '[{"oldString": "x", "newString": "y"}]'},
     {"path": "a", "edits": [{"old_string": "x", "new_string": "y"}]}),
    ("one object for a list", edit.TOOL, {"path": "a", "edits": {"old": "x", "new": "y"}},
     {"path": "a", "edits": [{"old_string": "x", "new_string": "y"}]}),
    ("text that looks like json stays text", edit.TOOL, {"path": "a", "old_string": "{}", "new_string": "[1]"},
     {"path": "a", "old_string": "{}", "new_string": "[1]"}),
    ("todos of another house", todo_write.TOOL,
     {"todos": [{"step": "one", "status": "completed"}, {"title": "two", "status": "in-progress"}, "three"]},
     {"items": [{"content": "one", "status": "done"}, {"content": "two", "status": "in_progress"},
                {"content": "three"}]}),
    ("words for a status", fin.TOOL, {"message": "x", "status": "Success"}, {"summary": "x", "status": "done"}),
    ("list for a command line", git.TOOL, {"args": ["commit", "-m", "a b"]}, {"args": "commit -m 'a b'"}),
]  # fmt: skip
BAD: list[tuple[str, Tool, dict[str, Any], str]] = [
    ("missing", read.TOOL, {"offset": 1}, "missing path; takes path, offset, limit"),
    ("not a number", read.TOOL, {"path": "a", "offset": "many"}, "offset must be a number"),
    ("boolean for a number", read.TOOL, {"path": "a", "offset": True}, "offset must be a number"),
    ("null for required", read.TOOL, {"path": None}, "path must be text"),
    (
        "no such status",
        fin.TOOL,
        {"summary": "x", "status": "maybe"},
        "status must be one of done, partial, blocked",
    ),
    ("text for a list", todo_write.TOOL, {"items": "do it"}, "items must be a list"),
    ("item without content", todo_write.TOOL, {"items": [{"id": "1"}]}, "items[0]: missing content"),
    ("infinity", read.TOOL, {"path": "a", "limit": float("inf")}, "limit must be a number"),
]


@pytest.mark.parametrize(("tool", "raw", "expected"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_decoded(tool: Tool, raw: dict[str, Any], expected: dict[str, Any]) -> None:
    decoded = decode(tool.spec.parameters, raw)
    assert decoded.problem is None
    assert decoded.values == expected


@pytest.mark.parametrize(("tool", "raw", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refused_with_a_sentence(tool: Tool, raw: dict[str, Any], problem: str) -> None:
    assert problem in (decode(tool.spec.parameters, raw).problem or "")


def test_unknown_keys_are_noted_and_ignored() -> None:
    decoded = decode(read.TOOL.spec.parameters, {"path": "a", "explanation": "because"})
    assert decoded.values == {"path": "a"}
    assert decoded.notes == ["unknown argument 'explanation' ignored"]
