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
    explored: dict[str, list[Step]] = field(default_factory=dict[str, "list[Step]"])
    """What a call of it, by its id, asked for `explore`."""

    @property
    def explorations(self) -> list[list[Step]]:
        """The same in the order of its calls, an empty list for one that asked nothing."""
        calls = cast("list[Json]", self.answer.get("toolCalls", []))
        return [self.explored.get(str(call["id"]), []) for call in calls]


@dataclass(slots=True)
class Recorded:
    """One run."""

    header: Json
    steps: list[Step] = field(default_factory=list[Step])
    end: Json = field(default_factory=dict[str, Any])

    @property
    def tells_exploring(self) -> bool:
        """Whether what `explore` asked would be in it: not in files of format 1."""
        return self.header["trajectory"] > 1

    @property
    def exploring(self) -> int:
        """How many requests `explore` made."""
        return sum(len(steps) for step in self.steps for steps in step.explored.values())

    @property
    def requests(self) -> int:
        """How many the file has."""
        return len(self.steps) + self.exploring


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
        if row["trajectory"] not in range(1, FORMAT + 1):
            raise ValueError(f"format {row['trajectory']} is newer than {FORMAT}, which this version reads")
        runs.append(Recorded({**row, "prefixes": {}}))
        return
    run, kind = runs[-1], row["type"]
    if kind == "prefix":
        run.header["prefixes"][row["digest"]] = {"system": row["system"], "tools": row["tools"]}
    elif kind == "request":
        run.steps.append(_step(row, run.steps, run.header["prefixes"]))
    elif kind == "answer":
        run.steps[-1].answer = row
    elif kind == "exploreRequest":
        before = run.steps[-1].explored.setdefault(row["callId"], [])
        before.append(_step(row, before, run.header["prefixes"]))
    elif kind == "exploreAnswer":
        run.steps[-1].explored[row["callId"]][-1].answer = row
    elif kind == "result":
        run.steps[-1].results.append(row)
    elif kind == "end":
        run.end = row


def _step(row: Json, steps: list[Step], prefixes: Json) -> Step:
    before = steps[-1].messages if steps else ()
    if not 0 <= row["kept"] <= len(before):
        raise ValueError(f"{row['kept']} messages are kept of {len(before)}")
    messages = (*before[: row["kept"]], *row["messages"])
    prefix = prefixes[row["prefix"]]
    return Step(row["step"], row["model"], prefix, messages, row["settings"], bool(row["exact"]))


def _unreadable(name: str, why: str) -> Failure:
    return Failure(
        "invalid",
        f"{name} is not a trajectory that can be read: {why}.",
        hint="`journeyman trajectory export RUN` writes one.",
    )
