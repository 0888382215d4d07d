"""Whatever a patch says: what it does not name stays, and what fails leaves every byte as it was."""

from __future__ import annotations

import asyncio
from difflib import SequenceMatcher

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from journeyman.agent.tools.patch_files import NotCommitted, RefusedError, commit, plan
from journeyman.agent.tools.patch_place import NotPatched, Patched, patch
from journeyman.agent.tools.patch_text import Hunk, Mark, Section
from journeyman.tasks import Supervisor
from unit.agent.memory_files import MemoryFiles

_line = st.sampled_from(["", "a", "b", "  a", "\ta", "a ", "“a”", '"a"', "}", "def f():", "    return 1"])
_lines = st.lists(_line, max_size=12)
_marks: st.SearchStrategy[Mark] = st.sampled_from([" ", " ", "-", "+"])
_hunk = st.builds(
    Hunk,
    st.lists(st.sampled_from(["def f():", "a", "nowhere"]), max_size=2),
    st.lists(st.tuples(_marks, _line), min_size=1, max_size=5),
    st.booleans(),
)


def _text(lines: list[str], *, ended: bool, ending: str = "\n") -> bytes:
    return (ending.join(lines) + (ending if ended and lines else "")).encode()


@settings(deadline=None)
@given(_lines, _lines, st.integers(0, 3), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_a_difference_is_made_exactly_or_not_at_all(
    old: list[str], new: list[str], around: int, ended: bool, ending: str
) -> None:
    assume(ended or (old and old[-1] and new and new[-1]))  # an empty last line cannot be told from none
    before, after = _text(old, ended=ended, ending=ending), _text(new, ended=ended, ending=ending)
    old, new = _seen(before), _seen(after)
    result = patch(before, _difference(old, new, around))
    if isinstance(result, Patched) and result.rung == "exact" and old:
        assert _seen(result.data) == new
    if around >= len(old) and old and new and old != new:
        assert isinstance(result, Patched), "the whole file is one place"


def _seen(data: bytes) -> list[str]:
    lines = data.decode().replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _difference(old: list[str], new: list[str], around: int) -> list[Hunk]:
    """As a unified diff with so many lines of context has it."""
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(around)
    hunks: list[Hunk] = []
    for group in groups:
        hunk = Hunk()
        for kind, old_from, old_to, new_from, new_to in group:
            stays: Mark = " " if kind == "equal" else "-"
            hunk.lines.extend((stays, line) for line in old[old_from:old_to])
            if kind != "equal":
                hunk.lines.extend(("+", line) for line in new[new_from:new_to])
        hunks.append(hunk)
    return hunks


@settings(deadline=None)
@given(_lines, st.lists(_hunk, min_size=1, max_size=3), st.booleans())
def test_lines_no_hunk_takes_stay_as_they_are(lines: list[str], hunks: list[Hunk], ended: bool) -> None:
    before = _text(lines, ended=ended)
    result = patch(before, [hunk for hunk in hunks if hunk.changes])
    if isinstance(result, NotPatched):
        return
    gone = sum(mark == "-" for hunk in hunks if hunk.changes for mark, _ in hunk.lines)
    old, new = _seen(before), _seen(result.data)
    assert _common(old, new) >= len(old) - gone


def _common(one: list[str], other: list[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for left in one:
        above = row[:]
        for at, right in enumerate(other, 1):
            row[at] = above[at - 1] + 1 if left == right else max(above[at], row[at - 1])
    return row[-1]


def _added(path: str, lines: list[str]) -> Section:
    return Section("add", path, content=lines)


def _deleted(path: str) -> Section:
    return Section("delete", path)


def _updated(path: str, moved: str | None, hunks: list[Hunk]) -> Section:
    return Section("update", path, moved, hunks=hunks)


_path = st.sampled_from(["/w/a", "/w/b", "/w/d/c", "/w/d/e/f"])
_content = st.sampled_from([b"", b"one\n", b"one\ntwo\n", b"two"])
_section = st.one_of(
    st.builds(_added, _path, _lines),
    st.builds(_deleted, _path),
    st.builds(
        _updated,
        _path,
        st.none() | _path,
        st.lists(
            st.sampled_from(
                [
                    Hunk([], [("-", "one"), ("+", "1")]),
                    Hunk([], [("-", "two"), ("+", "2")]),
                    Hunk([], [(" ", "one"), ("+", "x")]),
                ]
            ),
            max_size=2,
        ),
    ),
)


@settings(deadline=None)
@given(
    st.dictionaries(_path, _content, max_size=4),
    st.lists(_section, min_size=1, max_size=4),
    st.none() | st.integers(1, 8),
)
async def test_any_failure_leaves_every_byte_as_it_was(
    files: dict[str, bytes], sections: list[Section], fail_at: int | None
) -> None:
    guest = MemoryFiles(dict(files), fail_at)
    before = guest.everything()
    try:
        changes = await plan(guest, sections, lambda path: path)  # type: ignore[arg-type]
    except RefusedError:
        assert guest.everything() == before
        assert guest.changing == 0
        return
    done = await commit(guest, changes)  # type: ignore[arg-type]
    if isinstance(done, NotCommitted):
        assert done.left == ()
        assert guest.everything() == before
        return
    wanted = dict(files)
    for change in changes:
        if change.after is None:
            del wanted[change.path]
    wanted |= {change.path: change.after for change in changes if change.after is not None}
    assert guest.files == wanted
    assert set(done) == {change.path for change in changes if change.after is not None}


async def test_a_cancelled_patch_is_done_whole_or_not_at_all() -> None:
    before = {"/w/a": b"one\n", "/w/b": b"two\n", "/w/d/c": b"x"}
    after = {"/w/a": b"1\n", "/w/b": b"2\n", "/w/d/e/f": b"y\n"}
    sections = [
        Section("update", "/w/a", hunks=[Hunk([], [("-", "one"), ("+", "1")])]),
        Section("add", "/w/d/e/f", content=["y"]),
        Section("delete", "/w/d/c"),
        Section("update", "/w/b", hunks=[Hunk([], [("-", "two"), ("+", "2")])]),
    ]
    seen: list[dict[str, bytes]] = []
    for turns in range(12):
        guest, supervisor = MemoryFiles(dict(before)), Supervisor()
        changes = await plan(guest, sections, lambda path: path)  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as tasks:
            commits = commit(guest, changes)  # type: ignore[arg-type]
            working = tasks.create_task(supervisor.uninterrupted(commits, name="patch"))
            for _ in range(turns + 1):
                await asyncio.sleep(0)
            working.cancel()
        seen.append(guest.files)
        await supervisor.close()
    assert seen == [after] * 12
