"""What a call is told: it may happen, or not and why. Sentences for the model."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.permission.policy import Verdict
from journeyman.records import Permission
from journeyman.redaction import redact


@dataclass(frozen=True, slots=True)
class Admission:
    allowed: bool
    text: str = ""
    """Of a refusal: why, and what to do. Of an allowance: what the user said with it."""


NOTHING = "nothing was done"


def admitted(permission: Permission) -> Admission:
    said = redact(permission.feedback.strip())
    return Admission(allowed=True, text=f"note: the user allowed this and said: {said}" if said else "")


def refused_by_settings(verdict: Verdict) -> Admission:
    return Admission(
        allowed=False,
        text=f"the user's settings forbid this ({verdict.settings}), because {verdict.why}: {NOTHING}\n"
        "Find a way that does not need it.",
    )


def refused_by(permission: Permission, timeout_s: float) -> Admission:
    if permission.state == "denied":
        said = redact(permission.feedback.strip())
        told = (
            f"The user said: {said}" if said else "Find a way that does not need it, or call fin and say so."
        )
        return Admission(allowed=False, text=f"the user denied this: {NOTHING}\n{told}")
    if permission.state == "expired":
        return Admission(
            allowed=False,
            text=f"the user was asked for permission and did not answer within {timeout_s:.0f} s: {NOTHING}\n"
            "Go on without it, or call fin and say what is needed.",
        )
    return Admission(allowed=False, text=f"the question to the user was taken back: {NOTHING}")


def chosen_of(question: Permission) -> str | None:
    """The option that was taken; None for no answer, and for the one that leaves it to the agent."""
    if question.state != "allowed":
        return None
    return next((each.title for each in question.options if each.id == question.option_id), None)


def answer_of(question: Permission, timeout_s: float) -> str:
    """Of a question of the agent's own."""
    said = redact(question.feedback.strip())
    chosen = next((each.title for each in question.options if each.id == question.option_id), "")
    if question.state == "allowed":
        return f"the user chose: {chosen}" + (f"\nand said: {said}" if said else "")
    if said:
        return f"the user said: {said}"
    if question.state == "denied":
        return "the user leaves it to you: decide yourself"
    if question.state == "withdrawn":
        return "the user said something else instead of answering"
    late = f"the user did not answer within {timeout_s:.0f} s"
    return f"{late}: decide yourself, and say what you took for granted"
