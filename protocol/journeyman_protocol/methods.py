"""The table everything else is made from: one row per method, gathered from the nouns' modules.

The router, JSON Schema, TypeScript and Lua types, PROTOCOL.md, the golden examples and the test that asks
whether every method is handled, tested and documented all iterate `METHODS`.
"""

from __future__ import annotations

from journeyman_protocol import (
    agent,
    archives,
    changes,
    chat,
    checkpoint,
    daemon,
    differences,
    editor,
    files,
    model,
    permission,
    ports,
    project,
    queue,
    stream,
    terminal,
    todo,
    trajectory,
    watching,
    workspace,
)
from journeyman_protocol.rows import Direction, Method

_NOUNS = (
    project,
    chat,
    agent,
    queue,
    stream,
    checkpoint,
    changes,
    editor,
    todo,
    trajectory,
    permission,
    workspace,
    archives,
    files,
    differences,
    watching,
    terminal,
    ports,
    model,
    daemon,
)
METHODS: tuple[Method, ...] = tuple(row for noun in _NOUNS for row in noun.ROWS)

BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}
REQUESTS: tuple[Method, ...] = tuple(m for m in METHODS if m.direction is Direction.REQUEST)
