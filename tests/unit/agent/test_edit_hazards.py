# ruff: noqa: E501 - a table is read by its rows
"""The hazard table of the edit ladder: zero wrong edits. A miss is fine where the table says so."""

from __future__ import annotations

import pytest

from journeyman.agent.tools.edit_ladder import Edited, NotEdited, edit, edit_all

PY = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
TABBED = "class A:\n\tdef f(self):\n\t\treturn 1\n\n\tdef g(self):\n\t\treturn 2\n"

# (name, file, old, new, expected file or None for a refusal, words of the refusal or name of the rung)
CASES: list[tuple[str, str, str, str, str | None, str]] = [
    ("plain", "a\nb\nc\n", "b", "B", "a\nB\nc\n", "exact"),
    ("inside a line", "x = foo(1)\n", "foo(1)", "bar(2)", "x = bar(2)\n", "exact"),
    ("deletion", "a\nb\nc\n", "b\n", "", "a\nc\n", "exact"),
    ("no final newline stays", "a\nb", "b", "B", "a\nB", "exact"),
    ("ambiguous", "x = 1\ny\nx = 1\n", "x = 1", "x = 2", None, "2 matches at lines 1, 3"),
    ("ambiguous by overlap", "aaa\n", "aa", "b", None, "2 matches"),
    ("equal strings", "a\n", "a", "a", None, "equal"),
    ("equal strings, not there", "a\n", "z", "z", None, "equal"),
    ("empty old", "a\n", "", "b", None, "empty"),
    ("already applied", "a\nnew text\n", "old text", "new text", None, "there already (line 2)"),
    ("crlf kept, one line to two", "a\r\nb\r\nc\r\n", "b", "x\ny", "a\r\nx\r\ny\r\nc\r\n", "exact"),
    ("crlf file, lf old", "a\r\nb\r\nc\r\n", "a\nb\n", "x\n", "x\r\nc\r\n", "line-endings"),
    ("crlf file, lf old, ambiguous", "a\r\nb\r\na\r\nb\r\n", "a\nb", "x", None, "2 matches at lines 1, 3"),
    ("crlf file, no final newline", "a\r\nb", "a\nb", "x\ny", "x\r\ny", "line-endings"),
    ("lf file, crlf old", "a\nb\nc\n", "a\r\nb", "x\r\ny", "x\ny\nc\n", "line-endings"),
    ("mixed endings: the span decides", "a\r\nb\nc\nd\r\n", "b\nc", "x\ny", "a\r\nx\ny\nd\r\n", "exact"),
    ("bom kept", "\ufeffa\nb\n", "a", "x", "\ufeffx\nb\n", "exact"),
    ("bom in old", "\ufeffa\nb\n", "\ufeffa\nb", "x\nb", "\ufeffx\nb\n", "exact"),
    ("bom only in old", "a\nb\n", "\ufeffa", "x", "x\nb\n", "exact"),
    ("trailing space in file", "a  \nb\t\nc  \n", "a\nb", "x\ny", "x\ny\nc  \n", "trailing-space"),
    ("trailing space in old", "a\nb\nc\n", "a  \nb  ", "x\ny", "x\ny\nc\n", "trailing-space"),
    ("trailing space is no licence for a prefix", "foobar\n", "foo  ", "x", None, "not found"),
    ("trailing space elsewhere stays", "k  \na \nb\nz  \n", "a\nb", "a\nB", "k  \na\nB\nz  \n", "trailing-space"),
    ("trailing space, ambiguous", "a \nb\na  \nb\n", "a\nb", "x", None, "2 matches at lines 1, 3"),
    ("trailing space and crlf", "a \r\nb\r\nc\r\n", "a\nb\n", "x\n", "x\r\nc\r\n", "trailing-space"),
    ("old ends the file that has no newline", "a \nb", "a\nb\n", "x\ny\n", "x\ny", "trailing-space"),
    ("indent missing", PY, "def f(self):\n    return 1\n", "def f(self):\n    return 9\n",
     PY.replace("return 1", "return 9"), "indent"),
    ("indent too deep", "def f():\n    return 1\n", "    def f():\n        return 1", "    def f():\n        return 9",
     "def f():\n    return 9\n", "indent"),
    ("indent not uniform", PY, "def f(self):\nreturn 1\n", "def f(self):\nreturn 9\n", None, "not found"),
    ("indent shift, ambiguous", "if a:\n    x()\n    y()\nif b:\n        x()\n        y()\n", "x()\ny()\n",
     "z()\n", None, "2 matches at lines 2, 5"),
    ("new text leaves the removed indent", "def f():\n    return 1\n", "    def f():\n        return 1",
     "def f():\n    return 9", None, "not found"),
    ("spaces asked, tabs there", TABBED, "    def f(self):\n        return 1", "    def f(self):\n        return 9",
     TABBED.replace("return 1", "return 9"), "indent"),
    ("spaces asked, tabs there, two wide", TABBED, "  def f(self):\n    return 1\n",
     "  def f(self):\n    if x:\n      return 9\n", TABBED.replace("\t\treturn 1", "\t\tif x:\n\t\t\treturn 9"), "indent"),
    ("tabs asked, spaces there", PY, "\tdef f(self):\n\t\treturn 1", "\tdef f(self):\n\t\treturn 9",
     PY.replace("return 1", "return 9"), "indent"),
    ("blank lines within keep their place", PY, "def f(self):\n    return 1\n\ndef g(self):\n", "def h(self):\n",
     "class A:\n    def h(self):\n        return 2\n", "indent"),
    ("white space only is no text", "a\n\n\nb\n", "  \n  ", "x", None, "not found"),
    ("smart quotes in file", "say “hi” – ok\nkeep “this”\n", 'say "hi" - ok', 'say "ho" - ok',
     "say “ho” – ok\nkeep “this”\n", "punctuation"),
    ("smart quotes in old", "say 'hi'\n", "say ‘hi’", "say 'ho'", "say 'ho'\n", "punctuation"),
    ("ellipsis", "wait… then\n", "wait... then", "wait... now", "wait… now\n", "punctuation"),
    ("no-break space", "a\u00a0b c\n", "a b c", "a b d", "a\u00a0b d\n", "punctuation"),
    ("typography, ambiguous", "“x”\n‘y’\n„x“\n", '"x"', "z", None, "2 matches at lines 1, 3"),
    ("typography wanted", "it's\nits\n", "it's", "it’s", "it’s\nits\n", "exact"),
    ("typography and crlf", "“a”\r\nb\r\n", '"a"\nb', '"a"\nc', "“a”\r\nc\r\n", "punctuation"),
    ("escaped once too often", 'a = "x"\nb\n', 'a = \\"x\\"\\nb', 'a = \\"y\\"\\nb', 'a = "y"\nb\n', "escapes"),
    ("an escape that belongs into the file", 'a = "x"\n', 'a = \\"x\\"', 'a = \\"x\\n\\"', None, "not found"),
    ("escapes beside bare quotes", 'p("a")\nq\n', 'p("a")\\nq', 'p("a\\n")\\nq', None, "not found"),
    ("escape that is really there", 'p("a\\n")\n', 'p("a\\n")', 'p("b\\n")', 'p("b\\n")\n', "exact"),
    ("drifted interior", PY, "    def f(self):\n        return 7\n", "    pass\n", None, "closest place"),
    ("invented interior line", PY, "    def f(self):\n        log()\n        return 1\n", "x\n", None, "not found"),
    ("interior left out", "a\nb\nc\nd\n", "a\n...\nd", "x", None, "not found"),
    ("one letter off", "colour = 1\n", "color = 1", "color = 2", None, "closest place"),
    ("case differs", "Name = 1\n", "name = 1", "name = 2", None, "not found"),
    ("inner spacing differs", "f(a, b)\n", "f(a,b)", "f(b)", None, "not found"),
    ("interior line order", "a1\nb1\n", "b1\na1", "x", None, "not found"),
    ("empty file", "", "a", "b", None, "not found"),
    ("dollar and backslash are literal", "a$1\\1b\n", "a$1\\1b", "\\g<0>$&", "\\g<0>$&\n", "exact"),
    ("old longer than file", "a\n", "a\nb\nc\nd", "x", None, "not found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "old", "new", "expected", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_hazard(text: str, old: str, new: str, expected: str | None, words: str) -> None:
    result = edit(text.encode(), old, new)
    if expected is None:
        assert isinstance(result, NotEdited), result
        assert words in result.message
    else:
        assert isinstance(result, Edited), result
        assert result.data.decode() == expected
        assert result.rung == words


def test_bytes_that_are_not_utf8_stay() -> None:
    result = edit(b"\xff\xfe\na = 1\n\x80\n", "a = 1", "a = 2")
    assert isinstance(result, Edited)
    assert result.data == b"\xff\xfe\na = 2\n\x80\n"


def test_replace_all_changes_every_place_without_overlap() -> None:
    result = edit(b"aaa b aa\n", "aa", "x", replace_all=True)
    assert isinstance(result, Edited)
    assert result.data == b"xa b x\n"


def test_replace_all_does_not_widen_the_lenient_rungs() -> None:
    result = edit(b"a \nb\na  \nb\n", "a\nb", "x", replace_all=True)
    assert isinstance(result, NotEdited)


def test_lines_of_the_change_are_named() -> None:
    result = edit(b"1\n2\n3\n4\n", "3", "x\ny")
    assert isinstance(result, Edited)
    assert (result.first_line, result.last_line) == (3, 4)


def test_several_edits_are_all_or_none() -> None:
    good = edit_all(b"a\nb\n", [("a", "x", False), ("x\nb", "y", False)])
    assert isinstance(good, Edited)
    assert good.data == b"y\n"
    bad = edit_all(b"a\nb\n", [("a", "x", False), ("nowhere", "y", False)])
    assert isinstance(bad, NotEdited)
    assert "edit 2 of 2 failed, so none was made" in bad.message


def test_a_miss_shows_the_closest_place_with_its_difference() -> None:
    result = edit(PY.encode(), "    def g(self):\n        return 3\n", "x")
    assert isinstance(result, NotEdited)
    assert "!     6|        return 2" in result.message
    assert "?      |        return 3" in result.message
