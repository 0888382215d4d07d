"""An editor's folder, a daemon for it, and recordings of a model that works on it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from e2e.daemons import Place, place, wait_until
from journeyman import paths

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RECORDING = f"replay/{EXAMPLES / 'recordings' / 'wordcount.jsonl'}"
QUIET = {"JOURNEYMAN_WORKSPACE_UPLOAD_S": "3600"}
"""No archive is made beside what a test looks at."""


@contextmanager
def daemon(*arguments: str) -> Generator[Place]:
    with place(**QUIET) as found:
        process = found.start(*arguments) if arguments else None
        try:
            yield found
        finally:
            found.stop()
            if process is not None:
                process.wait(90)
                assert process.stdout is not None
                process.stdout.close()


def port_of(here: Place) -> int:
    """The TCP port a daemon listens on, once its log says so."""
    found: list[int] = []

    def said() -> bool:
        found[:] = map(int, re.findall(r"listening on 127\.0\.0\.1:(\d+)", here.log))
        return bool(found)

    wait_until(said)
    return found[-1]


def token_of(here: Place) -> str:
    """The token of a daemon on TCP: made before it listens."""
    port_of(here)
    return paths.token_file(here.data).read_text().strip()


def wordcount(root: Path) -> Path:
    """A copy of the example project, as a person's folder."""
    folder = root / "word count"
    shutil.copytree(EXAMPLES / "wordcount", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def recording(path: Path, *turns: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(turn) + "\n" for turn in turns))
    return f"replay/{path}"


def calls(text: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {"text": text, "toolCalls": [{"name": name, "arguments": arguments}]}


def writes(path: Path, nonce: str) -> str:
    """A model that writes `nonce` into a file and is done."""
    return recording(
        path,
        calls(f"I write {nonce}.", "write", path=f"{nonce}.txt", content=nonce),
        calls("", "terminal", command=f"grep -q {nonce} {nonce}.txt"),
        calls("", "fin", summary=f"Wrote {nonce}."),
    )


def sleeps(path: Path, seconds: str) -> str:
    return recording(path, calls("I wait.", "terminal", command=f"echo begun; sleep {seconds}"))
