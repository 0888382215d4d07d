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
    ("repeated block, one differs within", "if a:\n    x()\n    y()\nif b:\n    x()\n    z()\n", "    x()\n    z()\n", "    w()\n", "if a:\n    x()\n    y()\nif b:\n    w()\n", "exact"),
    ("repeated block, all the same", "if a:\n    x()\nif b:\n    x()\n", "    x()\n", "    w()\n", None, "2 matches at lines 2, 4"),
    ("repeated block, a line more decides", "if a:\n    x()\nif b:\n    x()\n", "if b:\n    x()\n", "if b:\n    w()\n", "if a:\n    x()\nif b:\n    w()\n", "exact"),
    ("exact once, leniently twice: the exact one", "a \nb\na\nb\n", "a\nb\n", "x\n", "a \nb\nx\n", "exact"),
    ("tabs and spaces mixed in one indent", "\t  x = 1\n", "    x = 1", "    x = 2", None, "not found"),
    ("tabs and spaces mixed, exact", "\t  x = 1\n", "\t  x = 1", "\t  x = 2", "\t  x = 2\n", "exact"),
    ("tabs asked in a file of two spaces", "if a:\n  if b:\n    c()\n", "\tif b:\n\t\tc()", "\tif b:\n\t\td()", "if a:\n  if b:\n    d()\n", "indent"),
    ("indent of a whole method, new text deeper", TABBED, "def g(self):\n\treturn 2\n", "def g(self):\n\tif x:\n\t\treturn 3\n", TABBED.replace("\t\treturn 2", "\t\tif x:\n\t\t\treturn 3"), "indent"),
    ("line endings all different", "a\r\nb\nc\rd\n", "b\n", "x\n", "a\r\nx\nc\rd\n", "exact"),
    ("lone carriage returns are no line breaks", "a\rb\rc\n", "a\nb", "x", None, "not found"),
    ("crlf in the middle of lf", "a\nb\r\nc\n", "b\nc\n", "x\ny\n", "a\nx\ny\n", "line-endings"),
    ("final newline asked, none there", "a\nb", "b\n", "x\n", "a\nx", "trailing-space"),
    ("final newline asked of two lines, none there", "a\nb\nc", "b\nc\n", "x\ny\n", "a\nx\ny", "trailing-space"),
    ("newline at the end of the file is taken when asked", "a\nb\n", "b\n", "", "a\n", "exact"),
    ("only newlines in the file", "\n\n\n", "\n\n", "\n", None, "2 matches"),
    ("primes and minus", "5′ − 3″\n", "5' - 3\"", "6' - 3\"", "6′ − 3″\n", "punctuation"),
    ("dash is no letter", "a–b\n", "aob", "x", None, "not found"),
    ("accents are letters", "caf\u00e9 = 1\n", "cafe = 1", "x", None, "not found"),
    ("composed and decomposed differ", "caf\u00e9\n", "cafe\u0301", "x", None, "not found"),
    ("wide letters are letters", "ａ = 1\n", "a = 1", "x", None, "not found"),
    ("zero width space is not nothing", "a\u200bb = 1\n", "ab = 1", "x", None, "not found"),
    ("zero width space, exact", "a\u200bb = 1\n", "b = 1", "b = 2", "a\u200bb = 2\n", "exact"),
    ("escaped tab", "a\tb\n", "a\\tb\\n", "a\\tc\\n", "a\tc\n", "escapes"),
    ("escaped backslash", "p = 'C:\\x'\n", "p = \\'C:\\\\x\\'", "p = \\'D:\\\\x\\'", "p = 'D:\\x'\n", "escapes"),
    ("escaped, ambiguous", "a\nb\na\nb\n", "a\\nb", "x\\ny", None, "2 matches"),
    ("drifted number", "x = 1\ny = 2\nz = 3\n", "x = 1\ny = 3\nz = 3\n", "w\n", None, "closest place"),
    ("drifted comment", "f()  # one\ng()\n", "f()  # two\ng()\n", "h()\n", None, "closest place"),
    ("drifted name in a long block", "".join(f"line {n}\n" for n in range(40)), "".join(f"line {n}\n" for n in range(10, 20)) + "line twenty\n", "x", None, "closest place"),
    ("swapped brackets", "f(a[1])\n", "f(a(1))", "x", None, "not found"),
    ("a sign more", "x == y\n", "x = y", "z", None, "not found"),
    ("part of a word", "foobar()\nbar()\n", "bar()", "baz()", None, "2 matches"),
    ("part of a word alone", "foobar()\n", "bar()", "baz()", "foobaz()\n", "exact"),
    ("regular expressions are text", "a.c\nabc\n", "a.c", "x", "x\nabc\n", "exact"),
    ("nul bytes: exact only", "a\0 b\nc \nd\n", "c\nd\n", "x\n", None, "not found"),
    ("nul bytes: exact", "a\0 b\nc\n", "c\n", "d\n", "a\0 b\nd\n", "exact"),
    ("unicode line separators are no line breaks", "a\u2028b\nc\n", "a\nb\n", "x\n", None, "not found"),
    ("form feed in the span stays around it", "\x0ca\nb\x0c\n", "a\nb", "x", "\x0cx\x0c\n", "exact"),
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


