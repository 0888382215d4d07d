"""`changes/apply`: the editor is asked for what it can do, the daemon writes what it may; the rest says why.

A file is carried whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from journeyman.changes.carrying import Carried, Carrying, Proposal, present
from journeyman.failures import Failure
from journeyman.folder.inside import PathRefused
from journeyman.records import Chat
from journeyman.rpc.edits import CAN_BE_WRITTEN, Edit, OpenDocument, folder_of, uri_of
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.peer import Peer

CONFIRM_S = 600.0
"""How long a person may look at what the editor asks them."""


@dataclass(frozen=True, slots=True)
class Applying:
    peer: Peer
    carrying: Carrying
    chat: Chat
    root: str
    allowed: Collection[str]
    confirm: bool

    async def apply(self, proposals: Sequence[Proposal]) -> list[Carried]:
        """One answer for each file, by path."""
        answers = {p.path: Carried(p.path, "refused", p.refused) for p in proposals if p.refused is not None}
        left = [each for each in proposals if each.path not in answers]
        if self.peer.can.apply_edits:
            asked = await self._ask(left)
            answers.update(asked)
            left = [each for each in left if each.path not in asked]
        if left:
            written = await self._write(left)
            answers.update(written)
        done = [p for p in proposals if answers[p.path].outcome != "refused"]
        await self.carrying.carried(self.chat, self.root, done)
        return [answers[each.path] for each in proposals]

    async def _ask(self, proposals: Sequence[Proposal]) -> dict[str, Carried]:
        """What the editor did, or will not do; left out is what the daemon may write."""
        edit = Edit(self.peer.can, self.peer.position_encoding, self.confirm)
        answers: dict[str, Carried] = {}
        asked: list[Proposal] = []
        for each in proposals:
            uri = uri_of(self.root, each.path)
            try:
                document = await self._present(each, uri)
            except PathRefused as refusal:
                answers[each.path] = Carried(each.path, "refused", str(refusal))
                continue
            if not _only_mode(each) and (_bytes(document) if document else None) == each.after:
                answers[each.path] = Carried(each.path, "same")
                continue
            why = CHANGES_MODE if _only_mode(each) else edit.add(each, uri, document)
            if why is None:
                asked.append(each)
            elif why not in (*CAN_BE_WRITTEN, CHANGES_MODE) or not self._may_write:
                answers[each.path] = Carried(each.path, "refused", why)
        if asked:
            why = await self._request(edit)
            for each in asked:
                outcome = "edited" if why is None else "refused"
                answers[each.path] = Carried(each.path, outcome, why or "")
        return answers

    async def _request(self, edit: Edit) -> str | None:
        """Why the editor did not do it."""
        params = {"label": "Journeyman: changes of the agent", "edit": edit.wire()}
        try:
            answer = await self.peer.outbound.request("workspace/applyEdit", params, timeout_s=CONFIRM_S)
        except Failure as failure:
            return f"the editor did not apply it: {failure.message}"
        said = as_object(answer) or {}
        if said.get("applied") is True:
            return None
        reason = said.get("failureReason")
        return f"the editor did not apply it: {reason}"[:500] if reason else "the editor did not apply it"

    async def _present(self, proposal: Proposal, uri: str) -> OpenDocument | None:
        """The document as it is: open in the editor, in the folder, or, where neither can be seen, as it was
        when it was copied; then the editor's user is to look at it."""
        if (document := self.peer.document(uri)) is not None:
            if (folder := self._folder) is not None:
                await asyncio.to_thread(present, folder, proposal.path)  # no link on the way
            return document
        if (folder := self._folder) is None:
            return (
                None
                if proposal.before is None
                else OpenDocument(None, proposal.before.decode("utf-8", "replace"))
            )
        content = await asyncio.to_thread(present, folder, proposal.path)
        if content is None:
            return None
        return OpenDocument(None, content.decode("utf-8", "replace"))

    @property
    def _folder(self) -> Path | None:
        path = folder_of(self.root)
        return Path(path) if self.peer.local and path is not None else None

    @property
    def _may_write(self) -> bool:
        return self._folder is not None

    async def _write(self, proposals: Sequence[Proposal]) -> dict[str, Carried]:
        folder = self._folder
        if folder is None:
            raise Failure(
                "unauthorized",
                "Only for a client on the daemon's own machine does the daemon write to a folder.",
                hint="Use a client that takes workspace/applyEdit, or connect on the daemon's machine.",
            )
        answers: dict[str, Carried] = {}
        for each in proposals:
            document = self.peer.document(uri_of(self.root, each.path))
            if document is not None and _bytes(document) != await asyncio.to_thread(
                _quietly, folder, each.path
            ):
                answers[each.path] = Carried(each.path, "refused", UNSAVED)
        left = [each for each in proposals if each.path not in answers]
        answers.update({each.path: each for each in await self.carrying.write(folder, left, self.allowed)})
        return answers


UNSAVED = "the editor has it open with changes that are not saved"
CHANGES_MODE = "only its mode changes, which no editor can be asked for"


def _only_mode(proposal: Proposal) -> bool:
    return (
        proposal.was is not None
        and proposal.before is not None
        and proposal.before == proposal.after
        and proposal.was.executable != proposal.executable
    )


def _bytes(document: OpenDocument) -> bytes:
    return document.text.encode("utf-8", "surrogatepass")


def _quietly(folder: Path, path: str) -> bytes | None:
    try:
        return present(folder, path)
    except (PathRefused, OSError):
        return None
