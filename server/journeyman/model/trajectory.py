"""The file a recorded trajectory is kept in: JSON lines, one model turn a line.

    {"text": "Let me look.", "toolCalls": [{"name": "ls", "arguments": {"path": "."}}],
     "reasoning": "...", "usage": {"inputTokens": 812, "outputTokens": 40}}

`text`, `reasoning`, `thoughts` and `usage` may be missing; a line with `question` is an answer to `explore`,
which was asked that. A first line with `"recording"` is a header: the model that was recorded and a note, as
free text. Written by `recorder.py`, read by `replay.py`.

An exported trajectory (docs/trajectories.md) can be repeated as well: of its first run, the answers count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from journeyman.failures import FAILURE_KINDS, Failure, FailureKind
from journeyman.model.assembly import ModelTurn
from journeyman.model.thoughts import without_calls
from journeyman.ports.model import StopReason, UsageDelta
from journeyman.redaction import redact
from journeyman.thoughts import Thought, fields_of, thought_from

FILE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    text: str
    reasoning: str
    calls: tuple[tuple[str, dict[str, Any]], ...]
    """Name and arguments."""
    usage: UsageDelta | None
    ids: tuple[str | None, ...] = ()
    """Of the calls, where they are known."""
    invalid: tuple[str | None, ...] = ()
    """Why the arguments of each could not be read, where the file says so."""
    stop: StopReason | None = None
    """None: what follows from the calls."""
    failure: tuple[FailureKind, str, str] | None = None
    """Instead of an answer: what kind it was, its sentence and its hint."""
    thoughts: tuple[Thought, ...] = ()


@dataclass(slots=True)
class Exploration:
    """What one call of `explore` was answered."""

    call_id: str | None
    """Of the call; None where the file does not say."""
    question: str
    turns: list[RecordedTurn] = field(default_factory=list[RecordedTurn])


@dataclass(frozen=True, slots=True)
class Trajectory:
    turns: tuple[RecordedTurn, ...]
    model: str | None = None
    """The model that was recorded, where the file says so."""
    note: str = ""
    window: int | None = None
    """The context window of that model, where the file says so."""
    explorations: tuple[Exploration, ...] = ()
    asked: str | None = None
    """The name its first request went to, where the file has requests."""

    def explored(self, call_id: str, question: str) -> Exploration | None:
        """That of this call; in a chat that had this trajectory before, ids differ and the question tells."""
        named = (each for each in self.explorations if each.call_id == call_id)
        asked = (each for each in self.explorations if each.question == question)
        return next(named, None) or next(asked, None)


def load_trajectory(path: Path) -> Trajectory:
    """Raises `Failure("invalid")` naming the line that cannot be read. Blocks on the disk."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise _unreadable(path, f"it is larger than {FILE_BYTES_MAX:,} bytes")
        return parse_trajectory(data.decode("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error


def parse_trajectory(text: str, path: Path) -> Trajectory:
    turns: list[RecordedTurn] = []
    explorations: list[Exploration] = []
    header: dict[str, Any] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise TypeError("not a JSON object")
            fields = cast("dict[str, Any]", row)
            if "trajectory" in fields and header:
                break  # another run
            if not turns and ("recording" in fields or "trajectory" in fields):
                header = fields
            elif "trajectory" not in header:
                _recorded(fields, turns, explorations)
            elif fields["type"] == "request":
                header.setdefault("asked", fields.get("model"))
            elif fields["type"] == "end":
                header = {**header, "contextWindow": fields.get("contextWindow")}
            else:
                _exported(fields, turns, explorations)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise _unreadable(path, f"line {number}: {type(error).__name__} {error}") from error
    return Trajectory(
        tuple(turns),
        header.get("model"),
        str(header.get("note", "")),
        header.get("contextWindow"),
        tuple(explorations),
        header.get("asked"),
    )


def _recorded(fields: dict[str, Any], turns: list[RecordedTurn], explorations: list[Exploration]) -> None:
    """A line of a recording."""
    if (question := fields.get("question")) is None:
        turns.append(_turn(fields))
        return
    found = next((each for each in explorations if each.question == question), None)
    if found is None:
        explorations.append(found := Exploration(None, str(question)))
    found.turns.append(_turn(fields))


def _exported(fields: dict[str, Any], turns: list[RecordedTurn], explorations: list[Exploration]) -> None:
    """A line of an exported trajectory."""
    kind = fields["type"]
    if kind == "answer":
        turns.append(_turn(fields))
    elif kind == "exploreRequest" and fields["step"] == 1:
        explorations.append(Exploration(str(fields["callId"]), str(fields["messages"][0]["content"])))
    elif kind == "exploreAnswer":
        explorations[-1].turns.append(_turn(fields))


def _turn(fields: dict[str, Any]) -> RecordedTurn:
    calls: list[tuple[str, dict[str, Any]]] = []
    ids: list[str | None] = []
    invalid: list[str | None] = []
    for row in fields.get("toolCalls", ()):
        arguments = row["arguments"]
        if not isinstance(arguments, dict):
            raise TypeError("the arguments of a call are not an object")
        calls.append((str(row["name"]), cast("dict[str, Any]", arguments)))
        ids.append(row.get("id"))
        invalid.append(row.get("invalid"))
    usage = fields.get("usage") or None
    failed = fields.get("failed")
    return RecordedTurn(
        text=str(fields.get("text", "")),
        reasoning=str(fields.get("reasoning", "")),
        calls=tuple(calls),
        usage=None
        if usage is None
        else UsageDelta(
            usage.get("inputTokens"),
            usage.get("outputTokens"),
            usage.get("cachedTokens"),
            usage.get("costUsd"),
            usage.get("cacheWriteTokens"),
            usage.get("reasoningTokens"),
        ),
        ids=tuple(ids),
        invalid=tuple(invalid),
        stop=fields.get("stopReason"),
        failure=None if failed is None else _failure(failed),
        thoughts=tuple(thought_from(each) for each in fields.get("thoughts", ())),
    )


def _failure(fields: Any) -> tuple[FailureKind, str, str]:
    kind = fields["kind"]
    if kind not in FAILURE_KINDS:
        raise ValueError(f"{kind!r} is no kind of failure")
    return kind, str(fields["message"]), str(fields["hint"])


def header_line(model: str, note: str = "") -> str:
    return _line({"recording": 1, "model": model, "note": note})


def turn_line(turn: ModelTurn, question: str | None = None) -> str:
    """`turn` as one line, secrets taken out. Calls that could not be decoded are left out. `question`: what
    `explore` was asked, where it is an answer to that."""
    row: dict[str, Any] = (
        {"text": turn.text} if question is None else {"question": question, "text": turn.text}
    )
    if turn.reasoning:
        row["reasoning"] = turn.reasoning
    row["toolCalls"] = [
        {"name": call.name, "arguments": call.arguments} for call in turn.tool_calls if not call.invalid
    ]
    if thoughts := without_calls(turn.thoughts, [bool(call.invalid) for call in turn.tool_calls]):
        row["thoughts"] = [fields_of(each) for each in thoughts]
    if turn.usage is not None:
        row["usage"] = {
            "inputTokens": turn.usage.input_tokens,
            "outputTokens": turn.usage.output_tokens,
            "cachedTokens": turn.usage.cached_tokens,
            "costUsd": turn.usage.cost_usd,
            "cacheWriteTokens": turn.usage.cache_write_tokens,
            "reasoningTokens": turn.usage.reasoning_tokens,
        }
    return _line(_redacted(row))


def _redacted(value: Any) -> Any:
    """Redaction before encoding, so that a secret with characters JSON escapes is found too."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redacted(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {redact(key): _redacted(item) for key, item in cast("dict[str, Any]", value).items()}
    return value


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _unreadable(path: Path, why: str) -> Failure:
    return Failure(
        "invalid",
        f"The recording {path.name} cannot be read: {why}.",
        hint="Record it again, or name another file.",
    )
