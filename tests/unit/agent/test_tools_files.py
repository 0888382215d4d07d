"""The file tools against a real guest."""

from __future__ import annotations

import pytest

from unit.agent.tooling import Bench


async def test_read_numbers_lines_and_says_what_is_left(tools: Bench) -> None:
    (tools.folder / "a.txt").write_text("".join(f"line {n}\n" for n in range(1, 11)))
    text = await tools.text("read", path="a.txt", offset="3", limit=2)
    assert text.splitlines() == [
        "a.txt lines 3-4 of 10",
        "     3|line 3",
        "     4|line 4",
        "[lines 3-4 of 10; 6 more: read offset=5]",
    ]
    assert (await tools.text("read", path="a.txt")).endswith("    10|line 10\n[end of file]")
    assert (await tools.text("read", path="a.txt", offset=99)).startswith("failed: a.txt has 10 lines")


async def test_read_in_bounds(tools: Bench) -> None:
    (tools.folder / "long.txt").write_text("x" * 5_000 + "\n" + "y\n" * 3_000)
    text = await tools.text("read", path="long.txt")
    assert "x [line cut]" in text
    assert text.endswith("[lines 1-2000 of 3001; 1001 more: read offset=2001]")
    (tools.folder / "wide.txt").write_text(("z" * 1_900 + "\n") * 100)
    text = await tools.text("read", path="wide.txt")
    assert len(text) <= 30_000
    shown = text.splitlines()[1:-1]
    last = len(shown)
    assert text.endswith(f"[lines 1-{last} of 100; {100 - last} more: read offset={last + 1}]")
    assert [int(row.split("|")[0]) for row in shown] == list(range(1, len(shown) + 1)), "none is left out"


@pytest.mark.parametrize(
    ("make", "path", "words"),
    [
        (None, "reedme.md", "Did you mean /workspace/readme.md?"),
        ("directory", "dir", "failed: dir is a directory\nUse ls"),
        ("binary", "b.bin", "failed: b.bin is a binary file of 3 bytes"),
        ("empty", "e.txt", "e.txt is empty"),
        (None, "../../etc/passwd", "failed: "),
    ],
)
async def test_read_says_in_words_what_it_cannot_read(
    tools: Bench, make: str | None, path: str, words: str
) -> None:
    (tools.folder / "readme.md").write_text("x")
    if make == "directory":
        (tools.folder / path).mkdir()
    elif make is not None:
        (tools.folder / path).write_bytes(b"a\0b" if make == "binary" else b"")
    assert words in await tools.text("read", path=path)


async def test_write_creates_with_parents_and_never_over_what_was_not_read(tools: Bench) -> None:
    assert await tools.text("write", path="a/b/c.txt", content="1\n2\n") == "created a/b/c.txt, 2 lines"
    (tools.folder / "theirs.txt").write_text("precious\n")
    refused = await tools.call("write", path="theirs.txt", content="mine\n")
    assert not refused.ok
    assert "exists and was not read in this run: nothing was written" in refused.text
    await tools.call("read", path="theirs.txt")
    (tools.folder / "theirs.txt").write_text("changed meanwhile\n")
    assert "changed since you read it" in await tools.text("write", path="theirs.txt", content="mine\n")
    await tools.call("read", path="theirs.txt")
    text = await tools.text("write", path="theirs.txt", content="mine\n")
    assert text.startswith("replaced theirs.txt, 1 lines\n--- a/theirs.txt")
    assert "-changed meanwhile\n+mine" in text
    assert (await tools.call("write", path="theirs.txt", content="again\n")).ok


async def test_write_keeps_byte_order_mark_and_line_endings(tools: Bench) -> None:
    (tools.folder / "w.txt").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    assert (await tools.call("write", path="w.txt", content="x\ny\n", overwrite="true")).ok
    assert (tools.folder / "w.txt").read_bytes() == b"\xef\xbb\xbfx\r\ny\r\n"


