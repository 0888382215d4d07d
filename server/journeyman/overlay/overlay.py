"""The open documents of one run's project over its files, while the run goes on.

What a user changes in a document is brought into the workspace's file (`bring`), what the agent changes in
the file is handed to documents that are not saved (`hand_over`); each as a three-way merge since the last
look, so that neither side's text is lost. Where they share lines it is a conflict: both stay as they are
until somebody decides (`decide`). Editors are looked at one after the other, each compared with the same
file: what two of them changed comes together there.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from journeyman.changed import FolderFile
from journeyman.failures import Failure
from journeyman.folder import protected
from journeyman.overlay import files
from journeyman.overlay.editors import Editors, Look
from journeyman.overlay.files import File, Unfit
from journeyman.overlay.merging import Side, merge
from journeyman.ports.editors import Draft, Editor
from journeyman.ports.guest import Guest
from journeyman.ports.store import Store
from journeyman.project.excludes import Excludes
from journeyman.records import Project

log = logging.getLogger(__name__)

TRIES = 3
"""How often an edit is made anew for a document that moved on meanwhile."""
PAGE = 1_000
AT_ONCE = 100_000
"""Characters that are compared at once; more, and the others do not wait for it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A document and its file were changed in the same lines since they were compared last."""

    editor: Editor | None
    draft: Draft
    base: str | None
    """What both were made of; None: not known."""

    @property
    def who(self) -> str:
        return self.editor.name if self.editor is not None else "the editor"


@dataclass(slots=True)
class Brought:
    changed: list[str] = field(default_factory=list[str])
    """Paths whose files have what was not saved now."""
    conflicts: list[Conflict] = field(default_factory=list[Conflict])


class Overlay:
    """One per run."""

    def __init__(
        self,
        editors: Editors,
        store: Store,
        guest: Guest,
        project: Project,
        touched: Callable[[str], None],
    ) -> None:
        """`touched`: told of each path that is written, before and after: it is not the agent's doing."""
        self._editors = editors
        self._store = store
        self._guest = guest
        self._project = project
        self._touched = touched
        self._given: dict[str, Draft] = {}
        self._given_looks: dict[str, Look] = {}
        self._excludes = Excludes()

    def give(self, draft: Draft) -> None:
        """A document that came with a prompt: as it was then, of an editor nobody can ask."""
        self._given[draft.uri] = draft
        self._given_looks.pop(draft.uri, None)

    @property
    def moved(self) -> bool:
        """Whether a document is another one than at the last look."""
        return any(self._is_new(editor, draft) for editor, draft in self._drafts())

    async def bring(self) -> Brought:
        """What was changed in documents, into their files."""
        brought = Brought()
        for editor, draft in self._drafts():
            if not self._is_new(editor, draft):
                continue
            try:
                found = await self._bring(editor, draft)
            except Unfit:
                continue
            except Failure as failure:
                log.warning("%s of an editor waits: %s", draft.path, failure.message)
                continue
            if isinstance(found, Conflict):
                brought.conflicts.append(found)
            elif found:
                brought.changed.append(draft.path)
        return brought

    async def hand_over(self) -> None:
        """What was changed in files, into documents that are not saved."""
        for editor, draft in self._drafts():
            if editor is None or not draft.unsaved or not editor.takes_edits:
                continue
            if protected.reason(draft.path) is not None:  # never unasked, not even by the editor
                continue
            try:
                await self._hand_over(editor, draft)
            except Unfit:
                continue
            except Failure as failure:
                log.warning("%s is not brought to the editor: %s", draft.path, failure.message)

    async def decide(self, conflict: Conflict, keep: Side) -> bool:
        """`theirs`: the document's lines where both were changed, `ours`: the file's. Answers whether the
        file changed. Raises `Unfit`, and what the guest raises; `conflict` where the file moved on."""
        editor, draft = conflict.editor, conflict.draft
        file = await files.read(self._guest, draft.path)  # others may have brought theirs meanwhile
        either = draft.text if keep == "theirs" else file.text
        if conflict.base is not None and file.text is not None:
            either = await _merged(conflict.base, file.text, draft.text, prefer=keep)
        if either is None:  # the file is gone, and stays so
            self._looked(editor, draft, Look(draft.revision, draft.text, None))
            return False
        changed = either != file.text
        if changed:
            await self._write(draft.path, file, either)
            await self._brought(editor, draft, file.text or "", either)
        look = Look(draft.revision, draft.text, either)
        if keep == "ours" and editor is not None and await self._edit(editor, draft, either):
            look = Look(draft.revision, either, either, (draft.revision, either))
        self._looked(editor, draft, look)
        return changed

    async def leave(self, conflict: Conflict) -> None:
        """Nobody decides: both stay as they are, and what is changed from now on is looked at. Raises as
        `decide`."""
        draft = conflict.draft
        file = await files.read(self._guest, draft.path)
        self._looked(conflict.editor, draft, Look(draft.revision, draft.text, file.text))

    # -- documents into files ------------------------------------------------------------------------

    async def _bring(self, editor: Editor | None, draft: Draft) -> Conflict | bool:
        """Whether the file changed."""
        file = await files.read(self._guest, draft.path)
        look = self._look(editor, draft)
        if look is None:
            newer, base = await self._first_base(draft, file)
            if not newer:
                self._looked(editor, draft, Look(draft.revision, draft.text, file.text))
                return False
            look = Look(None, base or "", file.text)
        else:
            base = look.text
        merged = None if base is None or file.text is None else await _merged(base, file.text, draft.text)
        if file.text is None and base == "":
            merged = draft.text
        if merged is None:
            return Conflict(editor, draft, base)
        if merged != file.text:
            untouched = await self._is_as_copied(draft.path, file)
            await self._write(draft.path, file, merged)
            if untouched:
                await self._note(draft.path, file.bytes_of(merged))
            await self._brought(editor, draft, file.text or "", merged)
        before = (
            merged
            if look.file == file.text or look.file is None
            else await _merged(look.text, look.file, draft.text)
        )
        self._looked(
            editor, draft, Look(draft.revision, draft.text, before if before is not None else merged)
        )
        return merged != file.text

    async def _first_base(self, draft: Draft, file: File) -> tuple[bool, str | None]:
        """Whether a document seen for the first time is newer than its file, and what it was made of."""
        if draft.own and not draft.unsaved:
            return False, None
        if draft.text == file.text:
            return False, None
        known = (await self._store.folders.files(self._project.id, [draft.path])).get(draft.path)
        if known is not None and files.is_of(draft.text, known.sha256):
            return False, None
        if known is None and self._excludes.path(draft.path):
            return False, None
        if file.text is None:
            return True, "" if known is None else None
        if known is not None and known.sha256 == file.sha256 and not self._brought_by_others(draft.path):
            return True, file.text
        states = self._editors.before(self._project, draft.path)
        if any(files.is_of(draft.text, each) for each in states):
            return False, None
        states += (file.sha256, *([known.sha256] if known is not None else []))
        for earlier in reversed(draft.earlier):
            if any(files.is_of(earlier, each) for each in states):
                return True, earlier
        if self._brought_by_others(draft.path) or await self._is_agents(draft.path):
            return True, None
        return True, file.text

    def _brought_by_others(self, path: str) -> bool:
        return bool(self._editors.before(self._project, path))

    async def _brought(self, by: Editor | None, draft: Draft, before: str, after: str) -> None:
        """What one document brought is not for others to be handed: it is no change of the agent's."""
        for editor, other in self._drafts():
            look = self._look(editor, other)
            if other.path != draft.path or look is None or look.file is None or editor is by:
                continue
            there = await _merged(before, after, look.file)
            if there is not None:
                self._looked(editor, other, replace(look, file=there))

    async def _is_agents(self, path: str) -> bool:
        """Whether a chat's agent changed it and nobody carried or took back all of that."""
        wanted = path.encode()
        after: tuple[str, bytes] | None = None
        while True:
            rows = await self._store.changes.of_project(self._project.id, after=after, limit=PAGE)
            if any(row.path == wanted for _, row in rows):
                return True
            if len(rows) < PAGE:
                return False
            after = (rows[-1][0], rows[-1][1].path)

    async def _is_as_copied(self, path: str, file: File) -> bool:
        """Whether the workspace still has what was copied of the user's folder."""
        if self._project.source != "folder":
            return False
        known = (await self._store.folders.files(self._project.id, [path])).get(path)
        return file.text is None if known is None else known.sha256 == file.sha256

    async def _note(self, path: str, content: bytes) -> None:
        """What comes back to the folder later is a change of this."""
        known = (await self._store.folders.files(self._project.id, [path])).get(path)
        digest = hashlib.sha256(content).hexdigest()
        copied = FolderFile(path, digest, known is not None and known.executable)
        await self._store.folders.note(self._project.id, [copied], [])

    async def _write(self, path: str, file: File, text: str) -> None:
        self._touched(path)
        self._editors.brings(self._project, path, file.sha256)
        try:
            await files.write(self._guest, path, file, text)
        finally:
            self._touched(path)

    # -- files into documents ------------------------------------------------------------------------

    async def _hand_over(self, editor: Editor, draft: Draft) -> None:
        file = await files.read(self._guest, draft.path)
        for _ in range(TRIES):
            look = self._look(editor, draft)
            if look is None or look.file is None or file.text in (None, look.file):
                return
            if look.asked is not None and look.asked[0] == draft.revision:
                return  # it is about to tell what it took of us: the next time
            assert file.text is not None
            target = await _merged(look.file, file.text, draft.text)
            text = await _merged(look.file, file.text, look.text)
            if target is None or text is None:
                return  # the next `bring` finds the conflict
            asked = look.asked
            if target != draft.text:
                if await self._edit(editor, draft, target):
                    asked = (draft.revision, target)
                else:
                    moved = next((d for e, d in self._drafts() if e is editor and d.uri == draft.uri), None)
                    if moved is not None and moved.revision != draft.revision:
                        draft = moved
                        continue
                    text = look.text  # it stays in the workspace, to be carried later
            self._looked(editor, draft, replace(look, text=text, file=file.text, asked=asked))
            return

    async def _edit(self, editor: Editor, draft: Draft, text: str) -> bool:
        return editor.takes_edits and await editor.edit(draft, text)

    # -- looks ---------------------------------------------------------------------------------------

    def _drafts(self) -> Iterator[tuple[Editor | None, Draft]]:
        """What editors have open, each as it is there or will be once it told back what it took of us; then
        what came with prompts, where no editor has it open."""
        seen: set[str] = set()
        for editor, draft in self._editors.drafts(self._project):
            seen.add(draft.path)
            look = self._look(editor, draft)
            if look is not None and look.asked is not None and look.asked[0] == draft.revision:
                draft = replace(draft, text=look.asked[1])
            if files.fits(draft.text):
                yield editor, draft
        for draft in self._given.values():
            if draft.path not in seen and files.fits(draft.text):
                yield None, draft

    def _is_new(self, editor: Editor | None, draft: Draft) -> bool:
        look = self._look(editor, draft)
        return look is None or draft.revision != look.revision

    def _look(self, editor: Editor | None, draft: Draft) -> Look | None:
        if editor is None:
            return self._given_looks.get(draft.uri)
        return self._editors.look(editor, draft, self._project)

    def _looked(self, editor: Editor | None, draft: Draft, look: Look) -> None:
        before = self._look(editor, draft)
        if look.asked is None and before is not None and before.asked is not None:
            look = replace(look, asked=before.asked if before.asked[0] == draft.revision else None)
        if editor is None:
            self._given_looks[draft.uri] = look
        else:
            self._editors.looked(editor, draft, self._project, look)


async def _merged(base: str, ours: str, theirs: str, *, prefer: Side | None = None) -> str | None:
    """`merge`; long texts beside the loop."""
    if len(base) + len(ours) + len(theirs) < AT_ONCE:
        return merge(base, ours, theirs, prefer=prefer)
    return await asyncio.to_thread(merge, base, ours, theirs, prefer=prefer)
