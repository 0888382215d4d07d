"""Which file of a workspace a client means: by its path there, or by a URI of the folder it is a copy of."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, urlsplit

from journeyman.failures import Failure
from journeyman.records import Project
from journeyman.rpc.edits import folder_of, is_uri

ROOT = "/workspace"
SCHEME = "journeyman"
"""Of the workspace's own files in an editor: `journeyman://<projectId>/<path>`."""


def inside(path: str) -> str:
    """A path from the workspace's root. Raises `path_refused` for one that leads elsewhere."""
    whole = posixpath.normpath(posixpath.join(ROOT, path))
    if "\0" in path or not whole.startswith(f"{ROOT}/"):
        raise Failure(
            "path_refused",
            f"{path[:200]!r} is no file of the workspace.",
            hint="`path`: relative to the workspace, or below /workspace.",
        )
    return whole.removeprefix(f"{ROOT}/")


def path_in(project: Project, uri: str, *, local: bool) -> str | None:
    """The path in the project's workspace of what an editor calls `uri`; None where it is no file of it.
    `local`: the editor's files are this machine's."""
    parts = urlsplit(uri)
    if parts.scheme == SCHEME:
        now = parts.netloc == project.id and not parts.query
        return _below("/", unquote(parts.path)) if now else None
    if project.folder is None:
        return None
    if is_uri(project.folder):
        return _below(unquote(project.folder), unquote(uri))
    path = folder_of(uri) if is_uri(uri) else None
    return _below(project.folder, path) if path is not None and local else None


def _below(folder: str, path: str) -> str | None:
    base = folder.rstrip("/") + "/"
    rest = path.removeprefix(base)
    names = rest.split("/")
    if rest == path or "\0" in path or any(name in ("", ".", "..") for name in names):
        return None
    return rest
