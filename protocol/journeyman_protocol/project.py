"""Projects: what a user works on. Every project has one workspace, whose name is the projectId."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Empty, Id, Message, Page, Paged, ProgressToken, Timestamp
from journeyman_protocol.rows import Method, OrderedBy, request

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Command = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Commands(Message):
    """How the project is built, run and tested: shell commands, run in the workspace."""

    build: Command | None = None
    run: Command | None = None
    test: Command | None = None


class Quota(Message):
    """What a project may hold. Absent: the daemon's setting; 0: any amount."""

    bytes: Annotated[int, Field(ge=0, le=1 << 60)] | None = None
    """Content of the workspace's files."""
    entries: Annotated[int, Field(ge=0, le=1 << 40)] | None = None
    """Files, directories and links in the workspace."""
    archive_bytes: Annotated[int, Field(ge=0, le=1 << 60)] | None = None
    """Stored bytes of its archives: beyond it they are thinned out earlier, the newest never."""


class Project(Message):
    id: Id
    name: str
    source: Literal["empty", "folder", "git", "archive"]
    image: str | None = None
    """Workspace image; absent for the default."""
    commands: Commands
    forward_ports: list[Annotated[int, Field(ge=1, le=65535)]] | None = None
    """Ports its `devcontainer.json` wants forwarded; absent where it wants none."""
    quota: Quota | None = None
    """Absent where the daemon's settings hold."""
    created_at: Timestamp
    updated_at: Timestamp


class FolderFile(Message):
    """One file to start a workspace with. Links and special files are not carried."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    """Relative to the workspace's root, `/`-separated."""
    content: str
    """Base64."""
    executable: bool = False


class FolderOrigin(Message):
    """A folder of the machine the daemon runs on, copied in with its links, modes and times. Only for
    clients on that machine (standard input and output, the Unix socket)."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    """Absolute."""
    exclude: list[str] = Field(default_factory=list, max_length=100)
    """Names to leave out at any depth, besides version control, dependencies, caches and `.env`."""
    include: list[str] = Field(default_factory=list, max_length=100)
    """Names to copy although they are left out otherwise."""


class GitOrigin(Message):
    """A public repository, cloned inside the workspace, through its egress policy."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """https:// or http://, without a password in it."""
    ref: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Branch or tag; absent for the repository's own choice."""
    depth: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many commits back; absent for all."""


class ArchiveOrigin(Message):
    """An archive of another project, whose image, commands and ports the new one takes over."""

    project_id: Id
    archive_id: Id | None = None
    """Absent for the newest."""


class FromFolder(Message):
    folder: FolderOrigin


class FromGit(Message):
    git: GitOrigin


class FromArchive(Message):
    archive: ArchiveOrigin


class ProjectCreateParams(Message):
    name: Name | None = None
    source: Literal["empty", "folder"] | FromFolder | FromGit | FromArchive = "empty"
    """`folder`: the client copies the files in with `workspace/import` afterwards. With an object the daemon
    gets the files and answers when all of them are there; where that fails there is no project."""
    image: str | None = None
    """Workspace image; absent for the one its `devcontainer.json` names, or the default."""
    work_done_token: ProgressToken | None = None


class ProjectNotice(Message):
    """What went otherwise than the source says: files left behind, parts of `devcontainer.json` that mean
    nothing here."""

    level: Literal["info", "warning"]
    message: str
    hint: str | None = None


class ProjectCreated(Project):
    """The new project."""

    notices: list[ProjectNotice] | None = None


class ProjectOpenParams(Message):
    folder: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    """Absolute, on the machine the daemon runs on. Only for clients on that machine."""
    work_done_token: ProgressToken | None = None


class ProjectForkParams(Message):
    project_id: Id
    """The project to fork. Its image, commands and ports are taken over, its chats are not."""
    archive_id: Id | None = None
    """Absent: the project as it is now. Files that no archive holds are archived first, while the workspace
    goes on; otherwise a fork is the time of writing a manifest."""
    name: Name | None = None
    """Absent for one made of the project's."""
    work_done_token: ProgressToken | None = None


class ProjectRef(Message):
    project_id: Id


class PromptCommand(Message):
    """A prompt file, called by a prompt that begins with `/name`."""

    name: str
    description: str
    argument_hint: str | None = None
    """What its arguments are; absent where the file does not say."""
    origin: Literal["user", "project"]


class Skill(Message):
    """A folder with a SKILL.md the agent can read."""

    name: str
    description: str
    origin: Literal["user", "project"]


class ProjectExtensions(Message):
    commands: list[PromptCommand]
    skills: list[Skill]
    problems: list[str]
    """Sentences about folders that are no skills."""
    looked_inside: bool
    """Whether the project's own are among them: only while its workspace is running."""


class ProjectListParams(Paged):
    pass


class ProjectUpdateParams(Message):
    project_id: Id
    name: Name | None = None
    commands: Commands | None = None
    """Replaces all three commands."""
    quota: Quota | None = None
    """Replaces all of the project's own quota."""


class ProjectDeleteParams(Message):
    project_id: Id
    archives: bool = Field(default=False)
    """Also delete the project's archives. Without it they stay in the store."""


class ProjectPage(Page[Project]):
    """Projects, newest first."""


ROWS: tuple[Method, ...] = (
    request(
        "project/create",
        ProjectCreateParams,
        ProjectCreated,
        "Make a project: empty, or of a folder, a git repository or another project's archive.",
    ),
    request(
        "project/open",
        ProjectOpenParams,
        ProjectCreated,
        "The project of a folder: made the first time, found again after that. What the client has open "
        "goes into the workspace as it is there, saved or not.",
    ),
    request(
        "project/fork",
        ProjectForkParams,
        Project,
        "Make a project that shares an archive of another; no content is copied.",
        OrderedBy.PROJECT,
    ),
    request("project/list", ProjectListParams, ProjectPage, "List projects, newest first."),
    request("project/get", ProjectRef, Project, "One project."),
    request(
        "project/extensions",
        ProjectRef,
        ProjectExtensions,
        "Prompt files and skills a run of the project has: the user's own, and the project's.",
    ),
    request(
        "project/update",
        ProjectUpdateParams,
        Project,
        "Rename, or set commands or quota.",
        OrderedBy.PROJECT,
    ),
    request(
        "project/delete",
        ProjectDeleteParams,
        Empty,
        "Delete a project with its chats and its workspace; its archives only when asked.",
        OrderedBy.PROJECT,
    ),
)
