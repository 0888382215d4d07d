"""Ports: where programs in a workspace listen, and how they are reached from this machine."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from journeyman_protocol.base import Empty, Id, Message
from journeyman_protocol.rows import Method, outgoing, request

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Port(Message):
    """A port of the workspace: one that a program listens on, that is forwarded, or that is expected."""

    port: PortNumber
    listening: bool
    """Whether a program does now. False also where the workspace is not running."""
    address: str | None = None
    """Where it listens, of 127.0.0.1, 0.0.0.0, ::1 and ::. Others cannot be forwarded and are not told."""
    pid: int | None = None
    process: str | None = None
    """How the program was started, at most 200 characters, where that can be seen."""
    expected: bool = False
    """Whether the project's `devcontainer.json` names it in `forwardPorts`."""
    url: str | None = None
    """Where it is forwarded to. The link holds a token: whoever has it can use the program."""


class PortsParams(Message):
    project_id: Id
    watch: bool | None = None
    """True: from the answer on this connection is told by `workspace/didChangePorts`, whether the workspace
    runs now or only later. False: not any more. Absent: as it is."""


class PortList(Message):
    project_id: Id
    items: list[Port]
    """By number."""


class ForwardParams(Message):
    project_id: Id
    port: PortNumber
    """One that nothing listens on yet is forwarded as well, and says so to whoever comes."""


class Forwarded(Message):
    project_id: Id
    port: PortNumber
    url: str
    """`http://127.0.0.1:...` on the daemon's machine, with a token, for which a browser gets a cookie."""
    created: bool
    """False: it was forwarded before, by this link."""


class UnforwardParams(Message):
    project_id: Id
    port: PortNumber


ROWS: tuple[Method, ...] = (
    request(
        "workspace/ports",
        PortsParams,
        PortList,
        "Where programs in the workspace listen. Brings back no workspace; a frozen one goes on.",
    ),
    request(
        "workspace/forward",
        ForwardParams,
        Forwarded,
        "Open a port of the workspace on the daemon's machine, for whoever has the link. It belongs to the "
        "project: it ends with `workspace/unforward`, and when the workspace is put away or closed.",
    ),
    request(
        "workspace/unforward",
        UnforwardParams,
        Empty,
        "Close a forwarded port for everybody; no error where it is not.",
    ),
    outgoing("workspace/didChangePorts", PortList, "The ports of a watched project, as they are now."),
)
