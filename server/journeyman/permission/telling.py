"""A permission as people, events and clients see it: secrets taken out, long texts cut.

What is stored of the effect is this and a hash; the hash is over the effect as it would be done.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from journeyman.permission.effect import DETAIL_CHARACTERS_MAX, Effect
from journeyman.permission.policy import Verdict
from journeyman.records import Permission, PermissionOption
from journeyman.redaction import redact

OPTIONS = (
    PermissionOption("allow", "Allow once", "allow_once"),
    PermissionOption("allow-run", "Allow for this run", "allow_run"),
    PermissionOption("deny", "Deny", "deny"),
)


def subject_of(effect: Effect, verdict: Verdict) -> dict[str, Any]:
    subject: dict[str, Any] = {
        "type": effect.type,
        "title": _shown(effect.title),
        "why": verdict.why,
        "rules": list(verdict.rules),
        "cwd": _shown(effect.cwd),
    }
    for name, value in (("command", effect.command), ("detail", effect.detail)):
        if value:
            subject[name] = _shown(value)
    for name, values in (("argv", effect.argv), ("paths", effect.paths)):
        if values:
            subject[name] = [_shown(value) for value in values]
    return subject


def question_subject(question: str) -> dict[str, Any]:
    return {"type": "question", "title": _shown(question), "why": "the agent asks", "rules": [], "cwd": ""}


def question_options(options: tuple[str, ...]) -> tuple[PermissionOption, ...]:
    answers = tuple(
        PermissionOption(str(number), _shown(text), "answer") for number, text in enumerate(options, start=1)
    )
    return (*answers, PermissionOption("deny", "You decide", "deny"))


def permission_data(permission: Permission) -> dict[str, Any]:
    """As events and the wire carry it."""
    data: dict[str, Any] = {
        "id": permission.id,
        "chatId": permission.chat_id,
        "runId": permission.run_id,
        "callId": permission.call_id,
        "subject": permission.subject,
        "options": [
            {"id": option.id, "title": option.title, "kind": option.kind} for option in permission.options
        ],
        "state": permission.state,
        "createdAt": _time(permission.created_at),
        "expiresAt": _time(permission.expires_at),
    }
    optional = {
        "optionId": permission.option_id,
        "feedback": redact(permission.feedback) or None,
        "decidedBy": permission.decided_by,
        "decidedAt": permission.decided_at and _time(permission.decided_at),
        "usedAt": permission.used_at and _time(permission.used_at),
    }
    return {**data, **{name: value for name, value in optional.items() if value is not None}}


def _shown(text: str) -> str:
    clean = redact(text)
    return clean if len(clean) <= DETAIL_CHARACTERS_MAX else f"{clean[:DETAIL_CHARACTERS_MAX]}..."


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
