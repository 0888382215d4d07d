"""What a client says its user sees, as the agent takes it: files by their paths, characters counted as code
points where the text is at hand. What has no place in the project is kept under its URI, to be shown only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from journeyman.editing import NOTHING, Diagnostic, Document, EditorContext, Selection, Span
from journeyman.failures import Failure
from journeyman.rpc.places import inside, path_in
from journeyman.rpc.positions import code_points, line_bounds, offset

if TYPE_CHECKING:
    from journeyman.records import Project
    from journeyman.rpc.router import Context
    from journeyman_protocol.editor import (
        ContextDiagnostic,
        ContextDocument,
        ContextSelection,
        Placed,
        Range,
        RunContext,
    )

CHARACTERS_MAX = 4_000_000
"""In all documents of a context."""


async def given(
    context: Context,
    told: RunContext | None,
    *,
    chat_id: str | None = None,
    project_id: str | None = None,
    run_id: str | None = None,
) -> EditorContext:
    """`told` of the project that one of the ids names; of a project to come where none does. Raises `invalid`
    for too much, `path_refused`, and `not_found`."""
    if told is None:
        return NOTHING
    if sum(len(each.text) for each in told.documents) > CHARACTERS_MAX:
        raise Failure(
            "invalid",
            f"The documents have more than {CHARACTERS_MAX:,} characters.",
            hint="`context.documents`: send those the prompt is about.",
        )
    project = await _project(context, chat_id, project_id, run_id)
    return _Taking(context, project, told).context()


async def _project(
    context: Context, chat_id: str | None, project_id: str | None, run_id: str | None
) -> Project | None:
    services = context.services
    if run_id is not None:
        project_id = (await services.store.runs.get(run_id)).project_id
    elif chat_id is not None:
        project_id = (await services.chats.get(chat_id)).project_id
    return None if project_id is None else await services.projects.get(project_id)


class _Taking:
    def __init__(self, context: Context, project: Project | None, told: RunContext) -> None:
        self._peer = context.peer
        self._project = project
        self._told = told
        self._texts: Mapping[str, str] = {self._place(each)[0]: each.text for each in told.documents}

    def context(self) -> EditorContext:
        told = self._told
        return EditorContext(
            documents=tuple(self._document(each) for each in told.documents),
            selections=tuple(self._selection(each) for each in told.selections),
            diagnostics=tuple(self._diagnostic(each) for each in told.diagnostics or ()),
            complete=told.diagnostics is not None,
        )

    def _place(self, placed: Placed) -> tuple[str, str | None]:
        if placed.path is not None:
            path = inside(placed.path)
            return path, path
        assert placed.uri is not None
        project = self._project
        found = None if project is None else path_in(project, placed.uri, local=self._peer.local)
        return found or placed.uri, found

    def _document(self, told: ContextDocument) -> Document:
        return Document(*self._place(told), told.text, told.version)

    def _selection(self, told: ContextSelection) -> Selection:
        text = told.text
        if text is None and (whole := self._text(told)) is not None:
            at, encoding = told.range, self._peer.position_encoding
            begin = offset(whole, at.start.line, at.start.character, encoding)
            text = whole[begin : offset(whole, at.end.line, at.end.character, encoding)]
        return Selection(*self._place(told), self._span(told, told.range), text)

    def _diagnostic(self, told: ContextDiagnostic) -> Diagnostic:
        return Diagnostic(
            *self._place(told),
            self._span(told, told.range),
            told.severity,
            told.message,
            told.source or "",
            "" if told.code is None else str(told.code),
        )

    def _text(self, placed: Placed) -> str | None:
        name, _ = self._place(placed)
        if (text := self._texts.get(name)) is not None or placed.uri is None:
            return text
        document = self._peer.document(placed.uri)
        return None if document is None else document.text

    def _span(self, placed: Placed, told: Range) -> Span:
        text, encoding = self._text(placed), self._peer.position_encoding
        ends: list[int] = []
        for at in (told.start, told.end):
            character = at.character
            if text is not None:
                begin, end = line_bounds(text, at.line)
                character = code_points(text[begin:end], character, encoding)
            ends += (at.line, character)
        return Span(*ends)
