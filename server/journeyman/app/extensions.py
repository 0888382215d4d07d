"""Extensions put together: what the user's configuration directory and settings say."""

from __future__ import annotations

from journeyman import paths
from journeyman.adapters.host_commands import LocalHostCommands
from journeyman.config import HookSetting, Settings
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.hooks import Hook


def extensions_of(settings: Settings) -> Extensions:
    return Extensions(
        home=paths.config_file().parent,
        hooks=tuple(map(_hook, settings.hooks)),
        host=LocalHostCommands(),
        explore=settings.explore,
    )


def _hook(setting: HookSetting) -> Hook:
    return Hook(
        setting.on,
        setting.command,
        frozenset(setting.tools),
        setting.where == "outside",
        setting.timeout_s,
        setting.failure == "refuse",
    )
