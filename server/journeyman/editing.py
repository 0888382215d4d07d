"""What a person's editor shows, as values: documents, what is selected in them, what is reported of them.

Lines and characters count from 0, characters in code points where the text was at hand. Part of what
`records` remembers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "information", "hint"]


@dataclass(frozen=True, slots=True)
class Span:
    line: int
    character: int
    end_line: int
    end_character: int


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    """For people: the path, or the URI of what is no file of the workspace."""
    path: str | None
    """From the workspace's root; None for what is no file of it."""
    text: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    name: str
    path: str | None
    span: Span
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    name: str
    path: str | None
    span: Span
    severity: Severity
    message: str
    source: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that an editor reports of one file."""

    path: str
    sha256: str
    """Of the text it was made of."""
    text: str | None
    """That text, where it is known."""
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class EditorContext:
    documents: tuple[Document, ...] = ()
    selections: tuple[Selection, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    complete: bool = False
    """Whether `diagnostics` is all there was in the project's files."""

    def __bool__(self) -> bool:
        return self != EditorContext()


NOTHING = EditorContext()