OVERLAPS: list[tuple[str, str, list[tuple[str, str]], str | None, str]] = [
    ("apart", "a\nb\nc\n", [("a", "x"), ("c", "z")], "x\nb\nz\n", ""),
    ("the second in what the first wrote", "a\nb\n", [("a", "xy"), ("y\nb", "Y")], "xY\n", ""),
    ("the first took away what the second wants", "a\nb\nc\n", [("a\nb", "x"), ("b\nc", "y")], None, "edit 2 of 2"),
    ("the same place twice", "a\n", [("a", "x"), ("a", "y")], None, "edit 2 of 2"),
    ("the first makes the second ambiguous", "a\nb\n", [("a", "b"), ("b", "c")], None, "2 matches"),
    ("the first makes the second clear", "a\nb\nb\n", [("a\nb", "a"), ("b", "c")], "a\nc\n", ""),
    ("one equal among them", "a\nb\n", [("a", "x"), ("b", "b")], None, "edit 2 of 2 failed, so none was made"),
    ("one empty among them", "a\nb\n", [("a", "x"), ("", "b")], None, "edit 2 of 2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "edits", "expected", "words"), [c[1:] for c in OVERLAPS], ids=[c[0] for c in OVERLAPS]
)
def test_several_edits(text: str, edits: list[tuple[str, str]], expected: str | None, words: str) -> None:
    result = edit_all(text.encode(), [(old, new, False) for old, new in edits])
    if expected is None:
        assert isinstance(result, NotEdited), result
        assert words in result.message
    else:
        assert isinstance(result, Edited), result
        assert result.data.decode() == expected


def test_the_suite_has_its_size() -> None:
    assert len(CASES) + len(OVERLAPS) >= 100
    assert len({case[0] for case in [*CASES, *OVERLAPS]}) == len(CASES) + len(OVERLAPS)


@pytest.mark.parametrize(
    ("old", "rung"), [("needle = 1\n", "exact"), ("needle = 1 \n", None), ("nedle", None)]
)
def test_a_huge_file_is_edited_where_the_text_is_exact(old: str, rung: str | None) -> None:
    around = b"some line of text\n" * 120_000
    result = edit(around + b"needle = 1\n" + around, old, "x\n")
    if rung is None:
        assert isinstance(result, NotEdited)
    else:
        assert isinstance(result, Edited)
        assert result.data == around + b"x\n" + around


def test_a_huge_file_with_the_text_twice_is_refused() -> None:
    around = b"some line of text\n" * 120_000
    result = edit(around + b"needle\n" + around + b"needle\n", "needle", "x")
    assert isinstance(result, NotEdited)
    assert "2 matches at lines 120001, 240002" in result.message


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
