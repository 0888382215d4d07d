"""One folder under two names."""

from __future__ import annotations

import pytest

from journeyman.acp.paths import Paths, folder_of
from journeyman.failures import Failure

HERE = Paths("/home/me/My Project")

OUT = [
    ("/workspace", "/home/me/My Project"),
    ("/workspace/", "/home/me/My Project"),
    ("/workspace/src/a.py", "/home/me/My Project/src/a.py"),
    ("src/a.py", "/home/me/My Project/sub/src/a.py"),
    ("../a.py", "/home/me/My Project/a.py"),
    ("../../etc/passwd", None),
    ("/workspace/../etc", None),
    ("/workspacex/a", None),
    ("/tmp/x", None),
]


@pytest.mark.parametrize(("inside", "outside"), OUT)
def test_what_the_editor_calls_it(inside: str, outside: str | None) -> None:
    assert HERE.to_editor(inside, "/workspace/sub") == outside


IN = [
    ("/home/me/My Project", "/workspace"),
    ("/home/me/My Project/a/b.py", "/workspace/a/b.py"),
    ("file:///home/me/My%20Project/a.py", "/workspace/a.py"),
    ("file://localhost/home/me/My%20Project/a.py", "/workspace/a.py"),
    ("/home/me/My Project/../Other/a.py", None),
    ("/home/me/My Projects/a.py", None),
    ("https://example.com/a.py", None),
]


@pytest.mark.parametrize(("outside", "inside"), IN)
def test_what_the_workspace_calls_it(outside: str, inside: str | None) -> None:
    assert HERE.to_workspace(outside) == inside


def test_a_drive() -> None:
    there = Paths(folder_of("C:\\Users\\me\\project\\"))
    assert there.cwd == "C:/Users/me/project"
    assert there.to_editor("/workspace/a.py") == "C:/Users/me/project/a.py"
    assert there.to_workspace("file:///C:/Users/me/project/a.py") == "/workspace/a.py"
    assert there.to_workspace("C:\\Users\\me\\project\\a.py") == "/workspace/a.py"


@pytest.mark.parametrize(("given", "written"), [("/a/b/", "/a/b"), ("/a//b/../c", "/a/c"), ("//a", "/a")])
def test_a_folder_is_written_one_way(given: str, written: str) -> None:
    assert folder_of(given) == written


@pytest.mark.parametrize("given", ["", ".", "a/b", "~/a", "file:///a", "/a\0b", "/" + "a" * 5000])
def test_a_folder_is_absolute(given: str) -> None:
    with pytest.raises(Failure, match="no absolute path"):
        folder_of(given)
