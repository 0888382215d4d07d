"""Which addresses are cloned and which folders copied: decided before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.failures import Failure
from journeyman.sources import folder
from journeyman.sources.spec import FromFolder, FromGit, check_git, name_of

GOOD = [
    "https://example.org/ada/wordcount.git",
    "https://example.org:8443/ada/wordcount",
    "http://127.0.0.1:8000/x.git",
    "https://[2001:db8::1]/x",
]
BAD = [
    ("git@example.org:ada/x.git", "keys for ssh"),
    ("ssh://example.org/x", "keys for ssh"),
    ("file:///etc", "only https"),
    ("/etc", "only https"),
    ("../x", "only https"),
    ("ext::sh -c touch% /tmp/x", "only https"),
    ("fd::17/x", "only https"),
    ("https::https://example.org/x", "only https"),
    ("--upload-pack=touch x", "only https"),
    ("-u", "only https"),
    ("https://", "only https"),
    ("https://user:secret@example.org/x", "password"),
    ("https://token@example.org/x", "password"),
    ("https://example.org/a b", "only https"),
    ("https://example.org/a\nb", "only https"),
    ("https://exa\0mple.org/", "only https"),
    ("https://example.org:99999/x", "not an address"),
    ("https://[::1/x", "not an address"),
    ("https://example.org/" + "x" * 3000, "more than"),
    ("git://example.org/x", "only https"),
    ("", "only https"),
]


@pytest.mark.parametrize("url", GOOD)
def test_what_is_cloned(url: str) -> None:
    check_git(FromGit(url))


@pytest.mark.parametrize(("url", "why"), BAD, ids=range(len(BAD)))
def test_what_is_not(url: str, why: str) -> None:
    with pytest.raises(Failure, match=why) as caught:
        check_git(FromGit(url))
    assert caught.value.kind == "invalid"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "ref", ["--exec=x", "a b", "a..b", "", "-", "a\n", "x.lock", "a/", "@{-1}", "a" * 300]
)
def test_branches_that_are_none(ref: str) -> None:
    with pytest.raises(Failure, match="no branch or tag"):
        check_git(FromGit(GOOD[0], ref))


@pytest.mark.parametrize("ref", ["main", "v1.2", "feature/x-1", "release+2"])
def test_branches(ref: str) -> None:
    check_git(FromGit(GOOD[0], ref))


@pytest.mark.parametrize("depth", [0, -1, 10**9])
def test_depths_that_are_none(depth: int) -> None:
    with pytest.raises(Failure, match="depth"):
        check_git(FromGit(GOOD[0], depth=depth))


def test_folders_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (Path("/"), Path.home(), Path("relative"), tmp_path / "no-such", tmp_path / "file"):
        with pytest.raises(Failure) as caught:
            folder.check(FromFolder(path))
        assert caught.value.kind == "invalid"
    with pytest.raises(Failure, match="only names"):
        folder.check(FromFolder(tmp_path, exclude=("a/b",)))
    folder.check(FromFolder(tmp_path))


def test_names() -> None:
    assert name_of(FromGit("https://example.org/ada/wordcount.git/")) == "wordcount"
    assert name_of(FromGit("https://example.org")) is None
    assert name_of(FromFolder(Path("/home/ada/work"))) == "work"
