"""What one editor has open, as it told by document sync: its folders, and texts that may not be saved yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pygls.workspace import Workspace

from journeyman.rpc.documents import Documents


def path_of(uri: str) -> Path | None:
    """The file of this machine that a `file:` URI names; None for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = Path(unquote(parts.path))
    return path if path.is_absolute() and ".." not in path.parts else None


class Editor:
    def __init__(self, workspace: Callable[[], Workspace], documents: Documents) -> None:
        """`workspace`: pygls', which is there once `initialize` was."""
        self._told = workspace
        self.documents = documents

    def folder_of(self, path: Path) -> Path | None:
        """The innermost folder of the editor's that holds `path`."""
        workspace = self._told()
        told = [*workspace.folders, *([workspace.root_uri] if workspace.root_uri else [])]
        folders = [found for uri in told if (found := path_of(uri)) is not None and found in path.parents]
        return max(folders, key=lambda each: len(each.parts), default=None)

    def text(self, uri: str) -> str | None:
        """The text of an open document; None where it is not open."""
        document = self.documents.get(uri)
        return None if document is None else document.text

    def texts_below(self, folder: Path) -> Iterator[tuple[Path, str]]:
        """Open documents in `folder`: where they are in it, and their texts."""
        for document in self.documents:
            path = path_of(document.uri)
            if path is not None and folder in path.parents:
                yield path.relative_to(folder), document.text
