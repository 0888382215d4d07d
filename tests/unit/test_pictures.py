"""What counts as an image, and what it is called."""

from __future__ import annotations

import hashlib

import pytest

from components.images import KINDS, PNG
from journeyman.pictures import NAME_CHARS_MAX, attached, mime_of

NONE = [
    b"",
    b"\x89PNG",
    b"GIF88a",
    b"RIFF\x00\x00\x00\x00WAVE",
    b"<svg xmlns='x'/>",
    b"BM\x00\x00",
    b"%PDF-1.7",
    b"text",
]


@pytest.mark.parametrize("data", KINDS)
def test_the_first_bytes_say_what_it_is(data: bytes) -> None:
    assert mime_of(data) == KINDS[data]


@pytest.mark.parametrize("data", NONE)
def test_everything_else_is_none(data: bytes) -> None:
    assert mime_of(data) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.png", "a.png"),
        ("", ""),
        (" a\n\x1b[2J b\t", "a [2J b"),
        ("one \ud800.png", "one .png"),
        ("é" * 300, "é" * NAME_CHARS_MAX),
    ],
)
def test_a_name_is_one_line(name: str, shown: str) -> None:
    found = attached(PNG, "image/png", name)
    assert (found.picture.name, found.picture.bytes) == (shown, len(PNG))
    assert found.picture.id == hashlib.sha256(PNG).hexdigest()
