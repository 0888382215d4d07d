"""An editor as a process of its own, and three ways it may be connected when it is killed.

`direct`: it holds the pipes of `journeyman stdio` itself. `wrapper`: a program in between holds them, and
lives on. `tcp`: it is connected over TCP, and a child of its holds the socket, too. In the last two nothing
but `processId` tells the daemon that its client is dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from e2e.daemons import Place, alive, wait_until
from journeyman.client.connection import Client

ARRANGEMENTS = ("direct", "wrapper", "tcp")

_COMMON = """
import json, os, socket, subprocess, sys, time
def initialize(more=b""):
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
    return b"Content-Length: %d\\r\\n%b\\r\\n%b" % (len(body), more, body)
def answered(stream):
    length = 0
    while (line := stream.readline()) != b"\\r\\n":
        length = int(line.split(b":")[1])
    stream.read(length)
BRIDGE = [sys.executable, "-m", "journeyman", "stdio"]
"""
_DIRECT = """
bridge = subprocess.Popen(BRIDGE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
bridge.stdin.write(initialize())
bridge.stdin.flush()
answered(bridge.stdout)
print(json.dumps([bridge.pid]), flush=True)
time.sleep(600)
"""
_WRAPPER = """
code = (
    "import subprocess, sys\\n"
    "bridge = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)\\n"
    "sys.stderr.write(str(bridge.pid) + chr(10)); sys.stderr.flush()\\n"
    "bridge.stdin.write(sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))); bridge.stdin.flush()\\n"
    "bridge.wait()\\n"
)
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
wrapper = subprocess.Popen([sys.executable, "-c", code, *BRIDGE], start_new_session=True, **pipes)
said = initialize()
wrapper.stdin.write(b"%d\\n%b" % (len(said), said))
wrapper.stdin.flush()
bridge = int(wrapper.stderr.readline())
answered(wrapper.stdout)
print(json.dumps([wrapper.pid, bridge]), flush=True)
time.sleep(600)
"""
_TCP = """
token = open(os.environ["JOURNEYMAN_DATA_DIR"] + "/token").read().strip()
daemon = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
daemon.sendall(initialize(b"Authorization: Bearer %b\\r\\n" % token.encode()))
answered(daemon.makefile("rb"))
child = os.fork()
if child == 0:
    os.setsid()
    while daemon.recv(65536):
        pass
    os._exit(0)
print(json.dumps([child]), flush=True)
time.sleep(600)
"""
_SCRIPTS = {"direct": _DIRECT, "wrapper": _WRAPPER, "tcp": _TCP}


async def killed(where: Place, client: Client, arrangement: str, port: int) -> float:
    """An editor connects and is killed. Once nothing of it is left, the seconds that took."""

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _COMMON + _SCRIPTS[arrangement], str(port)]
        return subprocess.Popen(command, env=where.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def over(editor: subprocess.Popen[bytes], rest: list[int]) -> float:
        editor.kill()
        editor.wait()
        began = time.monotonic()
        wait_until(lambda: not any(alive(pid) for pid in rest))
        return time.monotonic() - began

    before = await _clients(client)
    editor = await asyncio.to_thread(start)
    assert editor.stdout is not None
    rest: list[int] = json.loads(await asyncio.to_thread(editor.stdout.readline))
    assert all(alive(pid) for pid in rest)
    assert await _clients(client) == before + 1
    await asyncio.to_thread(wait_until, lambda: _watched(where.pid(), editor.pid))
    seconds = await asyncio.to_thread(over, editor, rest)
    editor.stdout.close()
    async with asyncio.timeout(90):
        while True:
            if await _clients(client) == before:
                break
    return seconds


def _watched(daemon: int, pid: int) -> bool:
    """Whether the daemon would be told of the end of process `pid`."""
    for info in Path(f"/proc/{daemon}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if f"Pid:\t{pid}\n" in info.read_text():
                return True
    return False


async def _clients(client: Client) -> int:
    status: dict[str, Any] = await client.request("daemon/status")
    return int(status["clients"])
