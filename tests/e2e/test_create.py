"""`journeyman projects create` against a daemon of its own, in bubblewrap."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.daemons import Place, place

pytestmark = pytest.mark.bubblewrap


@pytest.fixture(scope="module")
def there() -> Iterator[Place]:
    with place() as found:
        found.start()
        yield found


def journeyman(there: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        there.command(*arguments), env=there.env, capture_output=True, text=True, timeout=100, check=False
    )


def test_of_a_folder_and_of_its_archive(there: Place, tmp_path: Path) -> None:
    folder = tmp_path / "wordcount"
    folder.mkdir()
    (folder / "words.py").write_text("print(1)\n")
    (folder / "again.py").symlink_to("words.py")
    (folder / ".devcontainer.json").write_text(
        '{"image": "python:3.12", "features": {}, "forwardPorts": [80]}'
    )
    done = journeyman(there, "projects", "create", "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    ident = done.stdout.strip()
    told = " ".join(done.stderr.split())
    assert "made wordcount" in told
    assert "features" in told
    assert "python:3.12 is not used" in told
    assert journeyman(there, "exec", ident, "cat", "again.py").stdout == "print(1)\n"
    assert journeyman(there, "archive", ident).returncode == 0
    second = journeyman(there, "projects", "create", "second", "--archive", ident, "--json")
    made = json.loads(second.stdout)
    assert (made["name"], made["source"], made["forwardPorts"]) == ("second", "archive", [80])
    assert journeyman(there, "exec", made["id"], "cat", "again.py").stdout == "print(1)\n"


def test_one_that_fails_is_not_there(there: Place) -> None:
    before = journeyman(there, "projects", "list", "--json").stdout
    done = journeyman(there, "projects", "create", "--git", "https://example.org/no-such.git")
    assert done.returncode == 1
    assert "could not be cloned" in " ".join(done.stderr.split())
    assert journeyman(there, "projects", "list", "--json").stdout == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--git", "https://example.org/x", "--folder", "."),
        ("--ref", "main"),
        ("--exclude", "data"),
        ("--git", "ssh://example.org/x"),
        ("--folder", "/no/such"),
    ],
)
def test_what_is_refused(there: Place, arguments: tuple[str, ...]) -> None:
    done = journeyman(there, "projects", "create", *arguments)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
