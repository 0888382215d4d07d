"""Changes as the editor would make them: one `WorkspaceEdit` with versions and annotations.

An open document is edited where its own text, saved or not, still has the lines the change was made of; one
that is not open has to be what the change was made of, as far as the daemon can see it. Knows no service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from journeyman.changes import hunks
from journeyman.changes.carrying import Proposal
from journeyman.changes.hunks import Block
from journeyman.folder.inside import sha256
from journeyman.overlay.merging import merge
from journeyman.rpc.capabilities import ClientCan
from journeyman.rpc.positions import units

CHANGED = "changed in the editor or its folder since it was copied"
_LINE_ENDS = re.compile("\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class OpenDocument:
    version: int | None
    text: str


@dataclass(slots=True)
class Edit:
    """What the editor is asked for, as it grows."""

    can: ClientCan
    encoding: str
    """What a position's `character` counts."""
    confirm: bool
    changes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    annotations: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def add(self, proposal: Proposal, uri: str, present: OpenDocument | None) -> str | None:
        """`present`: the document as it is; None where there is none. Answers why it cannot be done."""
        sides = (proposal.before, proposal.after)
        if any(side is not None and hunks.lines(side) is None for side in sides):
            return NO_TEXT
        if proposal.was is None:
            if present is not None:
                return "a file of that name is in the folder already"
            return self._create(proposal, uri)
        if present is None:
            return CHANGED
        if proposal.after is None:
            if sha256(present.text.encode()) != proposal.was.sha256:
                return CHANGED
            return self._operation("delete", proposal, {"kind": "delete", "uri": uri})
        edits = _edits(present.text, proposal, self.encoding)
        if edits is None:
            return CHANGED
        self._edit(proposal, uri, present.version, edits)
        return None

    def _create(self, proposal: Proposal, uri: str) -> str | None:
        assert proposal.after is not None
        options = {"overwrite": False, "ignoreIfExists": False}
        why = self._operation("create", proposal, {"kind": "create", "uri": uri, "options": options})
        if why is None and proposal.after:
            start = {"line": 0, "character": 0}
            text = proposal.after.decode()
            self._edit(proposal, uri, None, [{"range": {"start": start, "end": start}, "newText": text}])
        return why

    def _operation(self, kind: str, proposal: Proposal, operation: dict[str, Any]) -> str | None:
        if kind not in self.can.file_operations or not self.can.document_changes:
            return CANNOT_MAKE
        self.changes.append({**operation, **self._annotated(proposal)})
        return None

    def _edit(
        self, proposal: Proposal, uri: str, version: int | None, edits: Sequence[dict[str, Any]]
    ) -> None:
        noted = [{**each, **self._annotated(proposal)} for each in edits]
        self.changes.append({"textDocument": {"uri": uri, "version": version}, "edits": noted})

    def _annotated(self, proposal: Proposal) -> dict[str, str]:
        if not self.can.change_annotations:
            return {}
        self.annotations[proposal.path] = {
            "label": f"Journeyman: {proposal.path}",
            "needsConfirmation": self.confirm,
            "description": "What the agent changed in its workspace.",
        }
        return {"annotationId": proposal.path}

    def wire(self) -> dict[str, Any]:
        if not self.can.document_changes:
            return {"changes": {each["textDocument"]["uri"]: each["edits"] for each in self.changes}}
        return {
            "documentChanges": self.changes,
            **({"changeAnnotations": self.annotations} if self.annotations else {}),
        }


NO_TEXT = "it is no text, which is all an editor can be asked to write"
CANNOT_MAKE = "the editor does not make or delete files when asked"
CAN_BE_WRITTEN = frozenset({NO_TEXT, CANNOT_MAKE})
"""What the daemon can do where the editor cannot."""


def _edits(text: str, proposal: Proposal, encoding: str) -> list[dict[str, Any]] | None:
    """None where the document does not have what the change was made of."""
    assert proposal.was is not None
    assert proposal.after is not None
    content = text.encode("utf-8", "surrogatepass")
    here, after = hunks.lines(content), hunks.lines(proposal.after)
    if here is None or after is None:
        return None
    if sha256(content) == proposal.was.sha256:
        blocks = hunks.blocks(here, after)
    else:
        made_of = proposal.before or b""
        before = hunks.lines(made_of) if proposal.before is not None else None
        if before is None or sha256(made_of) != proposal.was.sha256:
            return None
        turned = [_turned(block) for block in hunks.blocks(before, after)]
        found = hunks.moved(here, before, turned)
        if found is None:
            has_it = merge(made_of.decode(), proposal.after.decode(), text) == text
            return [] if has_it else None
        blocks = [_turned(block) for block in found]
    return _of_blocks(text, here, blocks, encoding)


def replacing(text: str, after: str, encoding: str) -> list[dict[str, Any]] | None:
    """Edits that make `text` into `after`; None for what is no text an editor can be asked to write."""
    here, there = hunks.lines(text.encode("utf-8", "surrogatepass")), hunks.lines(after.encode())
    if here is None or there is None:
        return None
    return _of_blocks(text, here, hunks.blocks(here, there), encoding)


def _of_blocks(text: str, here: list[bytes], blocks: Sequence[Block], encoding: str) -> list[dict[str, Any]]:
    if "\r" in text.replace("\r\n", ""):  # editors count these as ends of lines: the whole text is replaced
        whole = hunks.take(here, blocks).decode("utf-8", "surrogatepass")
        return [{"range": {"start": _START, "end": _end(text, encoding)}, "newText": whole}]
    return [
        {
            "range": {"start": _at(here, each.old_at, encoding), "end": _at(here, each.old_end, encoding)},
            "newText": b"".join(each.new).decode("utf-8", "surrogatepass"),
        }
        for each in blocks
    ]


_START = {"line": 0, "character": 0}


def _turned(block: Block) -> Block:
    return Block(block.new_at, block.new, block.old_at, block.old)


def _at(lines: Sequence[bytes], line: int, encoding: str) -> dict[str, int]:
    if line < len(lines) or not lines or lines[-1].endswith(b"\n"):
        return {"line": line, "character": 0}
    return {"line": line - 1, "character": units(lines[-1].decode("utf-8", "surrogatepass"), encoding)}


def _end(text: str, encoding: str) -> dict[str, int]:
    lines = _LINE_ENDS.split(text)
    return {"line": len(lines) - 1, "character": units(lines[-1], encoding)}


def uri_of(root: str, path: str) -> str:
    """Of a path below `root`, a path of this machine or a URI."""
    base = root if is_uri(root) else "file://" + quote(root, safe="/")
    return base.rstrip("/") + "/" + quote(path, safe="/")


def is_uri(root: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", root) is not None


def folder_of(root: str) -> str | None:
    """The path of a folder of this machine; None for what cannot be one."""
    if not is_uri(root):
        return root if root.startswith("/") else None
    parts = urlsplit(root)
    return unquote(parts.path) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


Document = Callable[[str], OpenDocument | None]
"""The open document behind a URI."""
