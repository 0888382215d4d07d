"""The agent's tool calls as an editor shows them: what kind they are, where they look, what they change.

Made of the events alone, whose arguments are redacted and cut: what was cut is not shown as a diff.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from acp.schema import (
    ContentToolCallContent,
    FileEditToolCallContent,
    TextContentBlock,
    ToolCallLocation,
    ToolKind,
)

from journeyman.acp.paths import Paths
from journeyman.rpc.jsonbody import as_object

KINDS: dict[str, ToolKind] = {
    "read": "read",
    "ls": "read",
    "grep": "search",
    "glob": "search",
    "write": "edit",
    "edit": "edit",
    "patch": "edit",
    "terminal": "execute",
    "git": "execute",
}
HIDDEN = frozenset({"todoWrite", "todoRead"})
"""Their effect is the plan."""
_WITH_PATH = frozenset({"read", "ls", "grep", "glob", "write", "edit"})
_CUT = 10_000
_LINES = re.compile(r"lines (\d+)-")

Content = ContentToolCallContent | FileEditToolCallContent
Arguments = dict[str, Any]


def kind_of(name: str) -> ToolKind:
    return KINDS.get(name, "other")


def words(text: str) -> ContentToolCallContent:
    return ContentToolCallContent(type="content", content=TextContentBlock(type="text", text=text))


def locations(
    name: str, arguments: Arguments, paths: Paths, cwd: str, result: str = ""
) -> list[ToolCallLocation]:
    """The file or directory the call is about; nothing outside the workspace."""
    given = arguments.get("path", "." if name in ("ls", "grep", "glob") else None)
    if name not in _WITH_PATH or not isinstance(given, str):
        return []
    path = paths.to_editor(given, cwd)
    if path is None:
        return []
    line: Any = arguments.get("offset") if name == "read" else None
    if name == "edit" and (found := _LINES.search(result.partition("\n")[0])):
        line = int(found[1])
    return [ToolCallLocation(path=path, line=line if isinstance(line, int) and line > 0 else None)]


def diffs(name: str, arguments: Arguments, paths: Paths, cwd: str) -> list[FileEditToolCallContent]:
    """What the call wants to change: of `write` the new content, of `edit` each piece."""
    given = arguments.get("path")
    path = paths.to_editor(given, cwd) if isinstance(given, str) else None
    if path is None:
        return []
    if name == "write":
        content = _whole(arguments.get("content"))
        return [] if content is None else [_diff(path, None, content)]
    if name != "edit":
        return []
    edits = arguments.get("edits")
    several: Sequence[Any] = cast("Sequence[Any]", edits) if isinstance(edits, list) else ()
    found: list[FileEditToolCallContent] = []
    for each in (arguments, *several):
        one = as_object(each)
        if one is not None:
            old, new = _whole(one.get("old_string")), _whole(one.get("new_string"))
            if old is not None and new is not None:
                found.append(_diff(path, old or None, new))
    return found


def _diff(path: str, old: str | None, new: str) -> FileEditToolCallContent:
    return FileEditToolCallContent(type="diff", path=path, old_text=old, new_text=new)


def _whole(value: Any) -> str | None:
    """The text, unless the event has only its beginning."""
    return value if isinstance(value, str) and len(value) <= _CUT else None
