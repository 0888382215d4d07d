"""The golden messages beside the generated Lua types: each is a value of its class, and nothing broken is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.luacats import Annotations
from components.neovim import PLUGIN

GOLDEN = sorted((PLUGIN.parents[1] / "protocol" / "golden").glob("*.json"))
TYPES = Annotations.read((PLUGIN / "lua" / "journeyman" / "protocol_gen.lua").read_text())


def parts(path: Path) -> Iterator[tuple[str, Any]]:
    """Class and value of each part of a golden message."""
    message = json.loads(path.read_text())
    classes = TYPES.methods[message["method"]]
    assert ("result" in message) == ("result" in classes)
    for part in ("params", "result"):
        if part in message:
            yield classes[part], message[part]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_message_is_of_its_class(path: Path) -> None:
    for name, value in parts(path):
        assert TYPES.wrong(value, name) == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_broken_message_is_not(path: Path) -> None:
    """Each required field left out, each field with a value of no type that is used, and one nobody knows."""
    for name, value in parts(path):
        members = TYPES.classes[name]
        broken = [{**value, "nobodyKnows": 1}]
        broken += [{**value, key: [[None]]} for key in value if members[key].type != "any"]
        broken += [{k: v for k, v in value.items() if k != key} for key in value if not members[key].optional]
        assert all(TYPES.wrong(each, name) for each in broken)


def test_every_method_has_a_golden_message_here() -> None:
    assert {json.loads(path.read_text())["method"] for path in GOLDEN} == set(TYPES.methods)
