"""Reading the envelope: what is a patch, and what is refused with the number of its line."""

from __future__ import annotations

import pytest

from journeyman.agent.tools.patch_text import Hunk, Section, UnreadableError, parse

UPDATE = "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n+y\n*** End Patch"


def body(*lines: str) -> str:
    return "\n".join(["*** Begin Patch", *lines, "*** End Patch"])


def test_every_kind_of_section() -> None:
    sections = parse(body(
        "*** Add File: new/a.txt", "+one", "+", "+two", "",
        "*** Delete File: old.txt", "",
        "*** Update File: b.py", "*** Move to: c.py",
        "@@ class A", "@@ def f(self):", " kept", "-gone", "+come", "",
        "@@", " last", "+end", "*** End of File",
    ))  # fmt: skip
    assert sections == [
        Section("add", "new/a.txt", content=["one", "", "two"], gap=True),
        Section("delete", "old.txt"),
        Section(
            "update",
            "b.py",
            moved_to="c.py",
            hunks=[
                Hunk(["class A", "def f(self):"], [(" ", "kept"), ("-", "gone"), ("+", "come")]),
                Hunk([], [(" ", "last"), ("+", "end")], at_end=True),
            ],
        ),
    ]


@pytest.mark.parametrize(
    "text",
    [
        UPDATE + "\n",
        "\n\n" + UPDATE + "\n\n",
        UPDATE.replace("\n", "\r\n"),
        f"<<'EOF'\n{UPDATE}\nEOF\n",
        f"```diff\n{UPDATE}\n```",
        UPDATE.replace("@@", "@@ -1,3 +1,3 @@ def somewhere():"),
        UPDATE.replace("@@\n", ""),
    ],
)
def test_spellings_that_mean_the_same(text: str) -> None:
    assert parse(text) == [Section("update", "a.py", hunks=[Hunk([], [("-", "x"), ("+", "y")])])]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with the line"),
        ("*** Begin Patch", "ends with the line"),
        (UPDATE.removesuffix("*** End Patch"), "ends with the line"),
        (UPDATE + "\nand more", "ends with the line"),
        (body(), "names no file"),
        (body("", "x"), "line 3 of the patch ('x') stands before the first"),
        (body("*** Add File: a", "no plus"), "line 3 of the patch ('no plus') is no line of a new file"),
        (body("*** Add File: a", "+x", "", "+y"), "line 5 of the patch"),
        (body("*** Delete File: a", "-x"), "follows the deletion of a"),
        (body("*** Update File: a"), "an update has hunks"),
        (body("*** Update File: a", "@@", " x"), "hunk 1 has no '-' and no '+' line"),
        (body("*** Update File: a", "@@", "-x", "*** End of File", "-y"), "follows '*** End of File'"),
        (body("*** Update File: a", "@@", "x"), "begins with none of"),
        (body("*** Update File: a", "-x", "*** Move to: b"), "begins with none of"),
        (body("*** Rename File: a"), "stands before the first"),
        (body("*** Add File:"), "stands before the first"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(text)
    assert words in str(caught.value)
