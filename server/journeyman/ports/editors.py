"""A person's editor as the daemon sees it: what it has open of a project, and what it changes when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from journeyman.editing import Report
from journeyman.records import Project


@dataclass(frozen=True, slots=True)
class Draft:
    """A document of a project as one editor has it now."""

    uri: str
    path: str
    """From the workspace's root."""
    text: str
    revision: int = 0
    """Another one after every change."""
    unsaved: bool = True
    earlier: tuple[str, ...] = ()
    """As it was opened, and as it was saved last."""
    own: bool = False
    """The editor shows the workspace's file itself, not one of a folder it is a copy of."""


class Editor(Protocol):
    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def takes_edits(self) -> bool:
        """Whether it changes an open document when asked, and only the version it is asked for."""
        ...

    def drafts(self, project: Project) -> Sequence[Draft]: ...

    def reports(self, project: Project) -> Sequence[Report]:
        """What it told of a text it named."""
        ...

    async def edit(self, draft: Draft, text: str) -> bool:
        """Make the document this text. False where it would not, did not answer in time, or has changed
        since `draft`."""
        ...
