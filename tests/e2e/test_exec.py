"""`journeyman exec` and `files` as a person has them: a real terminal here, a real workspace there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from e2e.daemons import Place, alive, place, wait_until

pytestmark = pytest.mark.bubblewrap

MARK = str(secrets.randbelow(10**8) + 10**9)
"""Seconds of a sleep nobody else on this machine sleeps."""


@pytest.fixture(scope="module")
def there() -> Iterator[Place]:
    with place() as found:
        found.start()
        yield found


@pytest.fixture(scope="module")
def project(there: Place) -> str:
    import asyncio

    from journeyman.client.connection import Client

    async def make() -> str:
        async with Client.connect(socket=there.socket) as client:
            return (await client.request("project/create", {"name": "P"}))["id"]

    return asyncio.run(make())


def journeyman(there: Place, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        there.command(*arguments), env=there.env, input=given, capture_output=True, timeout=100, check=False
    )


def sleepers() -> list[int]:
    found: list[int] = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if each.joinpath("cmdline").read_bytes().split(b"\0")[:2] == [b"sleep", MARK.encode()]:
                found.append(int(each.name))
    return [pid for pid in found if alive(pid)]


def test_bytes_in_bytes_out_and_the_exit_code(there: Place, project: str) -> None:
    body = bytes(range(256)) * 4000
    done = journeyman(there, "exec", project, "--", "sh", "-c", "cat; exit 7", given=body)
    assert (done.returncode, done.stdout, done.stderr) == (7, body, b"")
    done = journeyman(there, "exec", "-e", "A=é", project, "sh", "-c", "echo $A; kill -KILL $$")
    assert (done.returncode, done.stdout) == (137, "é\n".encode())
    done = journeyman(there, "exec", "--cwd", "/etc", project, "true")
    assert done.returncode != 0
    assert b"outside the workspace" in done.stderr


def test_ten_megabytes_to_a_reader_that_takes_its_time(there: Place, project: str) -> None:
    command = there.command("exec", project, "--", "seq", "1", "1400000")
    process = subprocess.Popen(command, env=there.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    out = process.stdout
    assert out is not None
    got = out.read(100)
    wait_until(lambda: select.select([out], [], [], 0)[0])
    pieces = [got]
    while data := out.read(65536):
        pieces.append(data)
        if len(pieces) % 40 == 0:
            time.sleep(0.02)
    assert process.wait() == 0
    assert b"".join(pieces) == b"".join(b"%d\n" % n for n in range(1, 1_400_001))


def test_what_runs_ends_when_we_do(there: Place, project: str) -> None:
    command = there.command("exec", project, "--", "sh", "-c", f"sleep {MARK} & sleep {MARK}")
    process = subprocess.Popen(command, env=there.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_until(lambda: len(sleepers()) == 2)
    process.kill()
    process.wait()
    wait_until(lambda: not sleepers())


@dataclass
class Terminal:
    """A terminal of ours with a program in it."""

    place: Place
    arguments: tuple[str, ...]
    text: bytes = b""
    process: subprocess.Popen[bytes] = field(init=False)
    fd: int = field(init=False)

    def __post_init__(self) -> None:
        self.fd, theirs = os.openpty()
        self.size(80, 24)
        self.process = subprocess.Popen(
            self.place.command(*self.arguments),
            env={**self.place.env, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def size(self, cols: int, rows: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def until(self, wanted: bytes, times: int = 1) -> None:
        deadline = time.monotonic() + 90
        while self.text.count(wanted) < times:
            assert time.monotonic() < deadline, self.text
            if select.select([self.fd], [], [], 1)[0]:
                self.text += os.read(self.fd, 65536)

    def end(self) -> int:
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 65536):
                self.text += data
        code = self.process.wait(90)
        os.close(self.fd)
        return code


def test_a_shell_in_a_real_terminal(there: Place, project: str) -> None:
    shell = Terminal(there, ("exec", "-e", "PS1=go> ", project, "--", "bash", "--norc", "-i"))
    shell.until(b"go> ")
    shell.type("stty size; echo $TERM\n")
    shell.until(b"24 80\r\nxterm\r\n")
    shell.size(101, 37)
    shell.type("until test \"$(stty size)\" = '37 101'; do sleep 0.1; done; echo re''sized\n")
    shell.until(b"resized\r\n")
    shell.type(f"sleep {MARK}\n")
    wait_until(lambda: len(sleepers()) == 1)
    shell.type("\x03")
    wait_until(lambda: not sleepers())
    shell.until(b"go> ", 4)
    shell.type("exit 5\n")
    assert shell.end() == 5


def test_our_terminal_is_as_it_was_afterwards(there: Place, project: str) -> None:
    shell = Terminal(there, ("exec", project, "--", "true"))
    before = termios.tcgetattr(shell.fd)
    os.set_blocking(shell.fd, True)
    assert shell.process.wait(60) == 0
    assert termios.tcgetattr(shell.fd)[3] == before[3]
    os.close(shell.fd)


def test_the_daemon_goes_and_we_say_so(project: str) -> None:
    with place() as other:
        daemon = other.start()
        made = journeyman(other, "exec", "nobody", "true")
        assert made.returncode == 1
        assert b"There is no project" in made.stderr
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(90)


def test_files_are_listed_read_written_and_deleted(there: Place, project: str, tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_bytes(b"#!/bin/sh\necho hello\n")
    script.chmod(0o755)
    assert journeyman(there, "files", "put", project, str(script), "bin/run.sh").returncode == 0
    assert journeyman(there, "files", "put", project, "-", "big", given=b"\xff" * 5_000_000).returncode == 0
    refused = journeyman(there, "files", "put", project, str(script), "bin/run.sh")
    assert refused.returncode == 1
    assert b"already there" in refused.stderr
    assert journeyman(there, "exec", project, "bin/run.sh").stdout == b"hello\n"
    assert journeyman(there, "files", "cat", project, "big").stdout == b"\xff" * 5_000_000
    listed = journeyman(there, "files", "ls", project).stdout.decode().splitlines()
    assert [line.split("\t")[3] for line in listed] == ["big", "bin/"]
    assert b"not empty" in journeyman(there, "files", "rm", project, "bin").stderr
    assert journeyman(there, "files", "rm", "-r", project, "bin").returncode == 0
    assert b"no" in journeyman(there, "files", "cat", project, "bin/run.sh").stderr
