"""journeyman files: what it asks for and what it prints."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from journeyman.cli import output
from journeyman.cli.main import main
from unit.cli.fake_daemon import PROJECT_IDS, TIME, FakeDaemon, daemon

__all__ = ["daemon"]


@pytest.fixture(autouse=True)
def fresh_consoles() -> None:
    """Consoles remember the streams they were made with; every test has streams of its own."""
    output.stdout.cache_clear()
    output.stderr.cache_clear()


def stat(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "size": 2048, "mode": 0o755, "mtime": TIME, "etag": "e", **more}


def test_a_listing_is_plain_lines_and_shows_nothing_a_terminal_would_obey(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [
        {"name": "d\x1b[2J", "stat": stat("directory")},
        {"name": "l", "stat": stat("symlink", target="d", targetKind="directory")},
    ]
    daemon.answers["workspace/readDirectory"] = {"items": items, "nextCursor": None, "unnamed": 0}
    assert main(["files", "ls", "alpha", "sub"]) == 0
    asked = daemon.params_of("workspace/readDirectory")
    assert (asked["projectId"], asked["path"]) == (PROJECT_IDS[0], "sub")
    shown = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in shown] == ["drwxr-xr-x", "lrwxr-xr-x"]
    assert shown[1].endswith("l -> d")
    assert "\x1b" not in "".join(shown)


def test_putting_does_not_overwrite_unless_told(
    daemon: FakeDaemon, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answers["workspace/writeFile"] = {"stat": stat("file"), "sha256": "0" * 64}
    mine = tmp_path / "f"
    mine.write_bytes(b"\xff")
    assert main(["files", "put", "alpha", str(mine)]) == 0
    asked = daemon.params_of("workspace/writeFile")
    assert (asked["path"], asked["overwrite"], base64.b64decode(asked["content"])) == ("f", False, b"\xff")
    assert main(["files", "put", "alpha", str(mine), "--overwrite", "a/b"]) == 0
    assert daemon.asked[-1][1]["overwrite"] is True
    assert main(["files", "put", "alpha", "-"]) == 2
    assert main(["files", "put", "alpha", str(tmp_path / "none")]) == 1


@pytest.mark.parametrize("pair", ["A", "=1", ""])
def test_exec_says_what_is_wrong_with_a_variable(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], pair: str
) -> None:
    assert main(["exec", "--env", pair, "alpha", "true"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err
