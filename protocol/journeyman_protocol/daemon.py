"""The daemon itself."""

from __future__ import annotations

from typing import Any, Literal

from journeyman_protocol.base import Empty, Message, Open, ProgressToken, Timestamp
from journeyman_protocol.rows import Method, incoming, outgoing, request


class PingResult(Message):
    now: Timestamp


class SandboxStatus(Message):
    name: str
    tier: str
    gaps: list[str] = []
    """What this isolation does not protect from."""


class DaemonStatus(Message):
    version: str
    protocol_version: int
    pid: int
    started_at: Timestamp
    data_dir: str
    clients: int
    runs_active: int
    runs_queued: int
    workspaces_live: int
    sandbox: SandboxStatus | None = None
    """Absent where no sandbox can be had; runs are refused then."""
    sandbox_problem: str | None = None
    objects: str
    """Where archives go, without credentials."""
    shortages: list[str] = []
    """What the machine is short of (disk, memory) and what is done about it, as sentences."""
    draining: bool = False


class MetricSample(Message):
    name: str
    """The metric's own name, or that with `_bucket`, `_sum`, `_count` or `_total`."""
    labels: dict[str, str] = {}
    value: float


class Metric(Message):
    """In the words of the Prometheus exposition format."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: list[MetricSample]


class DaemonMetrics(Message):
    items: list[Metric]


class JourneymanCapabilities(Message):
    """`capabilities.experimental.journeyman` in the answer to `initialize`."""

    protocol_version: int
    version: str
    methods: list[str]
    """Every method the daemon handles."""
    notifications: list[str]
    """Every notification the daemon sends."""
    requests: list[str] = []
    """Every request of ours the daemon may send, to clients that say they answer it."""
    features: list[str] = []


class ClientJourneyman(Open):
    """`capabilities.experimental.journeyman` a client may send with `initialize`."""

    protocol_version: int = 1
    """One the daemon does not speak is refused."""
    events: bool = True
    """Whether this client wants `agent/event` and the other notifications of ours."""
    requests: list[str] = []
    """Requests of ours this client answers. Unknown names mean nothing."""
    opt_out: list[str] = []
    """Notifications this client does not want."""


class InitializationOptions(Open):
    """`initializationOptions` of `initialize`."""

    token: str | None = None
    """The daemon's token, where the operator started it with `--auth initialize`."""


class CancelParams(Message):
    """`$/cancelRequest` of LSP."""

    id: int | str


class ProgressParams(Message):
    """`$/progress` of LSP."""

    token: ProgressToken
    value: dict[str, Any]


class WorkDoneProgressCancelParams(Message):
    """`window/workDoneProgress/cancel` of LSP."""

    token: ProgressToken


class SetTraceParams(Message):
    """`$/setTrace` of LSP."""

    value: Literal["off", "messages", "verbose"]
    """Anything but `off` makes the daemon tell each answered request and the time it took."""


class LogTraceParams(Message):
    """`$/logTrace` of LSP."""

    message: str
    verbose: str | None = None
    """With `verbose`: how it was answered, and how many requests of the connection are not yet."""


ROWS: tuple[Method, ...] = (
    request("daemon/ping", Empty, PingResult, "Is anybody there? Answered before `initialize` too."),
    request("daemon/status", Empty, DaemonStatus, "What the daemon is doing."),
    request("daemon/metrics", Empty, DaemonMetrics, "Counts and times since the start, for monitoring."),
    incoming("$/cancelRequest", CancelParams, "Cancel a request; it is still answered (LSP)."),
    incoming(
        "window/workDoneProgress/cancel",
        WorkDoneProgressCancelParams,
        "Cancel the run behind a progress token (LSP).",
    ),
    incoming("$/setTrace", SetTraceParams, "Switch `$/logTrace` on or off (LSP)."),
    outgoing("$/logTrace", LogTraceParams, "A request was answered, and how long it took (LSP)."),
    outgoing("$/progress", ProgressParams, "Begin, report and end of work (LSP)."),
)
