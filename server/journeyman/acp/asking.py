"""Questions of a run as `session/request_permission`, to whoever has its session open.

Everything else of a question (who else is asked, which answer counts, when it is over) is `rpc.questions`.
A client that is asked no more is told so by `$/cancel_request`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from acp.schema import (
    AllowedOutcome,
    PermissionOption,
    PermissionOptionKind,
    RequestPermissionRequest,
    RequestPermissionResponse,
    ToolCallLocation,
    ToolCallUpdate,
    ToolKind,
)
from pydantic import ValidationError

from journeyman import records
from journeyman.acp import tools
from journeyman.acp.sessions import Sessions, wire
from journeyman.failures import Failure
from journeyman.rpc.questions import PeerQuestions

if TYPE_CHECKING:
    from journeyman.permission.service import Permissions
    from journeyman.rpc.peer import Peer

log = logging.getLogger(__name__)

METHOD = "session/request_permission"
_KINDS: dict[str, PermissionOptionKind] = {
    "allow_once": "allow_once",
    "allow_run": "allow_always",
    "deny": "reject_once",
}
_SORTS: dict[str, ToolKind] = {"edit": "edit", "question": "other"}


class SessionQuestions(PeerQuestions):
    def __init__(self, peer: Peer, permissions: Permissions, sessions: Sessions) -> None:
        super().__init__(peer, permissions)
        self._sessions = sessions

    @property
    def can_ask(self) -> bool:
        return len(self._sessions) > 0

    def reaches(self, chat_id: str) -> bool:
        return chat_id in self._sessions

    def concerned(self, permission: records.Permission) -> bool:
        return self.reaches(permission.chat_id)

    def ask(self, permission: records.Permission) -> None:
        if self.concerned(permission):
            super().ask(permission)

    async def _ask(self, permission: records.Permission) -> None:
        left_s = max((permission.expires_at - permission.created_at).total_seconds(), 1.0)
        try:
            if (await self._permissions.get(permission.id)).state != "pending":
                return
            asked = self._question(permission)
            said = await self._peer.outbound.request(METHOD, wire(asked), timeout_s=left_s)
            outcome = RequestPermissionResponse.model_validate(said).outcome
            if isinstance(outcome, AllowedOutcome):
                await self._permissions.reply(permission.id, outcome.option_id, by=self._peer.who)
        except (Failure, ValidationError) as error:
            log.info("%s did not decide permission %s: %s", self._peer.name, permission.id, error)

    def _question(self, permission: records.Permission) -> RequestPermissionRequest:
        subject, session = permission.subject, self._sessions.get(permission.chat_id)
        found = [session.paths.to_editor(path) for path in subject.get("paths", ())]
        why = None if subject["type"] == "question" else f"It is asked because {subject['why']}."
        words = "\n".join(text for text in (subject.get("command") or subject.get("detail"), why) if text)
        return RequestPermissionRequest(
            session_id=session.id,
            tool_call=ToolCallUpdate(
                tool_call_id=permission.call_id,
                title=subject["title"],
                kind=_SORTS.get(subject["type"], "execute"),
                status="pending",
                content=[tools.words(words)] if words else None,
                locations=[ToolCallLocation(path=path) for path in found if path is not None] or None,
            ),
            options=[
                PermissionOption(
                    option_id=option.id, name=option.title, kind=_KINDS.get(option.kind, "allow_once")
                )
                for option in permission.options
            ],
        )
