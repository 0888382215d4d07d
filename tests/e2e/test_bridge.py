"""`journeyman stdio`: starts the daemon, passes bytes, ends with either side."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from typing import Any

import pytest

from e2e.daemons import Place, alive, place, wait_until
from journeyman import bridge

INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


@pytest.fixture
def here() -> Generator[Place]:
    with place() as found:
        yield found


class Editor:
    """The other end of a bridge's pipes."""

    def __init__(self, here: Place) -> None:
        self.process = subprocess.Popen(
            here.command("stdio"),
            env=here.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr

    def send(self, method: str, params: Any = None, ident: int | None = None) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if ident is not None:
            message["id"] = ident
        body = json.dumps(message).encode()
        self.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.stdin.flush()

    def read(self) -> dict[str, Any]:
        length = 0
        while (line := self.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name == b"Content-Length":
                length = int(value)
        assert length, self.stderr.read().decode()
        return json.loads(self.stdout.read(length))

    def ask(self, method: str, params: Any = None) -> Any:
        self.send(method, params, ident=1)
        return self.read()["result"]

    def end(self) -> int:
        code = self.process.wait(90)
        for pipe in (self.stdin, self.stdout, self.stderr):
            pipe.close()
        return code


def test_importing_the_bridge_imports_nothing_heavy() -> None:
    look = "import sys, journeyman.bridge; print(sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    heavy = ("asyncio", "pydantic", "pygls", "lsprotocol", "typer", "ssl", "json", "logging.handlers")
    assert [name for name in heavy if f"'{name}'" in found] == []


def test_a_whole_conversation(here: Place) -> None:
    editor = Editor(here)
    answer = editor.ask("initialize", {**INITIALIZE, "processId": os.getpid()})
    assert "journeyman" in answer["capabilities"]["experimental"]
    editor.send("initialized")
    assert editor.ask("project/list") == {"items": []}
    assert editor.ask("shutdown") is None
    editor.send("exit")
    assert editor.end() == 0
    assert alive(here.pid())


def test_the_rest_is_read_after_stdin_ends(here: Place) -> None:
    editor = Editor(here)
    editor.send("initialize", INITIALIZE, ident=1)
    editor.send("daemon/ping", ident=2)
    editor.stdin.close()
    assert [editor.read()["id"], editor.read()["id"]] == [1, 2]
    assert editor.end() == 0


def test_a_daemon_that_dies_ends_the_bridge(here: Place) -> None:
    editor = Editor(here)
    editor.ask("initialize", INITIALIZE)
    os.kill(here.pid(), signal.SIGKILL)
    assert editor.process.wait(90) == 1
    assert b"closed the connection" in editor.stderr.read()
    editor.end()
    again = Editor(here)
    assert "capabilities" in again.ask("initialize", INITIALIZE)
    again.stdin.close()
    again.end()


def test_a_daemon_that_cannot_start_says_why() -> None:
    with place(JOURNEYMAN_LOG_LEVEL="shouting") as here:
        editor = Editor(here)
        assert editor.process.wait(90) == 1
        said = editor.stderr.read().decode()
        assert "log_level" in said
        assert "doctor" in said
        editor.end()


def test_many_bridges_at_once_start_one_daemon(here: Place) -> None:
    editors = [Editor(here) for _ in range(6)]
    for editor in editors:
        editor.send("initialize", INITIALIZE, ident=1)
    for editor in editors:
        assert "result" in editor.read()
    pids = {editor.ask("daemon/status")["pid"] for editor in editors}
    assert len(pids) == 1
    for editor in editors:
        editor.stdin.close()
        assert editor.end() == 0


def test_an_editor_that_is_killed_leaves_no_bridge_and_no_connection(here: Place) -> None:
    script = (
        "import subprocess, sys, time\n"
        "bridge = subprocess.Popen([sys.executable, '-m', 'journeyman', 'stdio'], stdin=subprocess.PIPE)\n"
        "print(bridge.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    other = Editor(here)
    other.ask("initialize", INITIALIZE)
    editor = subprocess.Popen([sys.executable, "-c", script], env=here.env, stdout=subprocess.PIPE)
    assert editor.stdout
    pid = int(editor.stdout.readline())
    wait_until(lambda: other.ask("daemon/status")["clients"] == 2)
    editor.kill()
    editor.wait()
    editor.stdout.close()
    wait_until(lambda: not alive(pid))
    wait_until(lambda: other.ask("daemon/status")["clients"] == 1)
    other.stdin.close()
    other.end()


def test_the_daemon_leaves_when_nobody_needs_it() -> None:
    with place(JOURNEYMAN_IDLE_EXIT_S="3") as here:
        editor = Editor(here)
        editor.ask("initialize", INITIALIZE)
        pid = here.pid()
        editor.stdin.close()
        assert editor.end() == 0
        wait_until(lambda: not alive(pid))
        assert "no client, no run and no preview" in here.log


def test_a_second_daemon_on_the_same_data_is_refused(here: Place) -> None:
    first = here.start()
    second = subprocess.run(here.command("serve"), env=here.env, capture_output=True, timeout=60)
    assert second.returncode != 0
    assert str(here.pid()) in (second.stderr + second.stdout).decode()
    assert "Traceback" not in (second.stderr + second.stdout).decode()
    first.terminate()
    assert first.wait(90) == 0
    assert first.stdout
    assert first.stdout.read() == b""
    first.stdout.close()


def test_megabytes_pass_both_ways_unchanged() -> None:
    ours, theirs = socket.socketpair()
    to_bridge, from_editor = os.pipe()
    to_editor, from_bridge = os.pipe()
    data = os.urandom(3_000_000)
    got: list[bytes] = []

    def echo() -> None:
        while piece := theirs.recv(10_000):
            theirs.sendall(piece)
        theirs.close()

    def feed() -> None:
        with os.fdopen(from_editor, "wb") as pipe:
            pipe.write(data)

    def collect() -> None:
        with os.fdopen(to_editor, "rb") as pipe:
            got.append(pipe.read())

    threads = [threading.Thread(target=each) for each in (echo, feed, collect)]
    for thread in threads:
        thread.start()
    assert bridge.pump(to_bridge, from_bridge, ours) == 0
    os.close(from_bridge)
    os.close(to_bridge)
    ours.close()
    for thread in threads:
        thread.join(30)
    assert got == [data]
