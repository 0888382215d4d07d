"""The editors that are connected, and how far each of their documents was looked at. One per daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from journeyman.editing import Report
from journeyman.ports.editors import Draft, Editor
from journeyman.records import Project


@dataclass(frozen=True, slots=True)
class Look:
    """A document and its file when they were last compared."""

    revision: int | None
    text: str
    """Of the document: what its user did since is not in the file yet."""
    file: str | None
    """Of the workspace's file: what was done to it since is not in the document yet."""
    asked: tuple[int, str] | None = None
    """The text the editor has taken from us at this revision; it is so until it tells another one."""


FILES_MAX = 10_000
STATES_MAX = 8


class Editors:
    def __init__(self) -> None:
        self._states: dict[tuple[str, str], tuple[str, ...]] = {}
        self._looks: dict[Editor, dict[tuple[str, str], Look]] = {}

    def join(self, editor: Editor) -> Callable[[], None]:
        """It is looked at from now on; the answer ends that."""
        self._looks[editor] = {}

        def leave() -> None:
            self._looks.pop(editor, None)

        return leave

    def drafts(self, project: Project) -> Iterator[tuple[Editor, Draft]]:
        """In the order in which editors came and opened them."""
        for editor, looks in tuple(self._looks.items()):
            drafts = editor.drafts(project)
            here = {draft.uri for draft in drafts}
            for key in [key for key in looks if key[0] == project.id and key[1] not in here]:
                del looks[key]  # closed
            for draft in drafts:
                yield editor, draft

    def reports(self, project: Project) -> Iterator[Report]:
        for editor in tuple(self._looks):
            yield from editor.reports(project)

    def before(self, project: Project, path: str) -> tuple[str, ...]:
        """Digests of what a file was each time before something was brought into it, the newest last."""
        return self._states.get((project.id, path), ())

    def brings(self, project: Project, path: str, sha256: str) -> None:
        """Something is brought into a file of this digest."""
        states = self._states.pop((project.id, path), ())
        self._states[project.id, path] = (*states, sha256)[-STATES_MAX:]
        while len(self._states) > FILES_MAX:
            del self._states[next(iter(self._states))]

    def look(self, editor: Editor, draft: Draft, project: Project) -> Look | None:
        return self._looks.get(editor, {}).get((project.id, draft.uri))

    def looked(self, editor: Editor, draft: Draft, project: Project, look: Look) -> None:
        looks = self._looks.get(editor)
        if looks is not None:
            looks[project.id, draft.uri] = look
