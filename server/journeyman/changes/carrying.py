"""Carrying changes to the user's own folder: what becomes of each file there, and who may write it.

A file goes whole or not at all, and only where the folder has what the change was made of. What runs by
itself is not carried unasked. The editor is asked elsewhere; here is what it would be asked for, and, for a
folder of this machine, the writing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from journeyman.changed import ChangedPath, FolderFile
from journeyman.changes import reading
from journeyman.changes.finding import find
from journeyman.changes.listing import paths_of_run
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.state import State, from_text, same, to_text
from journeyman.checkpoint.vault import Vault
from journeyman.failures import Failure
from journeyman.folder import protected
from journeyman.folder.change import Change, Copied
from journeyman.folder.inside import PathRefused, names_of, opened_folder, parent_of, read_regular, sha256
from journeyman.folder.write_back import write_back
from journeyman.records import Chat
from journeyman.workspace.archive.tree import shown

FILE_BYTES_MAX = 32 * 1024 * 1024
Outcome = Literal["written", "removed", "edited", "same", "refused"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What shall become of one file of the folder."""

    row: ChangedPath
    path: str
    target: State | bytes | None
    """A state that is kept, content that is not, or nothing there."""
    before: bytes | None = None
    """What the folder should have; None: nothing."""
    after: bytes | None = None
    was: Copied | None = None
    """How the folder's file is known: as it was copied last."""
    executable: bool = False
    refused: str | None = None

    @property
    def change(self) -> Change:
        kind = "removed" if self.after is None else "added" if self.was is None else "modified"
        size = len(self.after) if self.after is not None else 0
        return Change(self.path, kind, self.was, self.executable, self.after, size)


@dataclass(frozen=True, slots=True)
class Carried:
    path: str
    outcome: Outcome
    why: str = ""


class Carrying:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def root_of(self, chat: Chat) -> str:
        """The folder the chat's project was made of."""
        folder = await self._folder(chat)
        if folder is None:
            raise Failure(
                "invalid",
                "The project was not made of a folder of this machine.",
                hint="`root`: name the folder the changes shall go to.",
            )
        return folder

    async def _folder(self, chat: Chat) -> str | None:
        project = await self._parts.store.projects.get(chat.project_id)
        return project.folder if project.source == "folder" else None

    async def proposals(
        self,
        chat: Chat,
        *,
        root: str,
        run_id: str | None,
        hunk_ids: Sequence[str] | None,
        allowed: Collection[str],
    ) -> list[Proposal]:
        """Every file that is to be another one, by path; those that may not go say why."""
        targets, vault = await self._targets(chat, run_id, hunk_ids)
        names = [path for row in targets if (path := _name(row.path)) is not None]
        known: dict[str, FolderFile] = {}
        if await self._folder(chat) == root:
            known = await self._parts.store.folders.files(chat.project_id, names)
        found: list[Proposal] = []
        for row, target in targets.items():
            proposal = await self._proposal(vault, row, target, known)
            if proposal is not None:
                found.append(_checked(proposal, allowed))
        return found

    async def _targets(
        self, chat: Chat, run_id: str | None, hunk_ids: Sequence[str] | None
    ) -> tuple[dict[ChangedPath, State | bytes | None], Vault]:
        vault = self._parts.vault(chat.project_id)
        await vault.open()
        rows = await self._parts.store.changes.paths(chat.id)
        if run_id is not None:
            touched = await paths_of_run(self._parts, chat, run_id)
            rows = tuple(row for row in rows if row.path in touched)
        if hunk_ids is None:
            return {row: from_text(row.last) for row in rows}, vault
        targets: dict[ChangedPath, State | bytes | None] = {row: from_text(row.base) for row in rows}
        found, _ = await find(self._parts, chat.id, chat.project_id, hunk_ids)
        if found.missing:
            raise Failure(
                "conflict",
                f"{len(found.missing)} of these changes are not there any more.",
                hint="List the changes again.",
                retryable=True,
            )
        for changed, wanted in found.chosen:
            targets[changed.entry.row] = reading.accepted(changed, wanted)
            if changed.entry.source is not None:
                targets[changed.entry.source] = from_text(changed.entry.source.last)
        return targets, vault

    async def _proposal(
        self,
        vault: Vault,
        row: ChangedPath,
        target: State | bytes | None,
        known: dict[str, FolderFile],
    ) -> Proposal | None:
        origin = from_text(row.origin)
        state = target if isinstance(target, State) else None
        if not isinstance(target, bytes) and same(origin, target):
            return None
        sides = [side for side in (origin, state) if side is not None]
        if sides and all(side.kind == "directory" for side in sides):
            return None
        name = _name(row.path)
        made = Proposal(row, name or shown(row.path), target)
        if name is None:
            return replace(made, refused="its name is not UTF-8")
        if any(side.kind != "file" for side in sides):
            return replace(made, refused="links and directories that became files are not carried")
        before = await _content(vault, origin)
        after = target if isinstance(target, bytes) else await _content(vault, target)
        if (origin is not None and before is None) or (target is not None and after is None):
            return replace(made, refused="it is too large to be carried, or its content was lost")
        was = Copied(sha256(before), _executable(origin)) if before is not None else None
        if name in known:
            was = Copied(known[name].sha256, known[name].executable)
        runs = _executable(state if state is not None else from_text(row.last))
        return replace(made, before=before, after=after, was=was, executable=runs)

    async def write(
        self, root: Path, proposals: Sequence[Proposal], allowed: Collection[str]
    ) -> list[Carried]:
        """To a folder of this machine. Blocks nobody; what the system refuses is told of that file."""
        try:
            return await asyncio.to_thread(_write, root, proposals, allowed)
        except OSError as error:
            raise Failure(
                "invalid",
                f"{root} cannot be written: {error.strerror}.",
                hint="`root`: name an existing folder.",
            ) from error

    async def carried(self, chat: Chat, root: str, done: Sequence[Proposal]) -> None:
        """The folder has these now."""
        if not done:
            return
        parts = self._parts
        async with parts.collecting[chat.project_id]:
            made = {each.row.path: each.target for each in done if isinstance(each.target, bytes)}
            contents = await parts.vault(chat.project_id).keep_made(made)
            now: list[tuple[bytes, str | None]] = []
            for each in done:
                target = each.target
                if isinstance(target, bytes):
                    side, content = from_text(each.row.last), contents[each.row.path]
                    assert side is not None
                    target = side._replace(value=content.digest, size=content.size, chunks=content.ids)
                now.append((each.row.path, to_text(target)))
            await parts.store.changes.carried(chat.id, now)
        if await self._folder(chat) == root:
            files = [
                FolderFile(each.path, sha256(each.after), each.executable)
                for each in done
                if each.after is not None
            ]
            gone = [each.path for each in done if each.after is None]
            await parts.store.folders.note(chat.project_id, files, gone)


