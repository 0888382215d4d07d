"""Whatever is edited, the bytes outside the matched span never change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from journeyman.agent.tools.edit_ladder import Edited, edit
from journeyman.agent.tools.edit_rungs import RUNGS

_alphabet = st.sampled_from([*"ab(){}\"'\\n \t\n\r“’…–", "\r\n", "\n    ", "\n\t", "  \n"])
_text = st.lists(_alphabet, max_size=40).map("".join)


@given(_text, _text, _text)
def test_only_the_matched_span_changes(text: str, old: str, new: str) -> None:
    result = edit(text.encode(), old, new)
    if not isinstance(result, Edited):
        return
    rung = next(each for each in RUNGS if each.name == result.rung)
    (match,) = rung.find(text, old, new)
    assert result.data.decode() == text[: match.start] + match.text + text[match.end :]
    found, wanted = text[match.start : match.end], old
    if result.rung in ("trailing-space", "indent", "line-endings"):
        assert "".join(found.split()) == "".join(wanted.split())


@given(st.binary(max_size=60), st.binary(max_size=60), st.sampled_from(["one", "two words", "tail"]))
def test_arbitrary_bytes_around_an_edit_stay(before: bytes, after: bytes, new: str) -> None:
    marker = b"<<marker>>"
    if b"\xef\xbb\xbf" in before[:3]:
        return
    result = edit(before + marker + after, marker.decode(), new)
    assert isinstance(result, Edited)
    assert result.data == before + new.encode() + after


@given(_text, _text)
def test_crlf_and_lf_files_are_edited_alike(before: str, after: str) -> None:
    body = f"{before}\nneedle one\nneedle two\n{after}".replace("\r", "")
    plain = edit(body.encode(), "needle one\nneedle two", "x\ny")
    windows = edit(body.replace("\n", "\r\n").encode(), "needle one\nneedle two", "x\ny")
    assert isinstance(plain, Edited)
    assert isinstance(windows, Edited)
    assert windows.data == plain.data.replace(b"\n", b"\r\n")
