"""What a client's editor shows: documents, selections and what is wrong with them. Positions are LSP's.

`character` counts in the position encoding that `initialize` agreed on. A place in a file is a `uri` or a
`path`, and exactly one of them: a path is relative to the workspace or absolute below `/workspace`; a URI of
the folder the project was made of, or `journeyman://<projectId>/<path>`, means the workspace's file there.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from journeyman_protocol.base import Message
from journeyman_protocol.rows import Method, incoming

Severity = Literal["error", "warning", "information", "hint"]
DOCUMENTS_MAX = 50
DOCUMENT_CHARACTERS_MAX = 1_000_000
SELECTIONS_MAX = 50
DIAGNOSTICS_MAX = 500


class Position(Message):
    line: int = Field(ge=0)
    character: int = Field(ge=0)


class Range(Message):
    start: Position
    end: Position


class Placed(Message):
    uri: Annotated[str, StringConstraints(min_length=1, max_length=8192)] | None = None
    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.uri is None) == (self.path is None):
            raise ValueError("`uri` or `path`: name the file with exactly one of them")
        return self


class ContextDocument(Placed):
    """A document as the editor has it, saved or not."""

    version: int | None = None
    text: Annotated[str, StringConstraints(max_length=DOCUMENT_CHARACTERS_MAX)]


class ContextSelection(Placed):
    range: Range
    text: Annotated[str, StringConstraints(max_length=200_000)] | None = None
    """Absent: taken from the document, where it is in `documents` or open."""


class Diagnostic(Message):
    range: Range
    severity: Severity = "error"
    message: Annotated[str, StringConstraints(max_length=8_000)]
    source: Annotated[str, StringConstraints(max_length=200)] | None = None
    code: int | Annotated[str, StringConstraints(max_length=200)] | None = None


class ContextDiagnostic(Placed, Diagnostic):
    """Something an editor reports in a file."""


class RunContext(Message):
    """What the user sees. The model is shown it as data beside the prompt, within a bound."""

    documents: Annotated[list[ContextDocument], Field(max_length=DOCUMENTS_MAX)] = []
    """Together at most 4,000,000 characters."""
    selections: Annotated[list[ContextSelection], Field(max_length=SELECTIONS_MAX)] = []
    diagnostics: Annotated[list[ContextDiagnostic], Field(max_length=DIAGNOSTICS_MAX)] | None = None
    """All that is reported in the project's files when the run is asked for; absent: not known."""


class DiagnosticsChanged(Message):
    """All that is reported of one file now, in place of what was reported before. It counts for exactly the
    text it was made of: that of `version` of the open document, or the text with this `sha256`."""

    uri: Annotated[str, StringConstraints(min_length=1, max_length=8192)]
    version: int | None = None
    """Of the document, where it is open; absent: as it is now."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the text as UTF-8, where it is not open."""
    diagnostics: Annotated[list[Diagnostic], Field(max_length=DIAGNOSTICS_MAX)]


ROWS: tuple[Method, ...] = (
    incoming(
        "editor/didChangeDiagnostics",
        DiagnosticsChanged,
        "What the editor reports of a file. New errors in what a run changed keep it from finishing.",
    ),
)