def _name(path: bytes) -> str | None:
    try:
        return path.decode()
    except UnicodeDecodeError:
        return None


async def _content(vault: Vault, side: State | None) -> bytes | None:
    return None if side is None else await reading.content(vault, side, FILE_BYTES_MAX)


def _executable(side: State | None) -> bool:
    return side is not None and bool(side.mode & 0o100)


def _checked(proposal: Proposal, allowed: Collection[str]) -> Proposal:
    if proposal.refused is not None:
        return proposal
    try:
        names_of(proposal.path)
    except PathRefused as refusal:
        return replace(proposal, refused=str(refusal))
    why = protected.reason(proposal.path)
    if why is not None and proposal.path not in allowed:
        return replace(proposal, refused=f"not written unasked: {why}")
    return proposal


def present(root: Path, path: str) -> bytes | None:
    """What a folder of this machine has there, no link followed; None: nothing. Raises `PathRefused`."""
    names = names_of(path)
    try:
        with opened_folder(root) as root_fd, parent_of(root_fd, names) as parent:
            return read_regular(parent, names[-1], limit=FILE_BYTES_MAX)[0]
    except FileNotFoundError:
        return None


def _write(root: Path, proposals: Sequence[Proposal], allowed: Collection[str]) -> list[Carried]:
    answers: dict[str, Carried] = {}
    todo: list[Proposal] = []
    with opened_folder(root):
        pass  # it is one
    for each in proposals:
        if _is_so(root, each):
            answers[each.path] = Carried(each.path, "same")
        else:
            todo.append(each)
    written = write_back(root, [each.change for each in todo], delete=True, allowed=allowed)
    for path in written.written:
        answers[path] = Carried(path, "written")
    for path in written.removed:
        answers[path] = Carried(path, "removed")
    for path, why in written.refused:
        answers[path] = Carried(path, "refused", why)
    return [answers[each.path] for each in proposals]


def _is_so(root: Path, proposal: Proposal) -> bool:
    """Whether the folder has it already, but for the mode."""
    try:
        there = present(root, proposal.path)
    except (PathRefused, OSError):
        return False
    changes_mode = proposal.was is not None and proposal.was.executable != proposal.executable
    return there == proposal.after and not changes_mode
