"""Code actions: what is offered where, and that what is offered can be called."""

from __future__ import annotations

from typing import Any

import pytest

from rpc.harness import World

URI = "file:///tmp/project/src/a.py"
NOWHERE = {"start": {"line": 3, "character": 2}, "end": {"line": 3, "character": 2}}
SELECTED = {"start": {"line": 3, "character": 0}, "end": {"line": 5, "character": 1}}
ERROR = {"range": SELECTED, "message": "undefined name", "severity": 1, "source": "pyflakes", "code": "F821"}
BARE = {"range": NOWHERE, "message": "x" * 5000}


def asking(
    where: dict[str, Any], *diagnostics: dict[str, Any], only: list[str] | None = None
) -> dict[str, Any]:
    context: dict[str, Any] = {"diagnostics": list(diagnostics)}
    if only is not None:
        context["only"] = only
    return {"textDocument": {"uri": URI}, "range": where, "context": context}


@pytest.mark.parametrize(
    ("params", "commands"),
    [
        (asking(NOWHERE), []),
        (asking(NOWHERE, ERROR), ["journeyman.fix"]),
        (asking(SELECTED), ["journeyman.ask"]),
        (asking(SELECTED, ERROR), ["journeyman.fix", "journeyman.ask"]),
        (asking(SELECTED, ERROR, only=["quickfix"]), ["journeyman.fix"]),
        (asking(SELECTED, ERROR, only=["refactor"]), ["journeyman.ask"]),
        (asking(SELECTED, ERROR, only=["source.organizeImports"]), []),
        (asking(SELECTED, ERROR, only=[""]), ["journeyman.fix", "journeyman.ask"]),
        (asking(SELECTED, ERROR, only=[]), ["journeyman.fix", "journeyman.ask"]),
    ],
)
async def test_what_is_offered(world: World, params: dict[str, Any], commands: list[str]) -> None:
    client = await world.initialized({})
    offered = await client.result("textDocument/codeAction", params)
    assert [each["command"]["command"] for each in offered] == commands


async def test_a_fix_names_what_the_editor_reports(world: World) -> None:
    client = await world.initialized({})
    (fix,) = await client.result("textDocument/codeAction", asking(NOWHERE, ERROR, BARE))
    assert (fix["title"], fix["kind"]) == ("Fix with Journeyman", "quickfix")
    assert fix["diagnostics"] == [ERROR, BARE]
    (argument,) = fix["command"]["arguments"]
    assert argument["uri"] == URI
    first, second = argument["diagnostics"]
    assert first == {
        "message": "undefined name",
        "range": SELECTED,
        "severity": "error",
        "source": "pyflakes",
    }
    assert second == {"message": "x" * 2000, "range": NOWHERE}


async def test_only_so_many_reports_are_taken_along(world: World) -> None:
    client = await world.initialized({})
    (fix,) = await client.result("textDocument/codeAction", asking(NOWHERE, *[ERROR] * 50))
    assert len(fix["command"]["arguments"][0]["diagnostics"]) == 20


async def test_initialize_says_what_there_is(world: World) -> None:
    client = await world.connect()
    answer = await client.initialize({})
    assert answer["capabilities"]["codeActionProvider"]["codeActionKinds"] == ["quickfix", "refactor"]


async def test_params_that_are_not_right_are_refused_in_words(world: World) -> None:
    client = await world.initialized({})
    error = await client.error("textDocument/codeAction", {"textDocument": {"uri": URI}})
    assert error["code"] == -32602
