"""The boundary, looked at from inside: what a workspace may not do, in each sandbox that isolates."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from components.sandbox import PROJECT, Bench, kinds
from journeyman.ports.guest import Finished
from journeyman.ports.sandbox import Limits

pytestmark = pytest.mark.parametrize("bench", kinds("bubblewrap", "docker"), indirect=True)

STATUS = "cat /proc/self/status"
PIDS = 32
MEMORY_MB = 256


def field(name: str, want: str) -> Callable[[Finished], bool]:
    def check(done: Finished) -> bool:
        lines = dict(line.split(":", 1) for line in done.output.decode().splitlines() if ":" in line)
        return lines[name].split()[0] == want

    return check


def fails(done: Finished) -> bool:
    return done.code != 0


def says(text: bytes) -> Callable[[Finished], bool]:
    return lambda done: text in done.output


def silent(done: Finished) -> bool:
    return done.output.strip() == b""


@dataclass(frozen=True)
class Denied:
    script: str
    holds: Callable[[Finished], bool]


AUDIT = {
    "not root": Denied("test $(id -u) -eq 0", fails),
    "no effective capability": Denied(STATUS, field("CapEff", "0000000000000000")),
    "no permitted capability": Denied(STATUS, field("CapPrm", "0000000000000000")),
    "no capability to gain": Denied(STATUS, field("CapBnd", "0000000000000000")),
    "no new privileges": Denied(STATUS, field("NoNewPrivs", "1")),
    "root file system is read-only": Denied(
        "touch /written || touch /etc/x || touch /usr/x || touch /run/x", fails
    ),
    "the guest's program cannot be changed": Denied("touch /run/guest/inside/serve.py", fails),
    "no network but loopback": Denied("ls /sys/class/net 2>/dev/null | grep -v '^lo$'", silent),
    "no route": Denied("tail -n +2 /proc/net/route", silent),
    "no name is resolved": Denied(
        "python3 -c 'import socket; socket.getaddrinfo(\"example.com\", 80)'", fails
    ),
    "no docker socket": Denied("ls /var/run/docker.sock /run/docker.sock", fails),
    "no home of the host": Denied("ls -A /root /home 2>/dev/null", silent),
    "no processes of the host": Denied(
        "cat /proc/[0-9]*/comm 2>/dev/null | grep -c .; true", lambda d: int(d.output) < 10
    ),
    "cannot mount": Denied("mount -t tmpfs none /tmp", fails),
    "cannot change user": Denied("python3 -c 'import os; os.setuid(0)'", fails),
    "cannot make devices": Denied("mknod /tmp/disk b 8 0", fails),
    "cannot read the host's memory or disks": Denied("cat /dev/mem /dev/kmem /dev/vda /dev/sda", fails),
    "cannot write kernel settings": Denied("echo 1 > /proc/sys/kernel/sysrq", fails),
    "temporary files have room": Denied("echo yes > /tmp/x && cat /tmp/x", says(b"yes")),
}


async def test_what_is_denied_is_denied(bench: Bench) -> None:
    _, guest = await bench.running()
    broken = []
    for name, denied in AUDIT.items():
        done = await guest.run(["bash", "-c", denied.script], timeout_s=20)
        if not denied.holds(done):
            broken.append((name, done.code, done.output[-300:]))
    assert broken == []


async def test_nothing_of_the_daemons_environment_comes_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_PLANTED_KEY", "planted-value")
    _, guest = await bench.running()
    done = await guest.run(["bash", "-c", "cat /proc/[0-9]*/environ | tr '\\0' '\\n'; env"])
    assert b"planted" not in done.output


async def test_files_belong_to_the_workspace_user(bench: Bench) -> None:
    instance, guest = await bench.running()
    await guest.write("f", b"x")
    path = await bench.generations.path(PROJECT, instance.generation)
    assert (path / "f").stat().st_uid == (10001 if os.geteuid() == 0 else os.geteuid())


async def test_the_number_of_processes_is_limited(bench: Bench) -> None:
    limits = Limits(memory_mb=512, cpus=1.0, pids=PIDS)
    _, guest = await bench.running(limits=limits)
    script = "import os,time\nn=0\ntry:\n  while n < 500:\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n    n += 1\nexcept OSError: pass\nprint(n)"  # noqa: E501
    done = await guest.run(["python3", "-c", script], timeout_s=30)
    assert 0 < int(done.output.split()[-1]) < PIDS
    assert await guest.kill_all() > 0
    assert (await guest.run(["echo", "fine"])).output == b"fine\n"


async def test_memory_is_limited_and_the_guest_outlives_it(bench: Bench) -> None:
    limits = Limits(memory_mb=MEMORY_MB, cpus=1.0, pids=64)
    _, guest = await bench.running(limits=limits)
    script = (
        f"b = bytearray({2 * MEMORY_MB} << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\nprint('got it')"
    )
    done = await guest.run(["python3", "-c", script], timeout_s=60)
    assert done.code != 0
    assert b"got it" not in done.output
    await guest.ping()


async def test_a_socket_on_the_host_is_out_of_reach(bench: Bench) -> None:
    _, guest = await bench.running()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert (await guest.run(["python3", "-c", script], timeout_s=20)).code != 0
