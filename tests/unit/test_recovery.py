from __future__ import annotations

from typing import Any

import pytest

from journeyman.model.recovery import recover

NAMES = {"ls", "write", "edit"}
QWEN = "<tool_call>\n<function=ls>\n<parameter=path>\nsrc\n</parameter>\n</function>\n</tool_call>"
HERMES = '<tool_call>\n{"name": "ls", "arguments": {"path": "src"}}\n</tool_call>'
LS = ("ls", {"path": "src"})
CODE = "def f():\n    return '</tool_call>'\n\n# <parameter> tags </parameter>, even\n"
WRITE = (
    "<function=write>\n<parameter=path>\na.py\n</parameter>\n"
    f"<parameter=content>\n{CODE}\n</parameter>\n</function>"
)


@pytest.mark.parametrize(
    ("text", "calls", "rest"),
    [
        (QWEN, [LS], ""),
        (f"Look:\n{QWEN}\n{QWEN}", [LS, LS], "Look:"),
        (QWEN.removeprefix("<tool_call>\n"), [LS], ""),
        ("<function=ls></function>", [("ls", {})], ""),
        (WRITE, [("write", {"path": "a.py", "content": CODE})], ""),
        (HERMES, [LS], ""),
        (f"{HERMES}\n{HERMES}", [LS, LS], ""),
        ('{"name": "ls", "arguments": {"path": "src"}}', [LS], ""),
        ('{"tool": "ls", "arguments": "{\\"path\\": \\"src\\"}"}', [LS], ""),
        ('{"type": "function", "function": {"name": "ls", "parameters": {"path": "src"}}}', [LS], ""),
        ('[{"name": "ls", "arguments": {"path": "src"}}]', [LS], ""),
        ('Now:\n```json\n{"name": "ls", "arguments": {"path": "src"}}\n```', [LS], "Now:"),
    ],
)
def test_recovered(text: str, calls: list[tuple[str, dict[str, Any]]], rest: str) -> None:
    found = recover(text, NAMES)
    assert found is not None
    assert [(call.name, call.arguments) for call in found.calls] == calls
    assert found.text == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just words about <b>XML</b>.",
        QWEN.replace("=ls", "=rm"),
        HERMES.replace("ls", "rm"),
        QWEN.removesuffix("</tool_call>"),
        QWEN.replace("</function>", ""),
        QWEN.replace("</parameter>", ""),
        f"Write it so:\n```\n{QWEN}\n```",
        f"{QWEN}\n<tool_call>\n<function=ls>\n<parameter=pa",
        QWEN.replace("</function>", "<parameter=path>\nother\n</parameter>\n</function>"),
        '{"name": "rm", "arguments": {}}',
        '{"name": "ls"}',
        '{"name": "ls", "arguments": {}, "why": "an example"}',
        '{"name": "ls", "arguments": [1]}',
        '[{"name": "ls", "arguments": {}}, {"name": "rm", "arguments": {}}]',
        'Such as `{"name": "ls", "arguments": {}}`.',
        '```json\n{"name": "ls", "arguments": {}}\n```\nis how a call looks.',
        '```json\n{"name": "ls", "arguments": {}}\n```\nor\n```json\n{"name": "ls", "arguments": {}}\n```',
        "{" * 50_000,
    ],
)
def test_left_alone(text: str) -> None:
    assert recover(text, NAMES) is None


def test_a_value_that_holds_the_tags_of_a_call_is_left_alone() -> None:
    nested = WRITE.replace("# <parameter>", "</parameter>\n<parameter=path>\nx")
    assert recover(nested, NAMES) is None
