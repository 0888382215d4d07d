"""What a person may want done with the text at hand, as code actions. Pure: from a request to an answer."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

FIX, ASK = "journeyman.fix", "journeyman.ask"
DIAGNOSTICS_MAX = 20
MESSAGE_CHARACTERS = 2_000
_SEVERITIES = {
    types.DiagnosticSeverity.Error: "error",
    types.DiagnosticSeverity.Warning: "warning",
    types.DiagnosticSeverity.Information: "information",
    types.DiagnosticSeverity.Hint: "hint",
}


def offered(params: types.CodeActionParams) -> list[types.CodeAction]:
    """A fix where the editor reports something here, a question where something is selected."""
    place = {"uri": params.text_document.uri, "range": _range(params.range)}
    actions: list[types.CodeAction] = []
    found = params.context.diagnostics[:DIAGNOSTICS_MAX]
    if found and _wanted(params, types.CodeActionKind.QuickFix):
        argument = {**place, "diagnostics": [_diagnostic(each) for each in found]}
        actions.append(
            _action("Fix with Journeyman", FIX, argument, types.CodeActionKind.QuickFix, list(found))
        )
    if params.range.start != params.range.end and _wanted(params, types.CodeActionKind.Refactor):
        actions.append(
            _action("Ask Journeyman about the selection", ASK, place, types.CodeActionKind.Refactor, None)
        )
    return actions


def _wanted(params: types.CodeActionParams, kind: types.CodeActionKind) -> bool:
    """`only` names kinds or the beginnings of kinds."""
    only = params.context.only
    return not only or any(each in ("", kind.value) for each in only)


def _action(
    title: str,
    command: str,
    argument: dict[str, Any],
    kind: types.CodeActionKind,
    diagnostics: list[types.Diagnostic] | None,
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        diagnostics=diagnostics,
        command=types.Command(title=title, command=command, arguments=[argument]),
    )


def _diagnostic(found: types.Diagnostic) -> dict[str, Any]:
    told: dict[str, Any] = {"message": found.message[:MESSAGE_CHARACTERS], "range": _range(found.range)}
    if found.severity is not None:
        told["severity"] = _SEVERITIES[found.severity]
    if found.source:
        told["source"] = found.source[:100]
    return told


def _range(found: types.Range) -> dict[str, Any]:
    def position(at: types.Position) -> dict[str, int]:
        return {"line": at.line, "character": at.character}

    return {"start": position(found.start), "end": position(found.end)}
