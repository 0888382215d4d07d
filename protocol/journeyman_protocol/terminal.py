"""Commands and terminals a person starts in a workspace.

A command belongs to the connection that started it: only that one hears its output and may write to it,
resize or kill it, and when the connection ends it is hung up on, and killed 2 seconds later with everything
that came of it. It is never started again by the daemon. While it runs the workspace does not expire; an
explicit `workspace/archive`, `restore` or `close` ends it. It may run while the agent does.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Empty, Id, Message
from journeyman_protocol.files import Encoding, WorkspacePath
from journeyman_protocol.rows import Method, OrderedBy, outgoing, request

Argument = Annotated[str, StringConstraints(max_length=128 * 1024)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^=\x00]+$")]
Side = Annotated[int, Field(ge=1, le=5000)]


class ExecParams(Message):
    """`argv` or `command`; with neither, a login shell in a terminal."""

    project_id: Id
    argv: Annotated[list[Argument], Field(min_length=1, max_length=1000)] | None = None
    command: Annotated[str, StringConstraints(min_length=1, max_length=128 * 1024)] | None = None
    """For `bash -c`."""
    cwd: WorkspacePath = "."
    env: Annotated[dict[Name, Argument], Field(max_length=200)] = {}
    """Added to the workspace's own clean environment."""
    pty: bool = False
    """A terminal of its own. Otherwise output and errors come as one stream of bytes."""
    cols: Side = 80
    rows: Side = 24
    stdin: bool = False
    """Whether `workspace/execWrite` will be used; otherwise input is empty. A terminal always has it."""
    encoding: Encoding = "base64"
    """Of the output. `utf8`: what is not UTF-8 comes as U+FFFD."""
    timeout_ms: Annotated[int, Field(ge=1, le=24 * 3600 * 1000)] | None = None
    """Hung up on after this, as if the connection ended."""
    ack_window: Annotated[int, Field(ge=4096, le=16 * 1024 * 1024)] | None = None
    """At most this many bytes of output are sent before `workspace/execAck` says they were taken. In any
    case a client that does not read its connection stops the command's output, not the daemon's memory."""


class ExecResult(Message):
    exec_id: Id


class ExecRef(Message):
    exec_id: Id


class ExecWriteParams(ExecRef):
    """Input, in the order of the requests. Answered once the workspace has taken it."""

    content: Annotated[str, StringConstraints(max_length=1024 * 1024)] = ""
    encoding: Encoding = "base64"
    eof: bool = False
    """Nothing more will come; in a terminal this types Ctrl-D."""


class ExecResizeParams(ExecRef):
    cols: Side
    rows: Side


class ExecKillParams(ExecRef):
    signal: Literal["HUP", "INT", "QUIT", "TERM", "KILL", "USR1", "USR2", "STOP", "CONT"] | None = None
    """To every process that came of the command. Absent: hang up, and kill what is left after 2 seconds."""


class ExecAckParams(ExecRef):
    bytes: Annotated[int, Field(ge=1, le=2**53)]
    """Bytes taken since the last acknowledgement."""


class ExecOutput(Message):
    exec_id: Id
    offset: int
    """Bytes of output before this piece."""
    content: str
    encoding: Encoding = "base64"


class ExecExited(Message):
    """Exactly once, after all of the output."""

    exec_id: Id
    reason: Literal["exited", "timeout", "lost"]
    """`lost`: the workspace went away, or was put away."""
    code: int | None = None
    """As a shell says it: 128 plus the signal's number where a signal ended it."""
    signal: str | None = None
    """Such as `SIGKILL`."""
    message: str | None = None


ROWS: tuple[Method, ...] = (
    request(
        "workspace/exec",
        ExecParams,
        ExecResult,
        "Start a command or a terminal of a person's own in the workspace.",
    ),
    request(
        "workspace/execWrite",
        ExecWriteParams,
        Empty,
        "Give a command input, in the order of the requests.",
        OrderedBy.EXEC,
    ),
    request("workspace/execResize", ExecResizeParams, Empty, "A terminal has another size now."),
    request("workspace/execKill", ExecKillParams, Empty, "Signal all that came of a command."),
    request("workspace/execAck", ExecAckParams, Empty, "Output was taken; more may be sent."),
    outgoing("workspace/execOutput", ExecOutput, "What a command of this connection wrote."),
    outgoing("workspace/execExited", ExecExited, "A command of this connection ended."),
)
