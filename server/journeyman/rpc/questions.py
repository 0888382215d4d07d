"""Questions to the user, shown by the clients that can show them, and taken back once they are decided.

Asked are the clients a question concerns: those that follow its chat or wait for its run. Where there is
none, all that can be asked. A client that knows our request gets it; one that can only show messages gets
`window/showMessageRequest` with the same options. No answer, an error or a lost connection decide nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from journeyman import records
from journeyman.failures import Failure
from journeyman.permission.telling import permission_data
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.refusals import Refusal
from journeyman_protocol.permission import Permission, PermissionAnswer

if TYPE_CHECKING:
    from journeyman.permission.service import Permissions
    from journeyman.rpc.hub import Hub
    from journeyman.rpc.peer import Peer

log = logging.getLogger(__name__)

OURS = "permission/request"
MESSAGE = "window/showMessageRequest"
WARNING = 2
SHOWN_MAX = 64
"""Most questions one client is shown at the same time; it finds the others in `permission/list`."""


def permission_(value: records.Permission) -> Permission:
    return Permission.model_validate(permission_data(value))


class PeerQuestions:
    """What one client is being asked."""

    def __init__(self, peer: Peer, permissions: Permissions) -> None:
        self._peer = peer
        self._permissions = permissions
        self._asked: dict[str, asyncio.Task[None]] = {}

    @property
    def can_ask(self) -> bool:
        can = self._peer.can
        return self._peer.initialized and (OURS in can.requests or can.show_messages)

    def reaches(self, chat_id: str) -> bool:
        """Whether a question of this chat would be shown here, where nobody is nearer to it."""
        return self.can_ask

    def concerned(self, permission: records.Permission) -> bool:
        follows = self._peer.subscriptions.follows(permission.chat_id)
        return follows or self._peer.waits_for[permission.run_id] > 0

    def ask(self, permission: records.Permission) -> None:
        if permission.id in self._asked or not self.can_ask or len(self._asked) >= SHOWN_MAX:
            return
        try:
            task = self._peer.start(self._ask(permission), f"question {permission.id}")
        except Refusal:
            return  # the connection is closing
        self._asked[permission.id] = task
        task.add_done_callback(lambda _: self._asked.pop(permission.id, None))

    def take_back(self, permission_id: str) -> None:
        if (task := self._asked.get(permission_id)) is not None:
            task.cancel()

    async def _ask(self, permission: records.Permission) -> None:
        left_s = max((permission.expires_at - permission.created_at).total_seconds(), 1.0)
        try:
            # It may have been decided while this client was on its way.
            if (await self._permissions.get(permission.id)).state != "pending":
                return
            if OURS in self._peer.can.requests:
                params = permission_data(permission)
                answer = _ours(await self._peer.outbound.request(OURS, params, timeout_s=left_s))
            else:
                shown = await self._peer.outbound.request(MESSAGE, message(permission), timeout_s=left_s)
                answer = _chosen(permission, shown)
            if answer.option_id is not None:
                await self._permissions.reply(
                    permission.id, answer.option_id, feedback=answer.feedback or "", by=self._peer.who
                )
        except Failure as failure:
            log.info("%s did not decide permission %s: %s", self._peer.name, permission.id, failure.message)


def message(permission: records.Permission) -> dict[str, Any]:
    """The question for a client that can show a message with buttons."""
    subject = permission.subject
    where = f" in {subject['cwd']}" if subject["type"] != "edit" else ""
    text = f"Journeyman asks: {subject['title']}"
    if subject["type"] != "question":
        text += f"{where}? It is asked because {subject['why']}."
    return {
        "type": WARNING,
        "message": text,
        "actions": [{"title": option.title} for option in permission.options],
    }


def _ours(answer: Any) -> PermissionAnswer:
    """Raises `invalid` for what is no answer."""
    try:
        return PermissionAnswer.model_validate(answer or {}, by_name=False, by_alias=True)
    except ValueError as error:
        raise Failure("invalid", "The client's answer is not one of permission/request.") from error


def _chosen(permission: records.Permission, shown: Any) -> PermissionAnswer:
    title = (as_object(shown) or {}).get("title")
    chosen = next((option.id for option in permission.options if option.title == title), None)
    return PermissionAnswer(option_id=chosen)


class Asking:
    """Brings questions to clients, and clients to questions. A `permission` listener."""

    def __init__(self, hub: Hub, permissions: Permissions) -> None:
        self._hub = hub
        self._permissions = permissions

    def attended(self, chat_id: str) -> bool:
        return any(member.peer.questions.reaches(chat_id) for member in self._hub)

    def requested(self, permission: records.Permission) -> None:
        able = [member.peer.questions for member in self._hub if member.peer.questions.can_ask]
        for questions in [each for each in able if each.concerned(permission)] or able:
            questions.ask(permission)

    def resolved(self, permission: records.Permission) -> None:
        for member in self._hub:
            member.peer.questions.take_back(permission.id)
        self._hub.tell("permission/didResolve", permission_data(permission))

    async def arrived(self, peer: Peer) -> None:
        """It is asked what concerns it, and what concerns nobody else."""
        others = [member.peer.questions for member in self._hub if member.peer is not peer]
        for permission in await self._permissions.pending():
            known = any(each.can_ask and each.concerned(permission) for each in others)
            if not known or peer.questions.concerned(permission):
                peer.questions.ask(permission)


def announce_permissions(permissions: Permissions, hub: Hub) -> Callable[[], None]:
    """Let the hub's clients be asked; the answer ends that."""
    asking = hub.asking = Asking(hub, permissions)
    return permissions.listen(asking)
