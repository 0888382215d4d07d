"""Reads an exported trajectory again, every request whole. Strict: a line it cannot take is named."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.trajectory.export import FORMAT
from journeyman.trajectory.request import Json

FILE_BYTES_MAX = 512 * 1024 * 1024


@dataclass(slots=True)
class Step:
    """One model call and what came of it."""

    number: int
    model: str
    prefix: Json
    """`system` and `tools`."""
    messages: tuple[Json, ...]
    """All that were sent."""
    settings: Json
    exact: bool
    """The bytes of the request are those that were sent; not where a secret was taken out."""
    answer: Json = field(default_factory=dict[str, Any])
    results: list[Json] = field(default_factory=list[Json])


@dataclass(slots=True)
class Recorded:
    """One run."""

    header: Json
    steps: list[Step] = field(default_factory=list[Step])
    end: Json = field(default_factory=dict[str, Any])


def load(path: Path) -> list[Recorded]:
    """Every run of a file. Raises `Failure("invalid")`. Blocks on the disk."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise _unreadable(path.name, f"it is larger than {FILE_BYTES_MAX:,} bytes")
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path.name, str(error)) from error


def parse(text: str, name: str = "text") -> list[Recorded]:
    runs: list[Recorded] = []
    for number, row in _rows(text, name):
        try:
            _take(row, runs)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise _unreadable(name, f"line {number}: {type(error).__name__} {error}") from error
    if not runs:
        raise _unreadable(name, "there is no run in it")
    return runs


def _rows(text: str, name: str) -> Iterable[tuple[int, Json]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _unreadable(name, f"line {number} is not JSON ({error})") from error
        if not isinstance(row, dict):
            raise _unreadable(name, f"line {number} is not a JSON object")
        yield number, cast("Json", row)


def _take(row: Json, runs: list[Recorded]) -> None:
    if "trajectory" in row:
        if row["trajectory"] != FORMAT:
            raise ValueError(f"format {row['trajectory']} is not {FORMAT}, the one this version reads")
        runs.append(Recorded({**row, "prefixes": {}}))
        return
    run, kind = runs[-1], row["type"]
    if kind == "prefix":
        run.header["prefixes"][row["digest"]] = {"system": row["system"], "tools": row["tools"]}
    elif kind == "request":
        before = run.steps[-1].messages if run.steps else ()
        if not 0 <= row["kept"] <= len(before):
            raise ValueError(f"{row['kept']} messages are kept of {len(before)}")
        messages = (*before[: row["kept"]], *row["messages"])
        prefix = run.header["prefixes"][row["prefix"]]
        run.steps.append(
            Step(row["step"], row["model"], prefix, messages, row["settings"], bool(row["exact"]))
        )
    elif kind == "answer":
        run.steps[-1].answer = row
    elif kind == "result":
        run.steps[-1].results.append(row)
    elif kind == "end":
        run.end = row


def _unreadable(name: str, why: str) -> Failure:
    return Failure(
        "invalid",
        f"{name} is not a trajectory that can be read: {why}.",
        hint="`journeyman trajectory export RUN` writes one.",
    )
