"""grep and glob, with ripgrep and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.debian import ensure
from components.sandbox import Bench, kinds
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient

FILES = """
git init -q . 2>/dev/null || mkdir .git
mkdir -p src/deep node_modules/x
echo 'needle one' > src/old.py; echo 'Needle two' > src/new.py; printf 'a\\nb needle\\n' > src/deep/x.txt
echo needle > node_modules/x/i.js; echo needle > built.log; echo needle > .hidden
printf 'node_modules/\\n*.log\\n!kept.log\\n' > .gitignore; echo needle > kept.log
echo needle > .git/inside
touch -d '2020-01-01' src/old.py; touch -d '2021-01-01' src/new.py src/deep/x.txt
touch -d '2019-01-01' .hidden kept.log
printf 'needle\\0binary' > bin
"""


@pytest.fixture(params=["ripgrep", "fallback"])
async def searched(
    request: pytest.FixtureRequest, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> GuestClient:
    if request.param == "ripgrep":
        ensure("rg", "ripgrep")
    else:
        tools = bench.data / "tools"
        tools.mkdir(parents=True)
        for name in ("bash", "mkdir", "touch", "git", "env", "seq"):
            found = next((p / name for p in map(Path, ("/usr/bin", "/bin")) if (p / name).exists()), None)
            if found:
                (tools / name).symlink_to(found)
        monkeypatch.setenv("PATH", str(tools))
    _, guest = await bench.running()
    done = await guest.run(["bash", "-ec", FILES])
    assert done.code == 0, done.output
    return guest


async def test_grep_finds_lines_newest_first_and_leaves_ignored_out(searched: GuestClient) -> None:
    found = await searched.grep("needle")
    assert [(m.path, m.line, m.text) for m in found.matches if m.path.startswith("src")] == [
        ("src/deep/x.txt", 2, "b needle"),
        ("src/old.py", 1, "needle one"),
    ]
    assert {m.path for m in found.matches} == {"src/deep/x.txt", "src/old.py", ".hidden", "kept.log"}
    assert (found.more_matches, found.more_files) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        ({"ignore_case": True, "path": "src"}, {"src/old.py", "src/new.py", "src/deep/x.txt"}),
        ({"glob": "*.py"}, {"src/old.py"}),
        ({"glob": "src/**/*.txt"}, {"src/deep/x.txt"}),
        ({"path": "/workspace/src/deep"}, {"src/deep/x.txt"}),
        ({"path": "src/old.py"}, {"src/old.py"}),
    ],
)
async def test_grep_can_be_narrowed(
    searched: GuestClient, arguments: dict[str, object], want: set[str]
) -> None:
    found = await searched.grep("needle", **arguments)  # type: ignore[arg-type]
    assert {m.path for m in found.matches} == want


async def test_grep_counts_what_is_beyond_the_limit(searched: GuestClient) -> None:
    await searched.run(["bash", "-c", "for f in p q r; do for i in 1 2 3 4; do echo pin; done > $f; done"])
    found = await searched.grep("pin$", limit=5)
    assert (len(found.matches), found.more_matches, found.more_files) == (5, 7, 2)


async def test_a_bad_pattern_and_a_missing_place_are_said(searched: GuestClient) -> None:
    with pytest.raises(Failure) as bad:
        await searched.grep("(unclosed")
    assert bad.value.kind == "invalid"
    with pytest.raises(Failure) as missing:
        await searched.grep("x", path="nowhere")
    assert missing.value.kind == "not_found"
    assert (await searched.grep("-not-an-option-but-a-pattern")).matches == ()


async def test_lines_are_told_as_they_are_in_the_file(searched: GuestClient) -> None:
    """However they are encoded, ended, and how long they are."""
    lines = {
        "marked": b"\xef\xbb\xbfpin one\n",
        "latin": b"first\npin caf\xe9\n",
        "ended": b"one\r\npin two\r\n",
        "long": b"pin " + b"x" * 20_000 + b"\nafter pin",
        "colons": b"1:2:pin:3\n",
    }
    for name, data in lines.items():
        await searched.write(f"odd/{name}: x", data)
    await searched.write("odd/wide", "pin\n".encode("utf-16"))
    found = await searched.grep("pin", path="odd")
    assert {(m.path.removeprefix("odd/").removesuffix(": x"), m.line, m.text) for m in found.matches} == {
        ("marked", 1, "\ufeffpin one"),
        ("latin", 2, "pin caf\ufffd"),
        ("ended", 2, "pin two"),
        ("long", 1, ("pin " + "x" * 500)[:500]),
        ("long", 2, "after pin"),
        ("colons", 1, "1:2:pin:3"),
    }


@pytest.mark.parametrize(
    ("pattern", "want"),
    [
        ("**/*.py", {"src/new.py", "src/old.py"}),
        ("*.py", set[str]()),
        ("src/*", {"src/new.py", "src/old.py"}),
        ("src/**", {"src/new.py", "src/old.py", "src/deep/x.txt"}),
        ("src/{new,nothing}.??", {"src/new.py"}),
        ("**/[!n]*.py", {"src/old.py"}),
        (".hid*", {".hidden"}),
    ],
)
async def test_glob(searched: GuestClient, pattern: str, want: set[str]) -> None:
    assert set((await searched.glob(pattern)).paths) == want


async def test_glob_is_newest_first_and_limited(searched: GuestClient) -> None:
    found = await searched.glob("**/*.py")
    assert found.paths == ("src/new.py", "src/old.py")
    found = await searched.glob("*.py", path="src", limit=1)
    assert (found.paths, found.more) == (("new.py",), 1)


@pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)
async def test_search_inside_a_sandbox(bench: Bench) -> None:
    _, guest = await bench.running()
    await guest.write("a/b.txt", b"x\nneedle\n")
    assert [(m.path, m.line) for m in (await guest.grep("need")).matches] == [("a/b.txt", 2)]
