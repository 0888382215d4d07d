"""Permissions: what the user's settings say of an effect, the question where they say to ask, and its answer.

A question waits for its answer and not for a client: clients come and go. The first answer counts, it is
good for that very effect and once, and at `expires_at` it is no.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from journeyman.failures import Failure
from journeyman.permission.answers import (
    Admission,
    admitted,
    answer_of,
    chosen_of,
    refused_by,
    refused_by_settings,
)
from journeyman.permission.effect import Effect
from journeyman.permission.policy import Policy, judge
from journeyman.permission.questions import Listener, Questions
from journeyman.permission.telling import (
    OPTIONS,
    permission_data,
    question_options,
    question_subject,
    subject_of,
)
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.events import Announcer
from journeyman.ports.store import PermissionStore
from journeyman.records import Page, Permission, PermissionOption, PermissionState
from journeyman.tasks import Supervisor

FEEDBACK_CHARACTERS_MAX = 4_000
PAGE = 500
_STATES: dict[str, PermissionState] = {
    "allow_once": "allowed",
    "allow_run": "allowed",
    "answer": "allowed",
    "deny": "denied",
}


@dataclass(frozen=True, slots=True)
class _Place:
    chat_id: str
    run_id: str
    call_id: str


class Permissions:
    def __init__(
        self,
        store: PermissionStore,
        events: Announcer,
        clock: Clock,
        ids: Ids,
        supervisor: Supervisor,
        *,
        policy: Policy | None = None,
        timeout_s: float = 1800.0,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._policy = policy or Policy()
        self._timeout_s = timeout_s
        self._questions = Questions(store, events, clock, supervisor)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of questions and their ends; the answer ends that."""
        return self._questions.listen(listener)

    # For runs

    async def admit(
        self, effect: Callable[[], Awaitable[Effect]], *, chat_id: str, run_id: str, call_id: str
    ) -> Admission:
        """Whether the call may happen now; waits for the user where the settings say to ask. What was
        allowed is compared with `effect()` as it is then, and used up by the answer."""
        asked = await effect()
        verdict = judge(asked, self._policy)
        if verdict.choice == "allow":
            return Admission(allowed=True)
        if verdict.choice == "deny":
            return refused_by_settings(verdict)
        place = _Place(chat_id, run_id, call_id)
        permission = self._made(place, subject_of(asked, verdict), asked.hash, OPTIONS)
        try:
            if judge(asked, self._policy, await self._granted(run_id)).choice == "allow":
                permission = await self._granted_again(permission)
            else:
                permission = await self._questions.ask(permission)
            if permission.state != "allowed":
                return refused_by(permission, self._timeout_s)
            await self._store.use(permission.id, (await effect()).hash, at=self._clock.now())
        except Failure as failure:
            if failure.kind not in ("conflict", "overloaded"):
                raise
            return Admission(allowed=False, text=f"{failure.message}\n{failure.hint}".strip())
        return admitted(permission)

    async def question(
        self, question: str, options: tuple[str, ...], *, chat_id: str, run_id: str, call_id: str
    ) -> str | None:
        """A question of the agent's own. What the user says, or that they did not; None: nobody is there."""
        if not self._questions.attended(chat_id):
            return None
        place = _Place(chat_id, run_id, call_id)
        asked = self._made(place, question_subject(question), "", question_options(options))
        try:
            return answer_of(await self._questions.ask(asked), self._timeout_s)
        except Failure as failure:
            if failure.kind != "overloaded":
                raise
            return failure.message

    async def choose(
        self, question: str, options: tuple[str, ...], *, chat_id: str, run_id: str, call_id: str
    ) -> str | None:
        """The option the user takes; None where nobody is there, or they take none."""
        if not self._questions.attended(chat_id):
            return None
        place = _Place(chat_id, run_id, call_id)
        asked = self._made(place, question_subject(question), "", question_options(options))
        try:
            return chosen_of(await self._questions.ask(asked))
        except Failure as failure:
            if failure.kind != "overloaded":
                raise
            return None

    async def take_back(self, run_id: str) -> None:
        """The run is over, or its user says something else: nobody need answer what it asked."""
        for permission in await self._all(run_id=run_id, state="pending"):
            await self._questions.decide(permission, "withdrawn")

    async def recover(self) -> tuple[Permission, ...]:
        """At start, before any run: no run of an earlier daemon waits for an answer any more. Those ended."""
        left = await self.pending()
        return tuple([(await self._questions.decide(each, "withdrawn"))[0] for each in left])

    # For people

    async def get(self, permission_id: str) -> Permission:
        return await self._store.get(permission_id)

    async def list(
        self,
        *,
        chat_id: str | None = None,
        state: PermissionState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Permission]:
        """Newest first."""
        return await self._store.list(chat_id=chat_id, state=state, cursor=cursor, limit=limit)

    async def pending(self, chat_id: str | None = None) -> tuple[Permission, ...]:
        """What waits for an answer, oldest first."""
        return (await self._all(chat_id=chat_id, state="pending"))[::-1]

    async def reply(
        self, permission_id: str, option_id: str, *, feedback: str = "", by: str = ""
    ) -> Permission:
        """The first answer counts. The same one again is answered alike; another one is a `conflict` that
        says who decided, with the permission in its data."""
        permission = await self._store.get(permission_id)
        option = next((each for each in permission.options if each.id == option_id), None)
        if option is None:
            known = ", ".join(each.id for each in permission.options)
            raise Failure(
                "invalid", f"There is no option {option_id[:80]!r}.", hint=f"`optionId`: one of {known}."
            )
        if len(feedback) > FEEDBACK_CHARACTERS_MAX:
            most = f"{FEEDBACK_CHARACTERS_MAX:,} characters"
            raise Failure("invalid", f"The feedback is longer than {most}.", hint="Say it shorter.")
        if permission.state == "pending" and permission.expires_at <= self._clock.now():
            permission, _ = await self._questions.decide(permission, "expired")
        if permission.state == "pending":
            permission, first = await self._questions.decide(
                permission, _STATES[option.kind], option_id=option_id, feedback=feedback, by=by or None
            )
            if first:
                return permission
        if permission.option_id == option_id:
            return permission
        raise _decided(permission)

    # Inside

    def _made(
        self, place: _Place, subject: dict[str, Any], effect_hash: str, options: tuple[PermissionOption, ...]
    ) -> Permission:
        now = self._clock.now()
        return Permission(
            id=self._ids.new(),
            chat_id=place.chat_id,
            run_id=place.run_id,
            call_id=place.call_id,
            subject=subject,
            effect_hash=effect_hash,
            options=options,
            created_at=now,
            expires_at=now + timedelta(seconds=self._timeout_s),
        )

    async def _granted(self, run_id: str) -> frozenset[str]:
        """Rules the user allowed for the rest of this run."""
        found: set[str] = set()
        for permission in await self._all(run_id=run_id, state="allowed"):
            kinds = {option.id: option.kind for option in permission.options}
            if kinds.get(permission.option_id or "") == "allow_run":
                found.update(permission.subject["rules"])
        return frozenset(found)

    async def _granted_again(self, permission: Permission) -> Permission:
        """A permission like any other, for the record and to be used once; nobody is asked."""
        allowed = replace(
            permission,
            state="allowed",
            option_id="allow",
            decided_by="allowed for this run",
            decided_at=permission.created_at,
        )
        await self._store.add(allowed)
        return allowed

    async def _all(
        self, *, state: PermissionState, chat_id: str | None = None, run_id: str | None = None
    ) -> tuple[Permission, ...]:
        found: list[Permission] = []
        cursor: str | None = None
        while True:
            page = await self._store.list(
                chat_id=chat_id, run_id=run_id, state=state, cursor=cursor, limit=PAGE
            )
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return tuple(found)


def _decided(permission: Permission) -> Failure:
    who = {
        "expired": "Nobody answered in time",
        "withdrawn": "The question was taken back before anybody answered",
    }.get(permission.state, f"{permission.decided_by or 'Somebody'} answered first: {permission.state}")
    return Failure(
        "conflict",
        f"This was decided already. {who}.",
        hint="The first answer counts; `permission/list` shows what still waits.",
        data={"current": permission_data(permission)},
    )
