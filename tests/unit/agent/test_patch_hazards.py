# ruff: noqa: E501 - a table is read by its rows
"""The hazard table of patches: zero wrong places. A miss is fine where the table says so."""

from __future__ import annotations

import pytest

from journeyman.agent.tools.patch_place import NotPatched, Patched, patch
from journeyman.agent.tools.patch_text import parse

TWO = "def f():\n    a()\n    return 1\n\ndef g():\n    b()\n    return 1\n"
CLASSES = "class A:\n    def f(self):\n        return 1\n\nclass B:\n    def f(self):\n        return 1\n"
BRACES = "int f()\n{\n    return 1;\n}\n\nint g()\n{\n    return 1;\n}\n"
FLAT = "[one]\nx = 1\n\n[two]\nx = 1\n"

# (name, file, hunks, expected file or None for a refusal, words of the refusal or name of the rung)
CASES: list[tuple[str, str, str, str | None, str]] = [
    ("one line", "a\nb\nc\n", "@@\n-b\n+B", "a\nB\nc\n", "exact"),
    ("context on both sides", "a\nb\nc\n", "@@\n a\n-b\n+B\n c", "a\nB\nc\n", "exact"),
    ("only added", "a\nb\n", "@@\n a\n+x", "a\nx\nb\n", "exact"),
    ("only removed", "a\nb\nc\n", "@@\n-b", "a\nc\n", "exact"),
    ("before the first line", "a\nb\n", "@@\n+x\n a", "x\na\nb\n", "exact"),
    ("whole lines only", "foobar\n", "@@\n-foo\n+x", None, "not found"),
    ("whole lines only, indented", "if x:\n    y\n", "@@\n-y\n+z", "if x:\n    z\n", "indent"),
    ("ambiguous", "x\ny\nx\n", "@@\n-x\n+z", None, "stand at 2 places (lines 1, 3)"),
    ("ambiguous with context", TWO, "@@\n-    return 1\n+    return 2", None, "2 places (lines 3, 7)"),
    ("context decides", TWO, "@@\n     b()\n-    return 1\n+    return 2", TWO[:-9] + "return 2\n", "exact"),
    ("anchor decides", TWO, "@@ def g():\n-    return 1\n+    return 2", TWO[:-9] + "return 2\n", "exact"),
    ("anchor decides, first one", TWO, "@@ def f():\n-    return 1\n+    return 2", TWO.replace("1", "2", 1), "exact"),
    ("anchor as context too", TWO, "@@ def f():\n def f():\n-    a()\n+    c()", TWO.replace("a()", "c()"), "exact"),
    ("anchors within each other", CLASSES, "@@ class B:\n@@ def f(self):\n-        return 1\n+        return 2", CLASSES[:-9] + "return 2\n", "exact"),
    ("inner anchor alone", CLASSES, "@@ def f(self):\n-        return 1\n+        return 2", None, "2 places"),
    ("anchor not there", TWO, "@@ def h():\n-    return 1\n+    return 2", None, "the line after '@@' ('def h():') was not found"),
    ("drifted below its anchor, same elsewhere", TWO.replace("1", "3", 1), "@@ def f():\n-    return 1\n+    return 2", None, "not found"),
    ("drifted in braces, same elsewhere", BRACES.replace("1", "3", 1), "@@ int f()\n-    return 1;\n+    return 2;", None, "not found"),
    ("braces", BRACES, "@@ int g()\n-    return 1;\n+    return 2;", BRACES[:-5] + "2;\n}\n", "exact"),
    ("a signature over several lines", "def f(\n    a,\n):\n    return 1\n\ndef g():\n    return 1\n", "@@ def f(\n-    return 1\n+    return 2", "def f(\n    a,\n):\n    return 2\n\ndef g():\n    return 1\n", "exact"),
    ("flat below its anchor", FLAT, "@@ [two]\n-x = 1\n+x = 2", "[one]\nx = 1\n\n[two]\nx = 2\n", "exact"),
    ("flat, ambiguous below its anchor", FLAT, "@@ [one]\n-x = 1\n+x = 2", None, "2 places"),
    ("new lines alone", "a\n", "@@\n+x", None, "could go anywhere"),
    ("new lines alone below an anchor", TWO, "@@ def f():\n+    x()", None, "could go anywhere"),
    ("new lines at the end", "a\n", "@@\n+x\n*** End of File", "a\nx\n", "exact"),
    ("new lines at the end, no final newline", "a", "@@\n+x\n*** End of File", "a\nx", "exact"),
    ("new lines in an empty file", "", "@@\n+x\n+y", "x\ny\n", "exact"),
    ("end of file decides", "x\ny\nx\n", "@@\n-x\n+z\n*** End of File", "x\ny\nz\n", "exact"),
    ("not at the end of file", "x\ny\n", "@@\n-x\n+z\n*** End of File", None, "not found"),
    ("several hunks", "a\nb\nc\nd\n", "@@\n-a\n+A\n@@\n-d\n+D", "A\nb\nc\nD\n", "exact"),
    ("several hunks, any order", "a\nb\nc\nd\n", "@@\n-d\n+D\n@@\n-a\n+A", "A\nb\nc\nD\n", "exact"),
    ("hunks that share context", "a\nb\nc\n", "@@\n-a\n+A\n b\n@@\n b\n-c\n+C", "A\nb\nC\n", "exact"),
    ("hunks that change the same line", "a\nb\n", "@@\n-a\n+A\n@@\n-a\n+B", None, "hunks 1 and 2 change the same lines"),
    ("hunks that add at the same place", "a\nb\n", "@@\n a\n+x\n@@\n a\n+y", None, "change the same lines"),
    ("what one hunk takes is context of another", "a\nb\n", "@@\n-a\n@@\n a\n-b", None, "change the same lines"),
    ("a hunk does not match what another adds", "a\nb\n", "@@\n-a\n+x\n@@\n-x\n+y", None, "hunk 2 of 2: what it changes was not found"),
    ("one of two fails", "a\nb\n", "@@\n-a\n+A\n@@\n-z\n+Z", None, "hunk 2 of 2"),
    ("drifted interior", TWO, "@@\n def f():\n-    z()\n     return 1\n+    more()", None, "closest place"),
    ("invented line", "a\nb\n", "@@\n a\n-invented\n b", None, "not found"),
    ("one letter off", "colour = 1\n", "@@\n-color = 1\n+color = 2", None, "closest place"),
    ("inner spacing differs", "f(a, b)\n", "@@\n-f(a,b)\n+f(b)", None, "not found"),
    ("nothing to do", "a\n", "@@\n-a\n+a", None, "reads as the patch wants"),
    ("applied already", "a\nB\n", "@@\n a\n-b\n+B", None, "not found"),
    ("crlf kept", "a\r\nb\r\nc\r\n", "@@\n a\n-b\n+x\n+y", "a\r\nx\r\ny\r\nc\r\n", "exact"),
    ("crlf, no final newline", "a\r\nb", "@@\n a\n-b\n+x\n+y", "a\r\nx\r\ny", "exact"),
    ("mixed endings: the neighbour decides", "a\r\nb\nc\n", "@@\n a\n+x\n b", "a\r\nx\r\nb\nc\n", "exact"),
    ("no final newline stays", "a\nb", "@@\n-b\n+B", "a\nB", "exact"),
    ("the line before the last one that goes keeps its ending", "a\nb", "@@\n a\n-b", "a\n", "exact"),
    ("added behind the last line that has none", "a\nb", "@@\n b\n+c", "a\nb\nc", "exact"),
    ("bom kept", "\ufeffa\nb\n", "@@\n-a\n+x", "\ufeffx\nb\n", "exact"),
    ("all lines go", "a\nb\n", "@@\n-a\n-b", "", "exact"),
    ("trailing space in the file: context keeps it", "a  \nb\t\nc  \n", "@@\n a\n-b\n+B\n c", "a  \nB\nc  \n", "trailing-space"),
    ("trailing space, ambiguous", "a \nb\na  \nb\n", "@@\n a\n-b\n+x", None, "2 places"),
    ("uniform indent: new lines shifted, context kept", CLASSES, "@@ class A:\n def f(self):\n-    return 1\n+    if x:\n+        return 2", CLASSES.replace("        return 1", "        if x:\n            return 2", 1), "indent"),
    ("indent not uniform", CLASSES, "@@ class A:\n def f(self):\n-return 1\n+return 2", None, "not found"),
    ("tabs there, spaces asked", "def f():\n\tif a:\n\t\tb()\n", "@@\n     if a:\n-        b()\n+        c()", "def f():\n\tif a:\n\t\tc()\n", "indent"),
    ("indent, ambiguous", "if a:\n    x()\nelse:\n        x()\n", "@@\n-x()\n+y()", None, "2 places"),
    ("typography kept in context and in what is said again", "say “hi” – ok\nkeep “this”\n", '@@\n-say "hi" - ok\n+say "ho" - ok\n keep "this"', "say “ho” – ok\nkeep “this”\n", "punctuation"),
    ("typography, ambiguous", "“x”\n„x“\n", '@@\n-"x"\n+z', None, "2 places"),
    ("escapes are no licence", 'a = "x"\n', '@@\n-a = \\"x\\"\n+a = \\"y\\"', None, "not found"),
    ("an empty line of context without its mark", "a\n\nb\n", "@@\n a\n\n-b\n+B", "a\n\nB\n", "exact"),
    ("one blank line goes", "a\n\nb\n", "@@\n-", "a\nb\n", "exact"),
    ("blank lines are no place", "a\n  \nb\n", "@@\n-", None, "not found"),
    ("a line that looks like the envelope", "*** End Patch\nx\n", "@@\n-*** End Patch\n+*** Begin Patch", "*** Begin Patch\nx\n", "exact"),
    ("marks within lines", "-a\n+b\n", "@@\n--a\n+-A\n +b", "-A\n+b\n", "exact"),
    ("dollar and backslash are literal", "a$1\\1\n", "@@\n-a$1\\1\n+\\g<0>$&", "\\g<0>$&\n", "exact"),
    ("carriage return within a line", "a\rb\nc\n", "@@\n-c\n+d", "a\rb\nd\n", "exact"),
    ("form feed is no line break", "a\x0cb\nc\n", "@@\n-c\n+d", "a\x0cb\nd\n", "exact"),
    ("unicode line separators are no line breaks", "a\u2028b\u0085c\nd\n", "@@\n-d\n+e", "a\u2028b\u0085c\ne\n", "exact"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "hunks", "expected", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_hazard(text: str, hunks: str, expected: str | None, words: str) -> None:
    (section,) = parse(f"*** Begin Patch\n*** Update File: f\n{hunks}\n*** End Patch")
    result = patch(text.encode(), section.hunks)
    if expected is None:
        assert isinstance(result, NotPatched), result
        assert words in result.message
    else:
        assert isinstance(result, Patched), result
        assert result.data.decode() == expected
        assert result.rung == words


def test_bytes_that_are_not_utf8_stay() -> None:
    (section,) = parse("*** Begin Patch\n*** Update File: f\n@@\n-a\n+b\n*** End Patch")
    result = patch(b"\xff\xfe\na\n\x80\n", section.hunks)
    assert isinstance(result, Patched)
    assert result.data == b"\xff\xfe\nb\n\x80\n"
