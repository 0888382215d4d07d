"""What the user's settings make of an effect: let it happen, ask, or refuse. A pure table.

Settings come from the user alone, never from a project. Of several findings the strictest setting counts;
what is asked may be allowed for the rest of a run, rule by rule.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from journeyman.permission.effect import Effect
from journeyman.permission.findings import Finding, Topic, findings

Choice = Literal["ask", "allow", "deny"]


@dataclass(frozen=True, slots=True)
class Policy:
    git: Choice = "ask"
    protected: Choice = "ask"
    commands: Choice = "allow"
    edits: Choice = "allow"
    mcp: Choice = "ask"

    def of(self, topic: Topic) -> Choice:
        choices: dict[Topic, Choice] = {
            "git": self.git,
            "protected": self.protected,
            "commands": self.commands,
            "edits": self.edits,
            "mcp": self.mcp,
        }
        return choices[topic]


@dataclass(frozen=True, slots=True)
class Verdict:
    choice: Choice
    because: tuple[Finding, ...] = ()
    """What is asked about, or what the refusal is for."""

    @property
    def why(self) -> str:
        return " and ".join(dict.fromkeys(finding.why for finding in self.because))

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(finding.rule for finding in self.because)

    @property
    def settings(self) -> str:
        """The names of the settings that say so."""
        return " and ".join(dict.fromkeys(f"permission_{finding.topic}" for finding in self.because))


def judge(effect: Effect, policy: Policy, granted: Collection[str] = ()) -> Verdict:
    """`granted`: rules that were allowed for the rest of the run."""
    found = findings(effect)
    denied = tuple(each for each in found if policy.of(each.topic) == "deny")
    if denied:
        return Verdict("deny", denied)
    asked = tuple(each for each in found if policy.of(each.topic) == "ask")
    if any(each.rule not in granted for each in asked):
        return Verdict("ask", asked)
    return Verdict("allow", asked)
