"""What is generated is committed and fresh; every method has a golden example that is really valid."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from journeyman.failures import FAILURE_KINDS
from journeyman.records import EndReason as DomainEndReason
from journeyman.records import EventKind as DomainEventKind
from journeyman_protocol.agent import EndReason, EventKind
from journeyman_protocol.errors import ErrorKind
from journeyman_protocol.gen.__main__ import ROOT, targets
from journeyman_protocol.gen.lua import lua
from journeyman_protocol.gen.markdown import GOLDEN, golden_file, markdown
from journeyman_protocol.gen.schema import schema_json
from journeyman_protocol.gen.typescript import typescript
from journeyman_protocol.methods import METHODS
from journeyman_protocol.rows import Method


@pytest.mark.parametrize("path", targets(), ids=lambda path: path.name)
def test_generated_file_is_fresh(path: Path) -> None:
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run `make gen`"
    assert path.read_text(encoding="utf-8") == targets()[path], (
        f"{path.relative_to(ROOT)} is stale: run `make gen`"
    )


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_golden_example_round_trips(method: Method) -> None:
    example = json.loads(golden_file(method.name).read_text(encoding="utf-8"))
    assert example["method"] == method.name
    params = method.params.model_validate(example["params"]).wire()
    for key, value in example["params"].items():
        assert params[key] == value
    assert ("result" in example) == (method.result is not None)
    if method.result is not None:
        assert method.result.model_validate(example["result"]).wire() == example["result"]


def test_every_form_of_the_contract_says_what_is_deprecated(monkeypatch: pytest.MonkeyPatch) -> None:
    instead = "Use `chat/search`."
    old = tuple(
        replace(method, deprecated=instead) if method.name == "chat/list" else method for method in METHODS
    )
    assert [form for form in (typescript, lua, markdown, schema_json) if instead in form()] == []
    # The package has a function of the module's name.
    monkeypatch.setattr(sys.modules["journeyman_protocol.gen.schema"], "METHODS", old)
    assert json.loads(schema_json())["methods"]["chat/list"]["deprecated"] == instead
    assert f'@deprecated {instead} */\n  "chat/list"' in typescript()
    assert f'deprecated = "{instead}" }}' in lua()
    assert f"Deprecated. {instead}" in markdown().split("### `chat/list`")[1].split("\n### ")[0]


def test_no_golden_file_is_left_over() -> None:
    expected = {golden_file(method.name) for method in METHODS}
    assert set(GOLDEN.glob("*.json")) == expected


def test_method_names_are_unique_and_documented() -> None:
    names = [method.name for method in METHODS]
    assert len(set(names)) == len(names)
    assert [method.name for method in METHODS if not method.doc.endswith(".")] == []


def test_domain_and_wire_name_the_same_events_and_failures() -> None:
    assert get_args(DomainEventKind) == get_args(EventKind)
    assert get_args(DomainEndReason) == get_args(EndReason)
    assert set(FAILURE_KINDS) <= set(get_args(ErrorKind))
