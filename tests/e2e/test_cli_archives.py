"""The archive family on the command line, with a real daemon and a real workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.test_cli import Home
from journeyman.client.connection import Client

pytestmark = pytest.mark.bubblewrap


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("h"))
    yield home
    home.run("stop", "--yes")


def created(home: Home) -> None:
    home.journeyman("projects", "list")  # starts the daemon

    async def create() -> None:
        async with Client.connect(socket=home.place / "run" / "daemon.sock") as client:
            await client.request("project/create", {"name": "P"})

    asyncio.run(create())


def test_archives_are_named_compared_verified_taken_out_and_removed(home: Home, tmp_path: Path) -> None:
    created(home)
    refused = home.run("archive", "show", "P")
    assert "`journeyman archive P` makes one" in refused.stderr
    home.journeyman("exec", "P", "--", "sh", "-c", "mkdir -p src/deep; echo one > src/deep/a; echo x > b")
    home.journeyman("archive", "make", "P", "--keep")
    home.journeyman("exec", "P", "--", "sh", "-c", "echo two > src/deep/a; rm b")
    home.journeyman("archive", "P", "--keep")
    newest, oldest = (str(each["archiveId"]) for each in home.listing("archive", "list", "P"))
    assert "is named the first" in home.journeyman("archive", "name", "P", oldest, "the first")
    assert "the first" in home.journeyman("archive", "list", "P")
    assert "the first" in home.journeyman("archive", "show", "P", oldest[:8])
    assert newest in home.journeyman("archive", "show", "P")
    changes = {
        str(each["path"]): each["change"] for each in home.listing("archive", "diff", "P", "the first")
    }
    assert changes == {"b": "removed", "src/deep/a": "changed"}
    assert "No difference" in home.journeyman("archive", "diff", "P")
    assert "- b" in home.journeyman("archive", "diff", "P", oldest, newest)
    assert "whole" in home.journeyman("archive", "verify", "P", "--read-data")

    shown = home.journeyman("archive", "show", "P", "the first", "--files")
    assert [line.split()[-1] for line in shown.splitlines()] == ["b", "src", "src/deep", "src/deep/a"]
    assert shown.startswith("-rw-")

    out = tmp_path / "out"
    home.journeyman("archive", "extract", "P", str(out), "--archive", "the first")
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == {"b", "src/deep/a"}
    assert (out / "src" / "deep" / "a").read_text() == "one\n"
    part = tmp_path / "part"
    home.journeyman("archive", "extract", "P", str(part), "--path", "src")
    assert [str(path.relative_to(part)) for path in part.rglob("*") if path.is_file()] == ["src/deep/a"]
    assert (part / "src" / "deep" / "a").read_text() == "two\n"
    refused = home.run("archive", "extract", "P", str(part))
    assert refused.returncode != 0
    assert "is not empty" in refused.stderr
    refused = home.run("archive", "extract", "P", str(tmp_path / "none"), "--path", "../etc")
    assert "has no ../etc" in refused.stderr

    with pytest.MonkeyPatch.context() as patched:  # the daemon was started without
        patched.setenv("JOURNEYMAN_OBJECTS", str(tmp_path / "elsewhere"))
        for looked in (("show", "P", "--files"), ("extract", "P", str(tmp_path / "nothing"))):
            refused = home.run("archive", *looked)
            assert refused.returncode != 0
            assert "the settings of this command lead" in refused.stderr
        assert not (tmp_path / "nothing").exists()

    refused = home.run("archive", "delete", "P", newest, "--yes")
    assert "newest" in refused.stderr
    assert "0 archives went" in home.journeyman("archive", "prune", "P")
    home.journeyman("archive", "delete", "P", "the first", "--yes")
    assert [each["archiveId"] for each in home.listing("archive", "list", "P")] == [newest]
    assert "1 object not needed" in home.journeyman("archive", "prune", "P", "--dry-run")


def test_a_project_is_forked(home: Home) -> None:
    created(home)
    home.journeyman("exec", "P", "--", "sh", "-c", "echo one > a")
    home.journeyman("archive", "P", "--keep")
    home.journeyman("exec", "P", "--", "sh", "-c", "echo two > a")
    now = home.journeyman("fork", "P", "--name", "now").strip().splitlines()[-1]
    [*_, oldest] = home.listing("archive", "list", "P")
    home.journeyman("archive", "name", "P", str(oldest["archiveId"]), "the first")
    home.journeyman("fork", "P", "--archive", "the first", "--name", "then")
    home.journeyman("projects", "delete", "P", "--archives", "--yes")
    assert home.journeyman("exec", now, "--", "cat", "a") == "two\n"
    assert home.journeyman("exec", "then", "--", "cat", "a") == "one\n"
    assert "whole" in home.journeyman("archive", "verify", "then", "--read-data")
    refused = home.run("fork", "P")
    assert refused.returncode != 0
    assert "no project" in refused.stderr


def test_damage_is_said_and_the_exit_code_tells(home: Home) -> None:
    created(home)
    home.journeyman("exec", "P", "--", "sh", "-c", "head -c 9000 /dev/urandom > a")
    home.journeyman("archive", "P")
    [pack] = [path for path in (home.place / "data").rglob("packs/*") if path.is_file()]
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    assert "whole" in home.journeyman("archive", "verify", "P")
    found = home.run("archive", "verify", "P", "--read-data")
    assert (found.returncode, "DAMAGED" in found.stdout) == (1, True)
    pack.unlink()
    assert "is not there" in home.run("archive", "verify", "P").stdout
