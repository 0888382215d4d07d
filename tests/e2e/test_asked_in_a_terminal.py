"""A real daemon asks: a person at a terminal, and from another terminal by `journeyman permissions`."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from e2e.daemons import Place, place

pytestmark = pytest.mark.bubblewrap


def hook(content: str) -> dict[str, Any]:
    return {"name": "write", "arguments": {"path": ".git/hooks/pre-commit", "content": content}}


STEPS: list[dict[str, Any]] = [
    {"text": "", "toolCalls": [hook("one")]},
    {"text": "", "toolCalls": [hook("two")]},
    {
        "text": "",
        "toolCalls": [{"name": "fin", "arguments": {"summary": "That is all.", "status": "partial"}}],
    },
]


@pytest.fixture
def there(tmp_path: Path) -> Generator[Place]:
    recording = tmp_path / "asks.jsonl"
    recording.write_text("".join(json.dumps(step) + "\n" for step in STEPS))
    with place(JOURNEYMAN_MODEL=f"replay/{recording}", COLUMNS="200") as found:
        found.start()
        yield found


class Terminal:
    """The program at a pseudo-terminal, and what it has printed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.text = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Read on until `pattern` comes after what was asked for last."""
        while (found := re.search(pattern, self.text, re.S)) is None:
            with suppress(OSError):
                if chunk := os.read(self._descriptor, 65536):
                    self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", chunk.decode("utf-8", "replace"))
                    continue
            raise AssertionError(f"the program ended before {pattern!r} came:\n{self.text}")
        self.text = self.text[found.end() :]
        return found

    def type(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())


@contextmanager
def terminal(there: Place, *arguments: str) -> Generator[tuple[Terminal, subprocess.Popen[bytes]]]:
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        there.command(*arguments),
        env=there.env,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    try:
        yield Terminal(outer), process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(outer)


def journeyman(there: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        there.command(*arguments), env=there.env, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_person_answers_and_somebody_else_does(there: Place) -> None:
    with terminal(there, "run", "Write the hook", "--mode", "execute") as (screen, process):
        chat = screen.until(r"project ([0-9a-f-]{36})  chat")[1]
        screen.until(r"Journeyman asks: write .git/hooks/pre-commit.*because git runs what it says by itself")
        screen.until(r"allow\? y, n, a \(always for this run\): ")
        screen.type("not that one")
        screen.until(r"denied by journeyman: write .git/hooks/pre-commit")
        screen.until(r"The user said: not that one")
        screen.until(r"allow\? y, n, a \(always for this run\): ")
        (waiting,) = json.loads(journeyman(there, "permissions", "--json").stdout)
        assert waiting["subject"]["paths"] == [".git/hooks/pre-commit"]
        answered = journeyman(there, "permissions", "allow", waiting["id"][:8])
        assert answered.stderr == "allowed: write .git/hooks/pre-commit\n"
        screen.until(r"allowed by journeyman: write .git/hooks/pre-commit")
        screen.until(r"That is all")
        late = journeyman(there, "permissions", "deny", waiting["id"][:8])
        assert late.returncode == 1
        assert "journeyman answered first: allowed" in late.stderr
        with suppress(OSError):
            while os.read(screen._descriptor, 65536):
                pass
        assert process.wait(60) == 3
    read = journeyman(there, "files", "cat", chat, ".git/hooks/pre-commit")
    assert read.stdout == "two"


def test_without_a_terminal_it_says_what_waits_and_how_to_answer(there: Place) -> None:
    run = subprocess.Popen(
        there.command("run", "Write the hook", "--mode", "execute"),
        env=there.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    answers = 0
    lines: list[str] = []
    for line in run.stdout:
        lines.append(line)
        if found := re.search(r"journeyman permissions allow (\S+)", line):
            answers += 1
            assert journeyman(there, "permissions", "deny", found[1]).returncode == 0
    assert answers == 2
    assert run.wait(60) == 3
    assert "it asks for your permission: write .git/hooks/pre-commit" in "".join(lines)
