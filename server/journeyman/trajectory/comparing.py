"""Where two trajectories part. Pure.

`asked` compares what the model was sent, byte for byte; `done` compares what the model said and what came of
it. How long something took, and the date, are no difference unless the caller wants them to be. What
`explore` asked is part of the step whose call it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from journeyman.trajectory.reading import Recorded, Step
from journeyman.trajectory.request import Json, encode

AROUND = 60
_TIMES = (
    (re.compile(r"\b\d+\.\d+( ?(?:s|ms|seconds))\b"), r"*\1"),
    (re.compile(r"\A(running id=\d+) pid=\d+ after \d+s"), r"\1 pid=* after *s"),
    (re.compile(r"; last output \d+s ago"), "; last output *s ago"),
    (re.compile(r"^date: \d{4}-\d\d-\d\d$", re.MULTILINE), "date: *"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    step: int
    where: str
    """Such as `message 3 (tool), content`."""
    one: str
    other: str
    """The texts around the first character that differs; empty where one side has nothing."""


Mask = Callable[[str], str]


def as_it_is(text: str) -> str:
    return text


def without_times(text: str) -> str:
    for pattern, instead in _TIMES:
        text = pattern.sub(instead, text)
    return text


def asked(one: Recorded, other: Recorded, mask: Mask = without_times) -> Difference | None:
    """The first request that differs."""
    for a, b in zip(one.steps, other.steps, strict=False):
        if (found := _request(a, b, mask)) is not None:
            return found
        for inside in _explorations(one, other, a, b):
            if (found := inside.first(lambda x, y: _request(x, y, mask))) is not None:
                return found
    return _count(one, other)


def done(one: Recorded, other: Recorded, mask: Mask = without_times) -> Difference | None:
    """The first answer or result that differs. Ids are no difference."""
    for a, b in zip(one.steps, other.steps, strict=False):
        if (found := _said(a, b, mask)) is not None:
            return found
        for inside in _explorations(one, other, a, b):
            if (found := inside.first(lambda x, y: _said(x, y, mask))) is not None:
                return found
        for x, y in zip(a.results, b.results, strict=False):
            where, left, right = f"the result of {x.get('name')}", x.get("text", ""), y.get("text", "")
            if (found := _text(a.number, where, mask(str(left)), mask(str(right)))) is not None:
                return found
    return _count(one, other)


@dataclass(frozen=True, slots=True)
class _Exploration:
    """What one call asked, in both."""

    step: int
    one: list[Step]
    other: list[Step]

    def first(self, compare: Callable[[Step, Step], Difference | None]) -> Difference | None:
        for x, y in zip(self.one, self.other, strict=False):
            if (found := compare(x, y)) is not None:
                return Difference(
                    self.step, f"explore, request {x.number}: {found.where}", found.one, found.other
                )
        counts = [f"{len(each)} requests" for each in (self.one, self.other)]
        return _text(self.step, "how often explore asked", *counts)


def _explorations(one: Recorded, other: Recorded, a: Step, b: Step) -> Iterator[_Exploration]:
    if one.tells_exploring and other.tells_exploring:
        for x, y in zip(a.explorations, b.explorations, strict=False):
            yield _Exploration(a.number, x, y)


def _said(a: Step, b: Step, mask: Mask) -> Difference | None:
    for where, left, right in (
        ("the answer's text", a.answer.get("text", ""), b.answer.get("text", "")),
        ("the answer's calls", _calls(a), _calls(b)),
        ("the answer's failure", _failure(a), _failure(b)),
    ):
        if (found := _text(a.number, where, mask(str(left)), mask(str(right)))) is not None:
            return found
    return None


def _failure(step: Step) -> str:
    return str(step.answer.get("failed", {}).get("message", ""))


def _calls(step: Step) -> str:
    calls = cast("list[Json]", step.answer.get("toolCalls", []))
    return "\n".join(f"{call['name']} {encode(call['arguments']).decode()}" for call in calls)


def _count(one: Recorded, other: Recorded) -> Difference | None:
    if len(one.steps) == len(other.steps):
        return None
    step = min(len(one.steps), len(other.steps)) + 1
    return Difference(step, "the number of steps", f"{len(one.steps)} steps", f"{len(other.steps)} steps")


def _request(a: Step, b: Step, mask: Mask) -> Difference | None:
    pairs: list[tuple[str, Any, Any]] = [
        ("the system prompt", a.prefix["system"], b.prefix["system"]),
        ("the list of tools", a.prefix["tools"], b.prefix["tools"]),
    ]
    for number, (x, y) in enumerate(zip(a.messages, b.messages, strict=False), start=1):
        if x is y:
            continue
        pairs += [
            (f"message {number} ({x.get('role')}), {key}", x.get(key), y.get(key))
            for key in dict.fromkeys((*x, *y))
        ]
    pairs.append(("the number of messages", len(a.messages), len(b.messages)))
    pairs.append(("the settings", a.settings, b.settings))
    for where, left, right in pairs:
        if left != right and (found := _text(a.number, where, mask(_shown(left)), mask(_shown(right)))):
            return found
    return None


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else encode(value).decode()


def _text(step: int, where: str, one: str, other: str) -> Difference | None:
    if one == other:
        return None
    pairs = enumerate(zip(one, other, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    begin = max(0, at - AROUND)
    return Difference(step, where, one[begin : at + AROUND], other[begin : at + AROUND])
