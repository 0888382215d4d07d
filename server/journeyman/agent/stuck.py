"""Noticing that a run goes in circles. Pure: it sees calls and results and says when to nudge or to end."""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

NUDGE_AT = 3
END_AT = 5
ALTERNATIONS = 6
EDITS_WITHOUT_CHECK_MAX = 8
TEXT_REPLIES_MAX = 3
_DURATION = re.compile(r"\bin \d+(\.\d+)?s\b")


@dataclass(frozen=True, slots=True)
class Stuck:
    what: Literal["nudge", "end"]
    message: str


@dataclass(slots=True)
class StuckDetector:
    _recent: deque[str] = field(default_factory=lambda: deque[str](maxlen=2 * ALTERNATIONS))
    _same: int = 0
    _edits: dict[str, int] = field(default_factory=dict[str, int])
    _text_replies: int = 0
    _alternations: int = 0
    _nudged: set[str] = field(default_factory=set[str])

    def saw_call(self, tool: str, arguments: dict[str, Any], result: str) -> Stuck | None:
        """After every tool call, in order."""
        self._text_replies = 0
        signature = _signature(tool, arguments, result)
        self._same = self._same + 1 if self._recent and self._recent[-1] == signature else 1
        self._recent.append(signature)
        again = self._same == NUDGE_AT and signature in self._nudged  # a new plan did not help
        if again or self._same >= END_AT:
            return Stuck("end", f"{tool} was called {self._same} times in the same way with the same result")
        if self._same == NUDGE_AT:
            self._nudged.add(signature)
            return Stuck(
                "nudge",
                f"You called {tool} {self._same} times in the same way and got the same result. "
                "Do something else: read what it says, or change the plan with todoWrite.",
            )
        if self._alternates():
            self._recent.clear()
            self._alternations += 1
            if self._alternations > 1:
                return Stuck("end", f"the same two calls were made again and again ({tool})")
            return Stuck(
                "nudge", f"You go back and forth between the same two calls ({tool}). Change the plan."
            )
        return None

    def saw_edit(self, path: str) -> Stuck | None:
        self._edits[path] = self._edits.get(path, 0) + 1
        if self._edits[path] == EDITS_WITHOUT_CHECK_MAX + 1:
            return Stuck(
                "nudge",
                f"{path} was edited {self._edits[path]} times without a passing check. Run the check.",
            )
        return None

    def saw_passing_check(self) -> None:
        self._edits.clear()

    def saw_text_reply(self) -> Stuck:
        """After a reply that called no tool."""
        self._text_replies += 1
        if self._text_replies >= TEXT_REPLIES_MAX:
            return Stuck("end", f"the model answered {self._text_replies} times without calling a tool")
        return Stuck(
            "nudge", "Nothing happens without a tool call. Call a tool, or fin when you are finished."
        )

    def _alternates(self) -> bool:
        seen = list(self._recent)
        if len(seen) < 2 * ALTERNATIONS or seen[0] == seen[1]:
            return False
        return all(each == seen[index % 2] for index, each in enumerate(seen))


def _signature(tool: str, arguments: dict[str, Any], result: str) -> str:
    plain = json.dumps([tool, arguments, _DURATION.sub("in -", result)], sort_keys=True, default=str)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
