"""journeyman serve, stdio, acp, status and stop: the daemon itself. Serving prints nothing on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json, Yes
from journeyman.failures import Failure

STOP_WITHIN_S = 30.0


def serve(
    tcp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Also listen on TCP; needs the daemon's token.")
    ] = None,
    auth: Annotated[
        str, typer.Option(help="How a TCP client shows the token: header or initialize.")
    ] = "header",
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate; needed where the host is not loopback.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Key of the certificate.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The directory this daemon owns.")] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Log to stderr too; in a terminal it always does.")
    ] = False,
) -> None:
    """Run the daemon.

    Editors and `journeyman run` start one by themselves; this is for TCP, and for looking on.

    \b
    journeyman serve
    journeyman serve --tcp 127.0.0.1:7464
    """
    if auth not in ("header", "initialize"):
        raise Failure("invalid", f"There is no way {auth!r} to show a token.", hint="header or initialize.")
    if (tls_cert is None) != (tls_key is None):
        raise Failure("invalid", "A certificate needs its key.", hint="Give both --tls-cert and --tls-key.")
    import sys

    from journeyman import daemon
    from journeyman.cli.configured import load_settings

    tls = (tls_cert, tls_key) if tls_cert and tls_key else None
    settings = load_settings(data_dir)
    visible_log = foreground or sys.stderr.isatty()
    raise typer.Exit(daemon.serve(settings, tcp=tcp, auth=auth, tls=tls, foreground=visible_log))


def stdio() -> None:
    """Speak the protocol on stdin and stdout.

    This is what an editor starts. It starts the daemon if none runs.
    """
    _bridge("stdio")


def acp() -> None:
    """Speak the Agent Client Protocol on stdin and stdout.

    For editors that bring their own agent panel, such as Zed; in its settings.json:

    \b
    "agent_servers": {
      "Journeyman": { "type": "custom", "command": "journeyman", "args": ["acp"] }
    }

    The editor's folder is copied into a workspace when a session begins; the same folder has the same
    workspace again. It starts the daemon if none runs. docs/acp.md says what is supported.
    """
    _bridge("acp")


def _bridge(protocol: str) -> None:
    import os
    import sys

    # A plain call never gets here: it goes to the bridge before this program is imported.
    os.execv(sys.executable, [sys.executable, "-m", "journeyman", protocol])


def status(json: Json = False) -> None:
    """Show what the daemon is doing.

    Does not start one.
    """
    from journeyman.cli.link import call

    found = call(lambda client: client.request("daemon/status", {}), start=False)
    if json:
        output.print_json(found)
        return
    output.print_table(["", ""], _rows(found), empty="")


def _rows(found: dict[str, Any]) -> list[list[str]]:
    sandbox = found.get("sandbox")
    rows = [
        ["version", f"{found['version']}, protocol {found['protocolVersion']}"],
        ["process", f"{found['pid']}, since {output.when(found['startedAt'])}"],
        ["data", found["dataDir"]],
        ["archives", found["objects"]],
        ["sandbox", f"{sandbox['name']}, {sandbox['tier']}" if sandbox else "none"],
        ["clients", str(found["clients"])],
        ["runs", f"{found['runsActive']} active, {found['runsQueued']} queued"],
        ["workspaces", f"{found['workspacesLive']} live"],
    ]
    if found.get("sandboxProblem"):
        rows.insert(5, ["problem", found["sandboxProblem"]])
    rows += [["short of", sentence] for sentence in found.get("shortages", ())]
    if found.get("draining"):
        rows.append(["", "shutting down"])
    return rows


def stop(yes: Yes = False) -> None:
    """End the daemon politely.

    Runs are cancelled; everything that was stored is kept.
    """
    import os
    import signal
    import time

    from journeyman.cli.link import call
    from journeyman.cli.options import confirm

    found = call(lambda client: client.request("daemon/status", {}), start=False)
    active = found["runsActive"] + found["runsQueued"]
    if active:
        confirm(f"{active} runs are not finished. Stop the daemon all the same?", yes=yes)
    pid = int(found["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN_S
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            output.stderr().print("the daemon has stopped")
            return
        time.sleep(0.05)
    raise Failure(
        "timeout",
        f"The daemon (process {pid}) did not stop within {STOP_WITHIN_S:.0f} s.",
        hint="It may be finishing an archive; `journeyman status` tells.",
    )
