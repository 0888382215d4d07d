"""What one editor has open, as it told by document sync: its folders, and texts that may not be saved yet.

An `Editor` of the port for whoever looks after open documents; it asks with standard LSP alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pygls.workspace import Workspace

from journeyman.editing import Diagnostic, Report, Span
from journeyman.failures import Failure
from journeyman.overlay.files import digest
from journeyman.ports.editors import Draft
from journeyman.rpc.documents import Documents
from journeyman.rpc.edits import replacing
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.places import SCHEME, path_in
from journeyman_protocol import editor as wire
from journeyman_protocol.editor import DiagnosticsChanged

if TYPE_CHECKING:
    from journeyman.records import Project
    from journeyman.rpc.peer import Peer

EDIT_S = 10.0
"""How long an editor may take to change a document of its own."""
ANNOTATION = "journeyman"
REPORTS_MAX = 2_000
"""Most files of which one client's reports are kept; older ones are forgotten."""


def path_of(uri: str) -> Path | None:
    """The file of this machine that a `file:` URI names; None for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = Path(unquote(parts.path))
    return path if path.is_absolute() and ".." not in path.parts else None


class Editor:
    def __init__(self, peer: Peer, workspace: Callable[[], Workspace], documents: Documents) -> None:
        """`workspace`: pygls', which is there once `initialize` was."""
        self._peer = peer
        self._told = workspace
        self._documents = documents
        self._reports: dict[str, tuple[str, str | None, tuple[wire.Diagnostic, ...]]] = {}

    def folder_of(self, path: Path) -> Path | None:
        """The innermost folder of the editor's that holds `path`."""
        workspace = self._told()
        told = [*workspace.folders, *([workspace.root_uri] if workspace.root_uri else [])]
        folders = [found for uri in told if (found := path_of(uri)) is not None and found in path.parents]
        return max(folders, key=lambda each: len(each.parts), default=None)

    def text(self, uri: str) -> str | None:
        """The text of an open document; None where it is not open."""
        document = self._documents.get(uri)
        return None if document is None else document.text

    # The port

    @property
    def name(self) -> str:
        return self._peer.who

    @property
    def takes_edits(self) -> bool:
        return self._peer.can.apply_edits and self._peer.can.document_changes

    def drafts(self, project: Project) -> Sequence[Draft]:
        found: list[Draft] = []
        for document in self._documents:
            path = path_in(project, document.uri, local=self._peer.local)
            if path is not None:
                own = document.uri.startswith(f"{SCHEME}:")
                found.append(
                    Draft(
                        document.uri,
                        path,
                        document.text,
                        document.revision,
                        document.unsaved,
                        document.earlier,
                        own,
                    )
                )
        return found

    def reported(self, told: DiagnosticsChanged) -> None:
        """Left out is what was made of a text the document does not have any more, or nobody can name."""
        document = self._documents.get(told.uri)
        text = None if document is None else document.text
        if told.version is not None and (document is None or told.version != document.version):
            return
        sha256 = told.sha256
        if text is not None and sha256 in (None, digest(text)):
            sha256 = digest(text)
        elif sha256 is None:
            return
        else:
            text = None
        self._reports.pop(told.uri, None)
        self._reports[told.uri] = (sha256, text, tuple(told.diagnostics))
        while len(self._reports) > REPORTS_MAX:
            del self._reports[next(iter(self._reports))]

    def reports(self, project: Project) -> Sequence[Report]:
        found: list[Report] = []
        for uri, (sha256, text, diagnostics) in self._reports.items():
            path = path_in(project, uri, local=self._peer.local)
            if path is not None:
                told = tuple(_diagnostic(each, path) for each in diagnostics)
                found.append(Report(path, sha256, text, told))
        return found

    async def edit(self, draft: Draft, text: str) -> bool:
        document = self._documents.get(draft.uri)
        if document is None or document.revision != draft.revision:
            return False
        edits = replacing(document.text, text, self._peer.position_encoding)
        if edits is None:
            return False
        change: dict[str, Any] = {
            "textDocument": {"uri": document.uri, "version": document.version},
            "edits": edits,
        }
        edit: dict[str, Any] = {"documentChanges": [change]}
        if self._peer.can.change_annotations:
            change["edits"] = [{**each, "annotationId": ANNOTATION} for each in edits]
            label = {"label": f"Journeyman: {draft.path}", "needsConfirmation": False}
            edit["changeAnnotations"] = {ANNOTATION: label}
        params = {"label": "Journeyman: what the agent changes", "edit": edit}
        try:
            answer = await self._peer.outbound.request("workspace/applyEdit", params, timeout_s=EDIT_S)
        except Failure:
            return False
        return (as_object(answer) or {}).get("applied") is True


def _diagnostic(told: wire.Diagnostic, path: str) -> Diagnostic:
    start, end = told.range.start, told.range.end
    code = "" if told.code is None else str(told.code)
    span = Span(start.line, start.character, end.line, end.character)
    return Diagnostic(path, path, span, told.severity, told.message, told.source or "", code)
