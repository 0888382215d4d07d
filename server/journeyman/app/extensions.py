"""Extensions put together: what the user's configuration directory and settings say."""

from __future__ import annotations

from journeyman import paths
from journeyman.adapters.host_commands import LocalHostCommands
from journeyman.adapters.mcp_servers import McpServers
from journeyman.config import HookSetting, McpSetting, Settings
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.hooks import Hook
from journeyman.ports.tool_servers import ServerSpec
from journeyman.redaction import register_secret


def extensions_of(settings: Settings) -> Extensions:
    return Extensions(
        home=paths.config_file().parent,
        hooks=tuple(map(_hook, settings.hooks)),
        host=LocalHostCommands(),
        servers=tuple(map(_server, settings.mcp_servers)),
        connector=McpServers(),
        explore=settings.explore,
    )


def _server(setting: McpSetting) -> ServerSpec:
    for value in (*setting.headers.values(), *setting.env.values()):
        register_secret(value)
    return ServerSpec(
        setting.name,
        setting.command,
        setting.url or "",
        setting.where == "outside",
        setting.env,
        setting.headers,
        setting.timeout_s,
        setting.start_s,
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
