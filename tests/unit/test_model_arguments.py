from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.model.arguments import UndecodableError, clean_text, decode_arguments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("  \n", {}),
        ("null", {}),
        ("{}", {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        (json.dumps(json.dumps(json.dumps({"a": 1}))), {"a": 1}),
        ('""', {}),
        ('{}{"a": 1}', {"a": 1}),
        ('{"a": 1}{}', {"a": 1}),
        ('{"a": 1}\n{"a": 1}', {"a": 1}),
        ('{"a": "two\nlines\tand a tab"}', {"a": "two\nlines\tand a tab"}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a": ["\\ud83d"]}', {"a": ["\ufffd"]}),
        ('{"\\udc00": 1}', {"\ufffd": 1}),
    ],
)
def test_one_possible_reading(text: str, expected: dict[str, Any]) -> None:
    assert decode_arguments(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1',
        "[1]",
        "5",
        '"ls"',
        '{"a": 1}{"a": 2}',
        '{"a": NaN}',
        "{'a': 1}",
        "[" * 100_000,
        '{"a": ' + "9" * 10_000 + "}",
        '{"a": 1} trailing',
    ],
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(UndecodableError, match=r"^The arguments .*\.|^The arguments .*$"):
        decode_arguments(text)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(), st.recursive(st.text() | st.integers() | st.booleans(), st.lists, max_leaves=8)
    )
)
def test_every_object_comes_back(value: dict[str, Any]) -> None:
    assert decode_arguments(json.dumps(value)) == value
    assert decode_arguments(json.dumps(json.dumps(value))) == value


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["Cs", "L"])))
def test_clean_text_can_always_be_encoded(text: str) -> None:
    clean_text(text).encode()
