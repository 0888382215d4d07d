"""What is made from the table of methods: JSON Schema, PROTOCOL.md, TypeScript and Lua types.

Every function is pure and returns the text of one file; `python -m journeyman_protocol.gen` writes them,
`--check` compares. A test does the same, so a stale file never lands.
"""

from journeyman_protocol.gen.lua import lua
from journeyman_protocol.gen.markdown import markdown
from journeyman_protocol.gen.schema import schema, schema_json
from journeyman_protocol.gen.typescript import typescript

__all__ = ["lua", "markdown", "schema", "schema_json", "typescript"]
