"""journeyman schema: the contract, printed from the running code."""

from __future__ import annotations

from typing import Annotated

import typer

from journeyman.failures import Failure


def schema(
    json: Annotated[bool, typer.Option("--json", help="JSON Schema (the default).")] = False,
    ts: Annotated[bool, typer.Option("--ts", help="TypeScript types.")] = False,
    lua: Annotated[bool, typer.Option("--lua", help="Lua annotations.")] = False,
) -> None:
    """Print the protocol's types.

    They are made from the code that is running.

    Example: journeyman schema --ts > journeyman.d.ts
    """
    from journeyman_protocol import gen

    if json + ts + lua > 1:
        raise Failure("invalid", "One language at a time.", hint="Give one of --json, --ts and --lua.")
    text = gen.typescript() if ts else gen.lua() if lua else gen.schema_json()
    print(text, end="" if text.endswith("\n") else "\n")
