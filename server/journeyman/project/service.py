"""Projects as people use them: make, list, read, rename, delete. Their workspaces are not its business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from journeyman.changed import FolderFile
from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.store import Store
from journeyman.quotas import Quota
from journeyman.records import LOCAL_USER_ID, Commands, Page, Project, SourceKind, User

NAME_CHARS_MAX = 200
IMAGE_CHARS_MAX = 300
COMMAND_CHARS_MAX = 4000
UNNAMED = "New project"


class ProjectService:
    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def create(
        self,
        *,
        name: str | None = None,
        source: SourceKind = "empty",
        image: str | None = None,
        commands: Commands | None = None,
        user_id: str = LOCAL_USER_ID,
        pending: bool = False,
        quota: Quota | None = None,
        folder: str | None = None,
        left_out: tuple[str, ...] | None = None,
    ) -> Project:
        """A new project of a user, who is made known when new. A `pending` one is nobody's to use until
        `settle` says that its files are there."""
        now = self._clock.now()
        if source not in get_args(SourceKind):
            raise Failure("invalid", f"A project cannot start from {str(source)[:80]!r}.")
        project = Project(
            id=self._ids.new(),
            user_id=_user_id(user_id),
            name=UNNAMED if name is None else _name(name),
            source=source,
            image=None if image is None else image_name(image),
            commands=_commands(commands or Commands()),
            created_at=now,
            updated_at=now,
            pending=pending,
            quota=quota or Quota(),
            folder=folder,
            left_out=left_out,
        )
        await self._store.users.ensure(User(project.user_id, project.user_id, now))
        await self._store.projects.add(project)
        return project

    async def of_folder(
        self, folder: str, source: SourceKind, *, user_id: str = LOCAL_USER_ID
    ) -> Project | None:
        """The newest project a user has made of `folder`: a copy (`folder`), or only its name (`empty`)."""
        return await self._store.projects.of_folder(user_id, folder, source)

    async def get(self, project_id: str) -> Project:
        """`busy` while it is pending."""
        project = await self._store.projects.get(project_id)
        if project.pending:
            raise Failure(
                "busy",
                f"Project {project.name!r} is still being made.",
                hint="Wait for project/create to answer.",
                retryable=True,
            )
        return project

    async def remember_folder(self, project_id: str, files: Sequence[FolderFile]) -> None:
        """What was copied of the folder the project was made of."""
        await self._store.folders.remember(project_id, files)

    async def settle(
        self,
        project_id: str,
        *,
        image: str | None,
        forward_ports: tuple[int, ...] = (),
        pending: bool = False,
    ) -> Project:
        """What became known while a pending project got its files."""
        image = None if image is None else image_name(image)
        return await self._store.projects.settle(
            project_id, image=image, forward_ports=forward_ports, pending=pending
        )

    async def pending(self) -> tuple[Project, ...]:
        return await self._store.projects.pending()

    async def image_of(self, project_id: str) -> str | None:
        """The image its workspace is to have; None for the default."""
        try:
            return (await self._store.projects.get(project_id)).image
        except Failure as failure:
            if failure.kind != "not_found":
                raise
            return None

    async def expected_ports(self, project_id: str) -> tuple[int, ...]:
        """The ports its `devcontainer.json` says it will open."""
        try:
            return (await self._store.projects.get(project_id)).forward_ports
        except Failure as failure:
            if failure.kind != "not_found":
                raise
            return ()

    async def list(
        self, *, user_id: str = LOCAL_USER_ID, cursor: str | None = None, limit: int = 50
    ) -> Page[Project]:
        """A user's projects, newest first."""
        return await self._store.projects.list(user_id, cursor=cursor, limit=limit)

    async def quota_of(self, project_id: str) -> Quota:
        """What its user said it may hold."""
        try:
            return (await self._store.projects.get(project_id)).quota
        except Failure as failure:
            if failure.kind != "not_found":
                raise
            return Quota()

    async def update(
        self,
        project_id: str,
        *,
        name: str | None = None,
        commands: Commands | None = None,
        quota: Quota | None = None,
    ) -> Project:
        """Change what is given; None leaves it as it is."""
        return await self._store.projects.update(
            project_id,
            name=None if name is None else _name(name),
            commands=None if commands is None else _commands(commands),
            quota=quota,
        )

    async def delete(self, project_id: str) -> tuple[str, ...]:
        """The project with its chats and all in them; answers the ids of those chats.

        The caller has closed the workspace first, and forgets the archives after. A project that is in
        use, by a run or through its workspace's lease, is `busy`."""
        project = await self._store.projects.get(project_id)
        workspace = await self._store.workspaces.get(project_id)
        if workspace is not None and workspace.lease is not None:
            raise _busy(project, workspace.lease)
        if any(run.project_id == project_id for run in await self._store.runs.open()):
            raise _busy(project, "run")
        chats: list[str] = []
        cursor: str | None = None
        while True:
            page = await self._store.chats.list(
                project.user_id, project_id=project_id, cursor=cursor, limit=500
            )
            chats.extend(chat.id for chat in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
        await self._store.projects.delete(project_id)
        return tuple(chats)


def _busy(project: Project, holder: str) -> Failure:
    return Failure(
        "busy",
        f"Project {project.name!r} is in use: {holder}.",
        hint="Wait for it to end, or cancel it, and try again.",
        retryable=True,
        data={"holder": holder},
    )


def _name(name: str) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    if not text or len(text) > NAME_CHARS_MAX:
        raise Failure(
            "invalid",
            f"A project's name has 1 to {NAME_CHARS_MAX} characters, this one has {len(text)}.",
            hint="Leave the name out for a default one.",
        )
    return text


def _user_id(user_id: str) -> str:
    if not user_id.strip() or len(user_id) > NAME_CHARS_MAX or not user_id.isprintable():
        raise Failure(
            "invalid", f"{user_id[:80]!r} is not a user's id.", hint=f"Leave it out: {LOCAL_USER_ID!r}."
        )
    return user_id


def image_name(image: str) -> str:
    """`image` where it can be one's name; else `invalid`."""
    name = image.strip()
    if (
        not name
        or len(name) > IMAGE_CHARS_MAX
        or not name.isprintable()
        or " " in name
        or name.startswith("-")
    ):
        raise Failure(
            "invalid", f"{image[:80]!r} is not an image's name.", hint="Leave it out for the default one."
        )
    return name


def _commands(commands: Commands) -> Commands:
    return Commands(_command(commands.build), _command(commands.run), _command(commands.test))


def _command(command: str | None) -> str | None:
    if command is None or not command.strip():
        return None
    if len(command) > COMMAND_CHARS_MAX or "\0" in command:
        raise Failure(
            "invalid", f"A command has at most {COMMAND_CHARS_MAX} characters and no NUL among them."
        )
    return command.strip()
