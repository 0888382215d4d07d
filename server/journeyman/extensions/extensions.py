"""What the user's own configuration adds to every run: read once, handed in by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from journeyman.extensions import prompt_files, skills
from journeyman.extensions.hooks import Hook
from journeyman.extensions.places import OwnPlace, Place, ProjectPlace
from journeyman.ports.guest import Guest
from journeyman.ports.host_commands import HostCommands
from journeyman.ports.tool_servers import ServerSpec, ToolServers


@dataclass(frozen=True, slots=True)
class Extensions:
    """Nothing of it comes from a project."""

    home: Path | None = None
    """The user's configuration directory, with `skills` and `commands` in it."""
    hooks: tuple[Hook, ...] = ()
    host: HostCommands | None = None
    """Runs those hooks that the user wants outside the workspace."""
    servers: tuple[ServerSpec, ...] = ()
    connector: ToolServers | None = None
    explore: bool = False
    """Whether runs may look things up apart from their history."""

    def skills(self, guest: Guest | None, root: str) -> tuple[Place, ...]:
        return self._places("skills", skills.PROJECT_FOLDERS, guest, root)

    def commands(self, guest: Guest | None, root: str) -> tuple[Place, ...]:
        return self._places("commands", prompt_files.PROJECT_FOLDERS, guest, root)

    def _places(
        self, own: str, folders: tuple[str, ...], guest: Guest | None, root: str
    ) -> tuple[Place, ...]:
        """The user's before the project's."""
        places: list[Place] = [] if self.home is None else [OwnPlace(self.home / own)]
        if guest is not None:
            places += [ProjectPlace(guest, root, folder) for folder in folders]
        return tuple(places)


@dataclass(frozen=True, slots=True)
class Listing:
    """For people."""

    commands: tuple[prompt_files.Command, ...]
    skills: skills.Skills


async def listing(user: Extensions, guest: Guest | None, root: str) -> Listing:
    """Without a guest only what is the user's own."""
    return Listing(
        await prompt_files.find(user.commands(guest, root)), await skills.find(user.skills(guest, root))
    )
