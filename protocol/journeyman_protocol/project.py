"""Projects: what a user works on. Every project has one workspace, whose name is the projectId."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Id, Message, Page, Paged, Timestamp

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Command = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Commands(Message):
    """How the project is built, run and tested: shell commands, run in the workspace."""

    build: Command | None = None
    run: Command | None = None
    test: Command | None = None


class Project(Message):
    id: Id
    name: str
    source: Literal["empty", "folder", "git", "archive"]
    image: str | None = None
    """Workspace image; absent for the default."""
    commands: Commands
    created_at: Timestamp
    updated_at: Timestamp


class FolderFile(Message):
    """One file to start a workspace with. Links and special files are not carried."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    """Relative to the workspace's root, `/`-separated."""
    content: str
    """Base64."""
    executable: bool = False


class ProjectCreateParams(Message):
    name: Name | None = None
    source: Literal["empty", "folder"] = "empty"
    """`folder`: the client copies the files in with `workspace/import` afterwards."""
    image: str | None = None


class ProjectRef(Message):
    project_id: Id


class ProjectListParams(Paged):
    pass


class ProjectUpdateParams(Message):
    project_id: Id
    name: Name | None = None
    commands: Commands | None = None
    """Replaces all three commands."""


class ProjectDeleteParams(Message):
    project_id: Id
    archives: bool = Field(default=False)
    """Also delete the project's archives. Without it they stay in the store."""


class ProjectPage(Page[Project]):
    """Projects, newest first."""
