"""The guest's start: confine itself, listen, serve until told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Sequence

from . import libc
from .arrange import Arrange
from .bulk import Bulk
from .connection import Connection, Operation
from .files import Files
from .listening import ports, watch_ports
from .paths import Root
from .pool import Pool
from .processes import Processes, reserve_side_channel
from .putting import Putting
from .search import Search
from .tracking import Tracking
from .tunnel import Tunnels
from .watching import Watching
from .way_out import WayOut

UMASK = 0o022


def _become(uid: int, gid: int) -> None:
    """Give up root for good: no capability in the bounding set, no groups, no new privileges."""
    for capability in range(64):
        libc.prctl(libc.PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    libc.drop_capabilities()


def _limit(name: str, value: str) -> None:
    import resource

    which = getattr(resource, "RLIMIT_" + name)
    _, hard = resource.getrlimit(which)
    wanted = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
    resource.setrlimit(which, (wanted, wanted))


def _environment(home: str) -> dict[str, str]:
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "USER": "workspace",
        "LOGNAME": "workspace",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": "/tmp",
        "GIT_TERMINAL_PROMPT": "0",
        "PAGER": "cat",
    }


def _way_out(tunnels: Tunnels, pool: Pool) -> WayOut | None:
    """None where there is no loopback to listen on: then nothing inside has a way out."""
    try:
        return WayOut(tunnels, pool)
    except OSError:
        return None


def _not_heeded(number: int, frame: object) -> None:
    pass


class _Stop(Exception):
    pass


def _follow_lifeline() -> None:
    """The other end is the daemon's, and closed by the kernel however that ends: nobody can be too late to
    see it, as one can be to ask for a signal at a parent's death."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _on_term(_number: int, _frame: object) -> None:
    raise _Stop


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM. Arguments: SOCKET, then key=value: root, home, path (directories), uid, gid,
    grace (seconds), lifeline=1 (end when standard input does), rlimit_NAME (a number)."""
    where, options = argv[0], dict(each.split("=", 1) for each in argv[1:])
    side = reserve_side_channel()
    libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    if "lifeline" in options:
        threading.Thread(target=_follow_lifeline, daemon=True).start()
    if os.geteuid() == 0 and "uid" in options:
        _become(int(options["uid"]), int(options.get("gid", options["uid"])))
    os.umask(0o077)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory, name = os.path.split(where)
    os.chdir(directory)  # a short name: a socket's path may not be longer than 107 bytes
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)
    for key, value in options.items():
        if key.startswith("rlimit_"):
            _limit(key[7:], value)
    listener.bind(name)
    root = Root(os.fsencode(options.get("root", "/workspace")))
    os.chdir("/")
    os.umask(UMASK)
    environment = _environment(options.get("home", "/tmp/home"))
    if "path" in options:
        environment["PATH"] = options["path"]
    with contextlib.suppress(OSError):
        os.makedirs(environment["HOME"], exist_ok=True)
    pool = Pool()
    tunnels = Tunnels(pool)
    way_out = _way_out(tunnels, pool)
    if way_out is not None:
        environment.update(way_out.environment())
    processes = Processes(root, environment, pool, side)
    files, search, bulk = Files(root), Search(root, environment), Bulk(root)
    arrange = Arrange(files)
    operations: dict[str, Operation] = {
        "spawn": processes.spawn, "kill_all": processes.kill_all,
        "read": files.read, "write": files.write, "stat": files.stat, "list": files.list,
        "mkdir": files.mkdir, "entries": arrange.entries, "remove": arrange.remove, "rename": arrange.rename,
        "glob": search.glob, "grep": search.grep, "watch": Watching(root).watch,
        "scan": bulk.scan, "stands": bulk.stands, "read_many": bulk.read_many, "restore": bulk.restore,
        "restore_lent": bulk.restore_lent,
        "connect": tunnels.connect,
        "ports": ports, "watch_ports": watch_ports,
        "track": Tracking(root).track, "put": Putting(root).put,
    }  # fmt: skip
    if way_out is not None:
        operations.update({"way_out": way_out.hold, "take": way_out.take})
        way_out.start()
    signal.signal(signal.SIGTERM, _on_term)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        # Heard and not heeded, rather than ignored: what is ignored stays so in every process we start.
        signal.signal(number, _not_heeded)
    listener.listen(64)
    try:
        while True:
            sock, _ = listener.accept()
            connection = Connection(sock, operations, pool)
            try:
                threading.Thread(target=connection.serve, daemon=True).start()
            except RuntimeError:  # no thread is to be had: whoever called sees it closed, and calls again
                sock.close()
    except _Stop:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        processes.end_all(signal.SIGTERM, float(options.get("grace", "5")))
        processes.end_all(signal.SIGKILL, 1.0)
    return 0
