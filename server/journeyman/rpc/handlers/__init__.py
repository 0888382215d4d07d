"""One file per noun, a few lines per method: take params apart, ask a service, put the answer together."""

from __future__ import annotations

from journeyman.rpc.handlers import (
    agent,
    archives,
    changes,
    chat,
    checkpoint,
    daemon,
    differences,
    extensions,
    files,
    model,
    permission,
    ports,
    project,
    queue,
    stream,
    terminal,
    todo,
    trajectory,
    watching,
    workspace,
)
from journeyman.rpc.router import Handler

HANDLERS: dict[str, Handler] = {
    **project.HANDLERS,
    **extensions.HANDLERS,
    **chat.HANDLERS,
    **checkpoint.HANDLERS,
    **changes.HANDLERS,
    **agent.HANDLERS,
    **queue.HANDLERS,
    **stream.HANDLERS,
    **todo.HANDLERS,
    **trajectory.HANDLERS,
    **permission.HANDLERS,
    **workspace.HANDLERS,
    **files.HANDLERS,
    **archives.HANDLERS,
    **differences.HANDLERS,
    **terminal.HANDLERS,
    **watching.HANDLERS,
    **ports.HANDLERS,
    **model.HANDLERS,
    **daemon.HANDLERS,
}
