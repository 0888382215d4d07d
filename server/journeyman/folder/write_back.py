"""Writing what the agent changed to the folder it came from. Only ever called with the user's word.

Nothing outside the folder is touched, no link is followed, no file is overwritten that somebody changed
since it was copied, and every file is either the old one or the new one at any instant.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.folder import protected
from journeyman.folder.change import Change
from journeyman.folder.inside import PathRefused, names_of, opened_folder, parent_of, read_regular, sha256


@dataclass(slots=True)
class Written:
    """What happened to each change: paths written, removed, kept though the workspace removed them, and
    refused with the reason."""

    written: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    kept: list[str] = field(default_factory=list[str])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def write_back(
    root: Path, changes: Sequence[Change], *, delete: bool, allowed: Collection[str] = ()
) -> Written:
    """Carry the changes to `root`. `delete` also removes what was removed inside; `allowed` names
    protected paths a person agreed to."""
    outcome = Written()
    with opened_folder(root) as root_fd:
        for change in changes:
            try:
                if not change.fetched:
                    raise PathRefused("it is too large to be fetched")
                if change.path not in allowed and (why := protected.reason(change.path)):
                    raise PathRefused(f"not written unasked: {why}")
                if change.kind == "removed" and not delete:
                    outcome.kept.append(change.path)
                elif change.kind == "removed":
                    _remove(root_fd, change)
                    outcome.removed.append(change.path)
                else:
                    _write(root_fd, change)
                    outcome.written.append(change.path)
            except PathRefused as refusal:
                outcome.refused.append((change.path, str(refusal)))
            except OSError as error:
                outcome.refused.append((change.path, error.strerror or str(error)))
    return outcome


CHANGED_HERE = "changed in the folder since it was copied"


def _present(parent: int, change: Change, name: str) -> int | None:
    """The mode of the file in the folder, once it is proved to be the one that was copied; None if new."""
    try:
        content, mode = read_regular(parent, name)
    except FileNotFoundError:
        if change.was is None:
            return None
        raise PathRefused(f"{CHANGED_HERE}: it is gone") from None
    if change.was is None:
        raise PathRefused("a file of that name appeared in the folder meanwhile")
    if sha256(content) != change.was.sha256:
        raise PathRefused(CHANGED_HERE)
    return mode


def _remove(root_fd: int, change: Change) -> None:
    names = names_of(change.path)
    try:
        with parent_of(root_fd, names) as parent:
            _present(parent, change, names[-1])
            os.unlink(names[-1], dir_fd=parent)
    except FileNotFoundError:
        raise PathRefused(f"{CHANGED_HERE}: it is gone") from None


def _write(root_fd: int, change: Change) -> None:
    assert change.content is not None
    names = names_of(change.path)
    name = names[-1]
    # A directory is made only for a new file; for a changed one a missing directory is a conflict.
    try:
        with parent_of(root_fd, names, create=change.was is None) as parent:
            mode = _present(parent, change, name)
            draft = f".journeyman-{secrets.token_hex(8)}.tmp"
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=parent)
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(change.content)
                    os.fchmod(file.fileno(), _mode(mode, change.executable))
                    file.flush()
                    os.fsync(file.fileno())
                if mode is None:
                    # Unlike rename, link never replaces a file that appeared in the meantime.
                    os.link(draft, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
                else:
                    _present(parent, change, name)
                    os.rename(draft, name, src_dir_fd=parent, dst_dir_fd=parent)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(draft, dir_fd=parent)
    except FileNotFoundError:
        raise PathRefused(f"{CHANGED_HERE}: its directory is gone") from None
    except FileExistsError:
        raise PathRefused("a file of that name appeared in the folder meanwhile") from None


def _mode(present: int | None, executable: bool) -> int:
    """The file's own mode, or a new file's under the user's umask, with the executable bits as inside."""
    if present is None:
        umask = os.umask(0)
        os.umask(umask)
        present = 0o666 & ~umask
    readers = (present & 0o444) >> 2
    base = present & 0o777
    if bool(base & 0o100) == executable:
        return base
    return base | readers if executable else base & ~0o111
