"""journeyman exec: a command, or a shell, in a project's workspace, as if it ran here.

In a terminal it gets one: keys go through as they are, the window's size too. In a pipe it gets bytes and
gives bytes. Its exit code is ours. It ends with us.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.cli.link import LastingLink

PIECE = 64 * 1024
TIMED_OUT = 124
PASS_THROUGH = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def exec_(
    project: Annotated[str, typer.Argument(help="Project id, its first characters, or its name.")],
    command: Annotated[
        list[str] | None, typer.Argument(help="What to run, with its arguments; a shell when left out.")
    ] = None,
    cwd: Annotated[str, typer.Option("--cwd", help="Directory in the workspace.")] = ".",
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", help="NAME=VALUE, as often as needed.")
    ] = None,
    tty: Annotated[
        bool | None, typer.Option("--tty/--no-tty", help="With a terminal or without; else as we have one.")
    ] = None,
) -> None:
    """Run a command in a project's workspace, or open a shell there.

    Brings the workspace back where it was put away, and keeps it from being put away meanwhile.

    Example: journeyman exec 3f2a -- make test
    """
    from journeyman.cli.ids import project_id
    from journeyman.cli.link import call

    with_terminal = (sys.stdin.isatty() and sys.stdout.isatty()) if tty is None else tty
    params: dict[str, Any] = {"cwd": cwd, "env": _environment(env or []), "pty": with_terminal, "stdin": True}
    if with_terminal:
        params |= {"cols": _size()[0], "rows": _size()[1]}
        params["env"].setdefault("TERM", os.environ.get("TERM", "xterm-256color"))
    if command and command[0] == "--":
        command = command[1:]
    if command:
        params["argv"] = command
    elif not with_terminal:
        params["argv"] = ["bash"]

    async def ask(client: LastingLink) -> int:
        params["projectId"] = await project_id(client.request, project)
        return await carry(client, params)

    raise typer.Exit(call(ask))


async def carry(client: LastingLink, params: dict[str, Any]) -> int:
    """Run it with our input and output; answers its exit code."""
    told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    client.on("workspace/execOutput", lambda output: _show(base64.b64decode(output["content"])))
    client.on("workspace/execExited", lambda exited: None if told.done() else told.set_result(exited))
    # Raw before it starts, so that no key is typed into the wrong mode.
    with _raw() if params["pty"] else contextlib.nullcontext():
        exec_id: str = (await client.request("workspace/exec", params))["execId"]
        async with asyncio.TaskGroup() as tasks:
            ours = [tasks.create_task(_feed(client, exec_id))]
            if params["pty"]:
                ours.append(tasks.create_task(_resize(client, exec_id)))
            lost = tasks.create_task(client.ended())
            await asyncio.wait({told, lost}, return_when=asyncio.FIRST_COMPLETED)
            for task in (*ours, lost):
                task.cancel()
    return _code(told)


def _code(told: asyncio.Future[dict[str, Any]]) -> int:
    if not told.done():
        raise Failure("cancelled", "The daemon went away, and the command with it.", retryable=True)
    ended = told.result()
    if ended["reason"] == "lost":
        raise Failure("workspace_failed", ended.get("message") or "The workspace went away.", retryable=True)
    return TIMED_OUT if ended["reason"] == "timeout" else int(ended["code"])


def _show(data: bytes) -> None:
    # Blocking is right: who reads us slowly slows down the command.
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


async def _feed(client: LastingLink, exec_id: str) -> None:
    """Our standard input, piece by piece, to its end."""
    fd = sys.stdin.fileno()
    while True:
        await _readable(fd)
        data = os.read(fd, PIECE)
        content = base64.b64encode(data).decode()
        with contextlib.suppress(Failure):  # it has ended; its exit is on its way
            await client.request(
                "workspace/execWrite", {"execId": exec_id, "content": content, "eof": not data}
            )
        if not data:
            return


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(fd, ready.set)
    except PermissionError:
        return  # a regular file always is
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


@contextlib.contextmanager
def _raw() -> Generator[None]:
    """Our terminal hands over every key until the end of the block."""
    import termios
    import tty

    fd = sys.stdin.fileno()
    if not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    try:
        tty.setraw(fd, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


async def _resize(client: LastingLink, exec_id: str) -> None:
    """Tell every new size of our window."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    loop.add_signal_handler(signal.SIGWINCH, changed.set)
    changed.set()  # it may have changed since we asked
    try:
        while True:
            await changed.wait()
            changed.clear()
            cols, rows = _size()
            with contextlib.suppress(Failure):  # it has ended; its exit is on its way
                params = {"execId": exec_id, "cols": cols, "rows": rows}
                await client.request("workspace/execResize", params)
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


def _size() -> tuple[int, int]:
    try:
        cols, rows = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        cols, rows = 80, 24
    return max(1, min(cols, 5000)), max(1, min(rows, 5000))


def _environment(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise Failure("invalid", f"{pair!r} is not NAME=VALUE.", hint="Write it as --env NAME=VALUE.")
        found[name] = value
    return found
