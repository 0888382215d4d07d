"""What an editor showed, as a column of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from journeyman.adapters.sqlite.values import json_text
from journeyman.editing import Diagnostic, Document, EditorContext, Selection, Span


def context_text(context: EditorContext) -> str | None:
    return json_text(asdict(context)) if context else None


def context_from(text: str | None) -> EditorContext:
    if text is None:
        return EditorContext()
    found = json.loads(text)
    return EditorContext(
        documents=tuple(Document(**each) for each in found["documents"]),
        selections=tuple(Selection(**_spanned(each)) for each in found["selections"]),
        diagnostics=tuple(Diagnostic(**_spanned(each)) for each in found["diagnostics"]),
        complete=found["complete"],
    )


def _spanned(columns: dict[str, Any]) -> dict[str, Any]:
    return {**columns, "span": Span(**columns["span"])}
