"""A short unified diff for the model to check what it did."""

from __future__ import annotations

import difflib

ROWS_MAX = 60


def short_diff(before: bytes, after: bytes, path: str) -> str:
    """At most 60 rows; line endings are not shown."""
    old, new = (data.decode("utf-8-sig", "replace").splitlines() for data in (before, after))
    rows = list(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=2))
    if len(rows) > ROWS_MAX:
        rows = [*rows[:ROWS_MAX], f"[{len(rows) - ROWS_MAX} more rows]"]
    return "\n".join(rows)
