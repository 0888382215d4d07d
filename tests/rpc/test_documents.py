"""Open documents follow the editor letter by letter, whatever positions count and wherever lines end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import TextDocument

from journeyman.rpc import documents as room
from journeyman.rpc.documents import Change, Documents
from journeyman.rpc.positions import code_points, offset, units
from rpc.harness import World

URI = "file:///a%20b.txt"
ENCODINGS = ["utf-8", "utf-16", "utf-32"]
TEXTS = st.text(st.sampled_from("ab\n\r\t\x0c\x85\u2028äβ語𝄞"), max_size=40)


def position(text: str, at: int, encoding: str) -> tuple[int, int]:
    """Of the code point `at`, as an editor would say it. Written another way than what is tested."""
    lines = re.split("\r\n|\n|\r", text[:at])
    codec = encoding if encoding == "utf-8" else f"{encoding}-le"
    return len(lines) - 1, len(lines[-1].encode(codec)) // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), TEXTS, st.lists(st.tuples(TEXTS, st.booleans()), max_size=5), st.sampled_from(ENCODINGS))
def test_edits_give_the_text_the_editor_has(
    data: st.DataObject, text: str, edits: list[tuple[str, bool]], encoding: str
) -> None:
    documents = Documents()
    documents.encoding = encoding
    documents.open(URI, 1, text)
    for version, (new, whole) in enumerate(edits, start=2):
        if whole:
            text = new
            change = Change(new)
        else:
            # No editor has a place between CR and LF.
            places = [n for n in range(len(text) + 1) if text[n - 1 : n + 1] != "\r\n"]
            start, end = sorted(data.draw(st.tuples(st.sampled_from(places), st.sampled_from(places))))
            change = Change(new, position(text, start, encoding), position(text, end, encoding))
            text = text[:start] + new + text[end:]
        documents.change(URI, version, [change])
        found = documents.get(URI)
        assert found is not None
        assert (found.text, found.version, found.unsaved) == (text, version, True)


@pytest.mark.parametrize(
    ("line", "character", "encoding", "expected"),
    [
        (0, 99, "utf-16", 2),
        (1, 0, "utf-16", 4),
        (9, 0, "utf-16", 9),
        (2, 1, "utf-16", 6),
        (2, 2, "utf-16", 7),
        (2, 3, "utf-8", 6),
        (2, 4, "utf-8", 7),
        (2, 1, "utf-32", 7),
        (3, 5, "utf-16", 9),
    ],
)
def test_positions_nobody_should_send_are_the_nearest_place(
    line: int, character: int, encoding: str, expected: int
) -> None:
    assert offset("ab\r\nx\n𝄞c\n", line, character, encoding) == expected


def test_inside_a_character_is_its_beginning() -> None:
    assert [code_points("𝄞b", n, "utf-16") for n in range(4)] == [0, 0, 1, 2]
    assert [code_points("ä", n, "utf-8") for n in range(3)] == [0, 0, 1]
    assert units("𝄞b", "utf-16") == 3


def test_a_stock_document_ends_lines_where_no_editor_does() -> None:
    """Why the texts are ours: pygls moves an edit after a form feed by a line."""
    stock = TextDocument("file:///x", "one\x0ctwo\nthree\n", 1)
    at = types.Position(1, 0)
    stock.apply_change(types.TextDocumentContentChangePartial(types.Range(at, at), "X"))
    ours = Documents()
    ours.open("file:///x", 1, "one\x0ctwo\nthree\n")
    ours.change("file:///x", 2, [Change("X", (1, 0), (1, 0))])
    assert stock.source == "one\x0cXtwo\nthree\n"
    assert [each.text for each in ours] == ["one\x0ctwo\nXthree\n"]


def test_too_much_is_as_if_it_were_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CHARACTERS_MAX", 10)
    monkeypatch.setattr(room, "DOCUMENTS_MAX", 2)
    documents = Documents()
    documents.open("a", 1, "12345")
    documents.open("b", 1, "12345")
    documents.open("c", 1, "")
    assert [each.uri for each in documents] == ["a", "b"]
    documents.change("a", 2, [Change("123456")])
    assert [each.uri for each in documents] == ["b"]
    documents.change("a", 3, [Change("1")])
    documents.close("b")
    documents.open("d", 1, "1234567890")
    assert [each.uri for each in documents] == ["d"]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_over_the_wire_with_saves_and_several_changes_at_once(world: World, encoding: str) -> None:
    client = await world.initialized({"general": {"positionEncodings": [encoding]}})
    documents = world.connections[0].session.server.documents
    opened = {"uri": URI, "languageId": "x", "version": 1, "text": "𝄞 one\ntwo\n"}
    client.tell("textDocument/didOpen", {"textDocument": opened})

    def part(line: int, start: int, end: int, text: str) -> dict[str, Any]:
        ends = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        return {"range": ends, "text": text}

    begin = units("𝄞 ", encoding)
    changes = [part(0, begin, begin + 3, "eins"), part(1, 0, 3, "zwei")]
    client.tell(
        "textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": changes}
    )
    await client.result("daemon/ping")
    found = documents.get(URI)
    assert found is not None
    assert (found.text, found.version, found.unsaved) == ("𝄞 eins\nzwei\n", 2, True)
    client.tell("textDocument/didSave", {"textDocument": {"uri": URI}})
    await client.result("daemon/ping")
    found = documents.get(URI)
    assert found is not None
    assert not found.unsaved
    assert found.earlier == ("𝄞 one\ntwo\n", "𝄞 eins\nzwei\n")


async def test_initialize_says_that_saves_are_wanted(world: World) -> None:
    client = await world.connect()
    sync = (await client.initialize({}))["capabilities"]["textDocumentSync"]
    assert (sync["openClose"], sync["change"], sync["save"]) == (True, 2, True)
