"""workspace/exec and what goes with a command that runs."""

from __future__ import annotations

import signal

from journeyman.failures import Failure
from journeyman.ports.guest import ProcessSpec
from journeyman.rpc.handlers.answers import decoded
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty
from journeyman_protocol.terminal import (
    ExecAckParams,
    ExecKillParams,
    ExecParams,
    ExecResizeParams,
    ExecResult,
    ExecWriteParams,
)

LOGIN_SHELL = ("bash", "-l")


async def exec_(context: Context, params: ExecParams) -> ExecResult:
    await context.services.projects.get(params.project_id)
    shown = await context.peer.terminals.open(
        params.project_id,
        _spec(params),
        encoding=params.encoding,
        window=params.ack_window,
        timeout_s=None if params.timeout_ms is None else params.timeout_ms / 1000,
    )
    return ExecResult(exec_id=shown.terminal.id)


async def write(context: Context, params: ExecWriteParams) -> Empty:
    terminal = context.peer.terminals.get(params.exec_id).terminal
    if params.encoding == "utf8":
        data = params.content.encode()
    else:
        data = decoded(params.content, "the content", "content")
    if data:
        await terminal.write(data)
    if params.eof:
        await terminal.end_input()
    return Empty()


async def resize(context: Context, params: ExecResizeParams) -> Empty:
    context.peer.terminals.get(params.exec_id).terminal.resize(params.cols, params.rows)
    return Empty()


async def kill(context: Context, params: ExecKillParams) -> Empty:
    terminal = context.peer.terminals.get(params.exec_id).terminal
    await terminal.kill(None if params.signal is None else int(signal.Signals[f"SIG{params.signal}"]))
    return Empty()


async def ack(context: Context, params: ExecAckParams) -> Empty:
    context.peer.terminals.acknowledge(params.exec_id, params.bytes)
    return Empty()


def _spec(params: ExecParams) -> ProcessSpec:
    if params.argv is not None and params.command is not None:
        raise Failure("invalid", "A command is `argv` or `command`, not both.", hint="Leave one out.")
    if params.argv is None and params.command is None and not params.pty:
        raise Failure(
            "invalid",
            "Without a terminal there must be a command.",
            hint="`argv`: what to run, or set `pty`.",
        )
    argv = tuple(params.argv or (("bash", "-c", params.command) if params.command else LOGIN_SHELL))
    return ProcessSpec(
        argv,
        cwd=params.cwd,
        env=params.env,
        stdin=params.stdin or params.pty,
        pty=(params.cols, params.rows) if params.pty else None,
        bound=True,
    )


HANDLERS: dict[str, Handler] = {
    "workspace/exec": exec_,
    "workspace/execWrite": write,
    "workspace/execResize": resize,
    "workspace/execKill": kill,
    "workspace/execAck": ack,
}
