"""Errors that editors report, as evidence against a finished run: only new ones, only in what it changed.

An editor looks at the user's folder, the run works on a copy. So a report counts for exactly the text it was
made of: it is evidence where the workspace's file is that text. That is so for documents of the workspace
itself, and for those the run's changes were put into. What was reported before the run is not new, also
where its line has moved since.
"""

from __future__ import annotations

import asyncio
import logging
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from journeyman.failures import Failure
from journeyman.overlay import files
from journeyman.overlay.files import Unfit

if TYPE_CHECKING:
    from journeyman.agent.state import RunState
    from journeyman.editing import Diagnostic, EditorContext
    from journeyman.overlay.editors import Editors
    from journeyman.ports.guest import Guest
    from journeyman.records import Project

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Before:
    """What was reported of a file before the run, and the text that was of."""

    text: str
    errors: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class Evidence:
    """Of one run."""

    editors: Editors
    project: Project
    before: dict[str, Before]
    complete: bool
    """Whether a file of which nothing was reported had no errors."""

    async def of(self, state: RunState, guest: Guest) -> list[str]:
        """New errors, one line each. A file that cannot be read has none."""
        found: list[str] = []
        for path in sorted(posixpath.relpath(each, state.root) for each in state.touched):
            try:
                file = await files.read(guest, path)
            except (Unfit, Failure) as error:
                log.debug("%s is not compared with reports: %s", path, error)
                continue
            if file.text is None:
                continue
            reported = self._reported(path, file.text)
            known = self.before.get(path) or (Before("") if self.complete else None)
            if reported is not None and known is not None:
                fresh = await asyncio.to_thread(new_errors, known, file.text, reported)
                found += [_line(each) for each in fresh]
        return found

    def _reported(self, path: str, text: str) -> list[Diagnostic] | None:
        """Errors any editor reports of this very text; None where none has looked at it."""
        sha256 = files.digest(text)
        reports = [r for r in self.editors.reports(self.project) if r.path == path and r.sha256 == sha256]
        if not reports:
            return None
        return list(dict.fromkeys(each for report in reports for each in _errors(report.diagnostics)))


async def begin(editors: Editors, project: Project, context: EditorContext, guest: Guest) -> Evidence:
    """What is reported already: told with the prompt, or by an editor since it opened the file."""
    before: dict[str, Before] = {}
    for report in editors.reports(project):
        if report.text is not None:
            before[report.path] = Before(report.text, _errors(report.diagnostics))
    told = _errors(context.diagnostics)
    for path in dict.fromkeys(each.path for each in told if each.path is not None):
        try:
            file = await files.read(guest, path)
        except (Unfit, Failure) as error:
            log.debug("%s is not compared with reports: %s", path, error)
            continue
        before[path] = Before(file.text or "", tuple(each for each in told if each.path == path))
    return Evidence(editors, project, before, context.complete)


def new_errors(before: Before, text: str, errors: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those that are no error of before, on its line where that is now, or in what became of its line."""
    codes = SequenceMatcher(None, before.text.split("\n"), text.split("\n")).get_opcodes()
    left = [(_kind(each), _now(each.span.line, codes)) for each in before.errors]
    found: list[Diagnostic] = []
    for error in errors:
        old = next(
            (each for each in left if each[0] == _kind(error) and error.span.line in each[1]),
            None,
        )
        if old is None:
            found.append(error)
        else:
            left.remove(old)
    return found


def _now(line: int, codes: Sequence[tuple[str, int, int, int, int]]) -> range:
    """The lines an old line may be now."""
    for tag, a, b, c, d in codes:
        if a <= line < b:
            return range(c + line - a, c + line - a + 1) if tag == "equal" else range(c, d + 1)
    end = codes[-1][4] if codes else 0
    return range(end, end + 1)


def _errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(each for each in diagnostics if each.severity == "error")


def _kind(error: Diagnostic) -> tuple[str, str, str]:
    return error.source, error.code, error.message


def _line(error: Diagnostic) -> str:
    about = " ".join(each for each in (error.source, error.code) if each)
    message = " ".join(error.message.split())[:300]
    return f"{error.path} line {error.span.line + 1}: {message}" + (f" ({about})" if about else "")
