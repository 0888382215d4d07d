"""The hunks behind ids. An id says which path it is of, so that only a few files are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from journeyman.changes import hunks, reading
from journeyman.changes.reading import Changed, Hunk
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.vault import Vault


@dataclass(frozen=True, slots=True)
class Found:
    chosen: tuple[tuple[Changed, tuple[Hunk, ...]], ...]
    missing: tuple[str, ...]
    """Ids nothing is behind now: they were decided, or the files moved on."""

    @property
    def hunks(self) -> list[Hunk]:
        return [hunk for _, wanted in self.chosen for hunk in wanted]


async def find(parts: Parts, chat_id: str, project_id: str, hunk_ids: Sequence[str]) -> tuple[Found, Vault]:
    """And the vault, open, their content is in."""
    vault = parts.vault(project_id)
    await vault.open()
    wanted = set(hunk_ids)
    places = {ident.partition(".")[0] for ident in wanted}
    chosen: list[tuple[Changed, tuple[Hunk, ...]]] = []
    for entry in reading.entries(await parts.store.changes.paths(chat_id)):
        if hunks.place(entry.path) in places:
            changed = await reading.read(vault, entry)
            if picked := tuple(hunk for hunk in changed.hunks if hunk.id in wanted):
                chosen.append((changed, picked))
    here = {hunk.id for _, picked in chosen for hunk in picked}
    return Found(tuple(chosen), tuple(ident for ident in dict.fromkeys(hunk_ids) if ident not in here)), vault
