"""The workspace image, for `journeyman image build` and the demo."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.adapters.docker_presence import docker_presence
from journeyman.config import Settings


async def image_is_missing(settings: Settings) -> bool:
    """Whether an engine answers that would be used, were it not for the image."""
    presence = await docker_presence(settings.image)
    return settings.sandbox != "bubblewrap" and presence.engine and not presence.image


async def build_image(settings: Settings, on_line: Callable[[str], None]) -> str:
    """Build the image the settings name and answer its name; `on_line` gets a line for each step.

    Raises `Failure`: `no_sandbox` without an engine, `image_missing` where it cannot be built, `disk_full`.
    """
    from journeyman.adapters import docker_image

    await docker_image.build_image(settings.image, on_line)
    return settings.image