async def test_a_link_out_of_the_workspace_is_refused(
    tools: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.txt"
    outside.write_text("secret")
    (tools.folder / "link").symlink_to(outside)
    assert not (await tools.call("read", path="link")).ok
    assert not (await tools.call("edit", path="link", old_string="secret", new_string="x")).ok
    assert outside.read_text() == "secret"


async def test_edit_through_aliases_and_its_refusals(tools: Bench) -> None:
    (tools.folder / "m.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    text = await tools.text(
        "str_replace", file_path="m.py", oldString="a = 1\nb = 2", newString="a = 3\nb = 4"
    )
    assert text.startswith("edited m.py (rung: line-endings) lines 1-2\n--- a/m.py")
    assert (tools.folder / "m.py").read_bytes() == b"a = 3\r\nb = 4\r\n"
    assert tools.state.edits == 1
    missed = await tools.call("edit", path="m.py", old_string="c = 5", new_string="d")
    assert not missed.ok
    assert tools.state.edits == 1
    assert "failed: there is no file n.py" in await tools.text(
        "edit", path="n.py", old_string="a", new_string="b"
    )
    assert await tools.text("edit", path="n.py", old_string="", new_string="b\n") == "created n.py"
    assert "old_string is empty" in await tools.text("edit", path="m.py", old_string="", new_string="b")


async def test_several_edits_as_json_text_are_all_or_none(tools: Bench) -> None:
    (tools.folder / "m.txt").write_text("one\ntwo\n")
    bad = '[{"old_string": "one", "new_string": "1"}, {"old_string": "three", "new_string": "3"}]'
    assert "edit 2 of 2 failed, so none was made" in await tools.text("edit", path="m.txt", edits=bad)
    assert (tools.folder / "m.txt").read_text() == "one\ntwo\n"
    assert (await tools.call("edit", path="m.txt", edits=bad.replace("three", "two"))).ok
    assert (tools.folder / "m.txt").read_text() == "1\n3\n"


async def test_ls_shows_directories_first_and_hides_what_git_ignores(tools: Bench) -> None:
    await tools.call(
        "terminal",
        command="git init -q . && mkdir sub && touch a.txt sub/b.txt x.log && echo '*.log' > .gitignore",
    )
    rows = (await tools.text("ls", depth=2)).splitlines()
    assert rows == ["4 entries in .", "sub/", "  b.txt  0", ".gitignore  6", "a.txt  0"]
    assert "x.log  0" in await tools.text("ls", all=True)
    assert "there is no nope" in await tools.text("ls", path="nope")


async def test_ls_is_bounded(tools: Bench) -> None:
    for number in range(510):
        (tools.folder / f"{number:03}.txt").touch()
    assert (await tools.text("ls")).endswith("10 more entries")


async def test_cd_moves_every_tool_and_is_kept(tools: Bench) -> None:
    (tools.folder / "sub").mkdir()
    (tools.folder / "sub" / "f.txt").write_text("here\n")
    assert await tools.text("cd", path="sub") == "cwd=/workspace/sub"
    assert tools.cwds == ["/workspace/sub"]
    assert "here" in await tools.text("read", path="f.txt")
    assert "here" in await tools.text("terminal", command="cat f.txt")
    assert not (await tools.call("cd", path="../../..")).ok
    assert not (await tools.call("cd", path="f.txt")).ok
    assert tools.state.cwd == "/workspace/sub"


async def test_grep_and_glob(tools: Bench) -> None:
    (tools.folder / "src").mkdir()
    (tools.folder / "src" / "a.py").write_text("needle = 1\nother\nNEEDLE\n")
    (tools.folder / "b.txt").write_text("needle\n")
    assert (
        await tools.text("grep", pattern="needle", glob="*.py")
        == "1 matches in 1 files\nsrc/a.py:1:needle = 1"
    )
    assert (await tools.text("grep", pattern="needle", ignoreCase="true")).startswith("3 matches in 2 files")
    assert "more in" in await tools.text("grep", pattern="e", limit=1)
    assert (await tools.text("grep", pattern="absent")).startswith("no match")
    assert not (await tools.call("grep", pattern="(unclosed")).ok
    assert (await tools.text("glob", pattern="**/*.py")) == "1 files in ., newest first\nsrc/a.py"
