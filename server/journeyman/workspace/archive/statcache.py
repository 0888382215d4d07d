"""What a workspace's files held when they were last looked at, so that files that did not move are not read.

One file per project, beside the data, bound to one generation of the workspace's files. A file counts as
unchanged when everything a scan tells of it is as it was: kind, size, mode, mtime, ctime, inode, links.
Entries that changed shortly before they were read are *racy* (git's word): they may change again without
looking different, so they are remembered as such and read again. The cache is only ever a short cut: one
that is damaged, of another generation or missing costs time, and whatever it names is looked for in the
store before an archive relies on it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from journeyman.paths import make_private
from journeyman.workspace.archive import remembered, tree
from journeyman.workspace.archive.columns import Columns, columns_of
from journeyman.workspace.archive.model import Manifest
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.remembered import Note, Remembered
from journeyman.workspace.archive.scanning import Scan
from journeyman.workspace.archive.strict import MalformedError

log = logging.getLogger(__name__)


class StatCache:
    """The files of all projects. `folder` is made when needed; with None nothing is remembered."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, project_id: str, generation: int) -> Remembered | None:
        if self._folder is None or generation <= 0:
            return None
        try:
            data = self._path(project_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.info("what is remembered of %s cannot be read: %s", project_id, error)
            return None
        try:
            return remembered.decode(data, project_id, generation)
        except (MalformedError, ValueError, IndexError) as error:
            log.info("what is remembered of %s is not used: %s", project_id, error)
            return None

    def write(
        self,
        project_id: str,
        generation: int,
        *,
        seen: Scan,
        contents: Mapping[bytes, Content],
        racy: Iterable[bytes],
        manifest: Manifest,
        manifest_digest: bytes,
        told: Sequence[bytes] | None = None,
    ) -> None:
        """Remember. `contents` by path, of every file in `seen`, made of `manifest`'s chunks; `racy` are
        paths. `told`: of the manifest's tree, where somebody has it already."""
        if self._folder is None or generation <= 0:
            return
        again = frozenset(racy)
        calm = [max(e.mtime_ns, e.ctime_ns) for e in seen.files if e.path not in again]
        note = Note(
            content_project=manifest.content_project,
            skipped=manifest.skipped,
            newest_ns=max((entry.ctime_ns for entry in seen.told), default=0),
            quiet_ns=max(calm, default=0),
        )
        told = tree.told(manifest.nodes) if told is None else told
        self.put(
            project_id, generation, columns_of(seen, contents, again, manifest, told), note, manifest_digest
        )

    def put(
        self, project_id: str, generation: int, columns: Columns, note: Note, manifest_digest: bytes
    ) -> None:
        """Remember what there are columns of already."""
        if self._folder is not None and generation > 0:
            body, told = remembered.packed(columns)
            header = remembered.header_of(project_id, generation, note, told)
            self._put(project_id, remembered.encode(header, manifest_digest, body + told))

    def renew(self, project_id: str, generation: int, manifest_digest: bytes) -> None:
        """The same again under a newer manifest."""
        if self._folder is None or generation <= 0:
            return
        header, body = remembered.split(self._path(project_id).read_bytes())
        self._put(project_id, remembered.encode(header, manifest_digest, body))

    def chunk_ids(self, project_id: str) -> set[bytes]:
        """Of whatever generation it is bound to."""
        if self._folder is None:
            return set()
        try:
            data = self._path(project_id).read_bytes()
            generation = remembered.split(data)[0]["generation"]
            found = remembered.decode(data, project_id, generation) if isinstance(generation, int) else None
        except FileNotFoundError:
            return set()
        except (OSError, MalformedError, ValueError, IndexError) as error:
            log.info("what is remembered of %s is not used: %s", project_id, error)
            return set()
        return set(found.columns.idents) if found is not None else set()

    def forget(self, project_id: str) -> None:
        if self._folder is not None:
            self._path(project_id).unlink(missing_ok=True)

    def _path(self, project_id: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{project_id}.stat"

    def _put(self, project_id: str, parts: list[bytes]) -> None:
        path = self._path(project_id)
        try:
            make_private(path.parent)
            half = path.with_suffix(".half")
            with open(half, "wb") as file:
                file.writelines(parts)
            os.replace(half, path)
        except OSError as error:
            log.info("nothing is remembered of %s: %s", project_id, error)
