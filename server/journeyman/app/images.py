"""The workspace image, for `journeyman image build`."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.config import Settings


async def build_image(settings: Settings, on_line: Callable[[str], None]) -> str:
    """Build the image the settings name and answer its name; `on_line` gets a line for each step.

    Raises `Failure`: `no_sandbox` without an engine, `image_missing` where it cannot be built, `disk_full`.
    """
    from journeyman.adapters import docker_image

    await docker_image.build_image(settings.image, on_line)
    return settings.image
