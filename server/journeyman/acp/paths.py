"""Where the editor has what a workspace has: one folder of each, under two names."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from journeyman.chat.service import ROOT
from journeyman.failures import Failure

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
CHARS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Paths:
    """`cwd` is the editor's folder, absolute; the workspace's is always /workspace."""

    cwd: str

    def to_editor(self, path: str, base: str = ROOT) -> str | None:
        """The editor's name for a path inside, relative ones from `base`; None for what lies outside."""
        inside = _below(posixpath.normpath(posixpath.join(base, path)), ROOT)
        return None if inside is None else f"{self.cwd}/{inside}" if inside else self.cwd

    def to_workspace(self, path: str) -> str | None:
        """The workspace's name for one of the editor's paths or `file:` addresses; None for what lies
        outside the folder."""
        if path.startswith("file:"):
            path = unquote(urlsplit(path).path)
            path = path[1:] if _DRIVE.match(path[1:]) else path
        inside = _below(posixpath.normpath(path.replace("\\", "/") if _DRIVE.match(path) else path), self.cwd)
        return None if inside is None else f"{ROOT}/{inside}" if inside else ROOT

    def uri(self, path: str) -> str | None:
        """The `file:` address of a path inside."""
        there = self.to_editor(path)
        return None if there is None else f"file://{'' if there.startswith('/') else '/'}{quote(there)}"


def folder_of(cwd: str) -> str:
    """A session's `cwd`, written one way. Raises `invalid` for what is not absolute."""
    path = cwd.replace("\\", "/") if _DRIVE.match(cwd) else cwd
    if len(path) > CHARS_MAX or "\0" in path or not (path.startswith("/") or _DRIVE.match(path)):
        raise Failure(
            "invalid", f"{cwd[:200]!r} is no absolute path.", hint="`cwd`: the project's folder, in full."
        )
    return posixpath.normpath(path).replace("//", "/")


def _below(path: str, root: str) -> str | None:
    if path == root:
        return ""
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else None
