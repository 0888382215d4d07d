"""What users have open in their editors, for one run: brought into the files before the calls of a step, and
handed back after them. Where both sides changed the same lines people are asked, and the model is told what
became of it.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from journeyman.failures import Failure
from journeyman.overlay.files import Unfit
from journeyman.overlay.overlay import Overlay
from journeyman.ports.editors import Draft

if TYPE_CHECKING:
    from journeyman.agent.services import Services
    from journeyman.agent.session import Session
    from journeyman.agent.telling import Telling
    from journeyman.editing import Document
    from journeyman.overlay.overlay import Conflict
    from journeyman.overlay.saved import Caught
    from journeyman.ports.guest import Guest
    from journeyman.records import Project, Run

log = logging.getLogger(__name__)

THEIRS, OURS = "What is in the editor", "What the agent wrote"
SHOWN_MAX = 10
_READ_AGAIN = "Read it again before you change it."


@dataclass(slots=True)
class OpenDocuments:
    """Of one run."""

    overlay: Overlay
    notes: list[str] = field(default_factory=list[str])
    """For the model, before its next step."""
    unanswered: set[str] = field(default_factory=set[str])
    """Paths nobody decided on: not asked about again."""

    def give(self, documents: Iterable[Document]) -> None:
        """Those that came with a prompt."""
        for each in documents:
            if each.path is not None:
                self.overlay.give(Draft(f"given:{each.path}", each.path, each.text))


async def begin(
    services: Services, run: Run, project: Project, guest: Guest, telling: Telling
) -> OpenDocuments:
    """Before anything of the run looks at the files: what was saved, then what was not. Conflicts of what was
    not saved wait for its first calls."""
    touched = partial(services.touched, project.id)
    caught = await services.saved.bring(services.store, project, guest, touched)
    documents = OpenDocuments(Overlay(services.editors, services.store, guest, project, touched))
    if run.resumes is None:  # else the run it carries on has brought them
        documents.give(run.context.documents)
    if documents.overlay.moved:
        await documents.overlay.bring()
    documents.notes += await _told(telling, caught)
    return documents


async def _told(telling: Telling, caught: Caught) -> list[str]:
    """To people, and as it is answered here to the model."""
    notes: list[str] = []
    if caught.brought:
        what = _listed(caught.brought)
        rest = " The rest of what changed comes with the next run." if caught.later else ""
        await telling.notice("info", f"Brought from the folder: {what}.{rest}")
        notes.append(
            f"The user changed {what} in their folder, and the workspace has that now. {_READ_AGAIN}"
        )
    if caught.kept:
        what = _listed(caught.kept)
        await telling.notice(
            "warning",
            f"Changed in the folder and in the workspace: {what}. The workspace keeps its own.",
            "Reject the agent's changes of it, and the next run has yours.",
        )
        notes.append(f"The user changed {what} in their folder too; the workspace keeps what it has there.")
    return notes


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - SHOWN_MAX
    return ", ".join(paths[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


async def bring(session: Session) -> None:
    """No call of the run is at work."""
    documents = session.documents
    if documents is None or not documents.overlay.moved:
        return
    if session.recording is not None:  # what it looks at is the agent's
        await session.recording.recorder.settled()
    brought = await documents.overlay.bring()
    changed = _known_to_the_model(session, brought.changed)
    if changed:
        documents.notes.append(
            f"The user changed {', '.join(changed)} in the editor meanwhile, and the workspace has that text "
            f"now. {_READ_AGAIN}"
        )
    for conflict in brought.conflicts:
        documents.notes.append(await _decided(session, documents, conflict))


async def hand_over(session: Session) -> None:
    """The calls of a step are done."""
    if session.documents is not None:
        await session.documents.overlay.hand_over()


async def tell(session: Session) -> None:
    documents = session.documents
    if documents is not None and documents.notes:
        notes, documents.notes = documents.notes, []
        await session.conversation.user("\n\n".join(f"<note>{each}</note>" for each in notes))


def _known_to_the_model(session: Session, paths: Sequence[str]) -> list[str]:
    """Those it has seen as they were: forgotten, so that it cannot write over what it has not seen."""
    root, hashes = session.state.root, session.state.hashes
    return [path for path in paths if hashes.pop(posixpath.join(root, path), None) is not None]


async def _decided(session: Session, documents: OpenDocuments, conflict: Conflict) -> str:
    """Told, asked about where somebody may answer, and done. What the model is told of it."""
    path, who = conflict.draft.path, conflict.who
    await session.telling.conflict(path, who, "open")
    chosen = await _asked(session, path, who) if path not in documents.unanswered else None
    both = f"The user has {path} open and changed lines there that were changed in the workspace too"
    if chosen is not None:
        try:
            changed = await documents.overlay.decide(conflict, "theirs" if chosen == THEIRS else "ours")
        except (Unfit, Failure) as failure:
            log.warning("the decision on %s could not be carried out: %s", path, failure)
            return f"{both}. {_READ_AGAIN}"
        if changed:
            _known_to_the_model(session, [path])
        await session.telling.conflict(path, who, "theirs" if chosen == THEIRS else "ours")
        whose = "their own lines" if chosen == THEIRS else "the workspace's lines"
        return f"{both}; they kept {whose}. {_READ_AGAIN}"
    documents.unanswered.add(path)
    try:
        await documents.overlay.leave(conflict)
    except (Unfit, Failure) as failure:  # it is looked at again before the next calls
        log.info("%s is still a conflict: %s", path, failure)
    return (
        f"{both}. Nobody decided: the workspace keeps what it has and their editor what they typed. "
        "Leave those lines alone, and say so when you finish."
    )


async def _asked(session: Session, path: str, who: str) -> str | None:
    if session.gatekeeper is None:
        return None
    question = (
        f"{path} was changed in {who}, in lines that were changed in the workspace too. "
        "Which shall the workspace have there?"
    )
    run = session.run
    call_id = session.conversation.last_calls[0].id
    with session.pauses.paused():
        return await session.gatekeeper.choose(
            question, (THEIRS, OURS), chat_id=run.chat_id, run_id=run.id, call_id=call_id
        )
