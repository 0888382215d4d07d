"""What files held when a run ended, so that the next one reads only what moved since. A short cut: where it
is lost, or the workspace was restored by hand, files are read again and found to be kept already.

The archive remembers the same of the files it read, or restored, last; its ids are ours, but those of a fork.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from journeyman.checkpoint.picture import Known, Picture
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.chunker import CHUNKER
from journeyman.workspace.archive.model import FORMAT_VERSION, Chunk, Manifest, Summary
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.statcache import StatCache

NOTHING = bytes(32)


class Memory:
    def __init__(self, folder: Path | None) -> None:
        """`folder` is where the archive's caches are; None remembers nothing."""
        self._archives = StatCache(folder)
        self._own = StatCache(None if folder is None else folder / "checkpoints")

    def known(self, project_id: str, generation: int) -> Known:
        known: dict[bytes, tuple[TreeEntry, Content]] = {}
        for cache in (self._archives, self._own):
            remembered = cache.read(project_id, generation)
            if remembered is not None and remembered.note.content_project == project_id:
                known |= remembered.known()
        return known

    def remember(self, project_id: str, generation: int, picture: Picture) -> None:
        """Only right after a look at everything."""
        if picture.seen is None:
            return
        ids = {ident for content in picture.contents.values() for ident in content.ids}
        self._own.write(
            project_id,
            generation,
            seen=picture.seen,
            contents=picture.contents,
            racy=picture.racy,
            manifest=_listing(project_id, tuple(Chunk(ident, 0, 0, 0) for ident in sorted(ids))),
            manifest_digest=NOTHING,
        )

    def ids(self, project_id: str) -> set[bytes]:
        """Every chunk the newest memory of the project needs, of whatever generation it is."""
        return self._own.chunk_ids(project_id)

    def forget(self, project_id: str) -> None:
        self._own.forget(project_id)


def _listing(project_id: str, chunks: tuple[Chunk, ...]) -> Manifest:
    """Chunks and nothing else: where they are the packs say."""
    summary = Summary(
        FORMAT_VERSION, "", "", project_id, 0, 0, None, datetime.fromtimestamp(0, UTC), NOTHING, 0, 0, 0, 0
    )
    return Manifest(summary, CHUNKER, (), (), chunks, (), ())
