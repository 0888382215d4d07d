"""Two clients watch one chat, over TCP and over stdio. The second is killed in the middle of a run,
comes back, asks for what happened after its last sequence number, and has missed nothing.

    python3 two_clients.py

Starts a daemon of its own in a temporary directory and ends it. The model's words are a recording.
Exit code 0 when both clients hold the same events, none missing and none twice.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
JOURNEYMAN = [sys.executable, "-m", "journeyman"]
KILL_AFTER = 8
"""Events the second client has seen when it is killed."""


class Client:
    """JSON-RPC with LSP framing over any pair of binary streams."""

    def __init__(self, name, reader, writer, **fields):
        self.name, self.reader, self.writer = name, reader, writer
        self.seen, self.epoch, self.ident = [], None, 0
        self.call("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, **fields)
        self.send({"method": "initialized", "params": {}})

    def send(self, message, **fields):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        head = "".join(
            f"{name}: {text}\r\n" for name, text in {"Content-Length": len(body), **fields}.items()
        )
        self.writer.write(head.encode() + b"\r\n" + body)
        self.writer.flush()

    def receive(self):
        """The next message; events are remembered on the way."""
        length = 0
        while line := self.reader.readline().strip():
            name, _, text = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(text)
        if not length:
            sys.exit(f"{self.name}: the connection ended")
        message = json.loads(self.reader.read(length))
        if message.get("method") == "agent/event" and message["params"]["durable"]:
            event = message["params"]
            self.epoch = event["epoch"]
            self.seen.append((event["seq"], event["kind"], json.dumps(event["data"], sort_keys=True)))
        return message

    def call(self, method, params, **fields):
        self.ident += 1
        self.send({"id": self.ident, "method": method, "params": params}, **fields)
        while True:
            message = self.receive()
            if message.get("id") == self.ident and "method" not in message:
                return message["result"] if "result" in message else sys.exit(message["error"]["message"])

    def follow(self, *, until):
        while not until(self.seen):
            self.receive()


def over_stdio(environment):
    process = subprocess.Popen(
        [*JOURNEYMAN, "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    return process, Client("stdio", process.stdout, process.stdin)


def over_tcp(port, token):
    stream = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rwb")
    return Client("tcp", stream, stream, Authorization=f"Bearer {token}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(ready, daemon):
    deadline = time.monotonic() + 30
    while not ready():
        if daemon.poll() is not None or time.monotonic() > deadline:
            sys.exit("the daemon did not start")
        time.sleep(0.05)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def finished(seen):
    return bool(seen) and seen[-1][1] == "run/finished"


def main():
    with tempfile.TemporaryDirectory(prefix="journeyman-two-") as folder:
        place, port = Path(folder), free_port()
        environment = {
            **os.environ,
            "JOURNEYMAN_DATA_DIR": str(place / "data"),
            "JOURNEYMAN_RUNTIME_DIR": str(place / "run"),
            "JOURNEYMAN_CONFIG": str(place / "config.toml"),
        }
        daemon = subprocess.Popen(
            [*JOURNEYMAN, "serve", "--tcp", f"127.0.0.1:{port}"], env=environment, stdin=subprocess.DEVNULL
        )
        try:
            wait_for(lambda: listens(port), daemon)
            return demonstrate(environment, port, (place / "data" / "token").read_text().strip())
        finally:
            daemon.terminate()
            daemon.wait(30)


def demonstrate(environment, port, token):
    first = over_tcp(port, token)
    bridge, second = over_stdio(environment)
    project = first.call("project/create", {"name": "wordcount", "source": "folder"})
    files = [
        {"path": str(path.relative_to(HERE / "wordcount")), "content": base64(path)}
        for path in sorted((HERE / "wordcount").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    first.call("workspace/import", {"projectId": project["id"], "files": files})
    chat = first.call("chat/create", {"projectId": project["id"]})["id"]
    for client in (first, second):
        client.call("agent/subscribe", {"chatId": chat, "after": "start"})
    recording = HERE / "recordings" / "wordcount.jsonl"
    run = {"chatId": chat, "prompt": "Repair the failing tests.", "model": f"replay/{recording}"}
    first.call("agent/run", {**run, "wait": "accepted"})
    print("two clients, one over TCP and one over stdio, watch the same chat")

    second.follow(until=lambda seen: len(seen) >= KILL_AFTER)
    bridge.kill()
    bridge.wait()
    last = second.seen[-1][0]
    print(f"the stdio client was killed after event {last}; the run goes on")

    first.follow(until=lambda seen: len(seen) >= KILL_AFTER + 10)
    bridge, back = over_stdio(environment)
    place = {"epoch": second.epoch, "seq": last}
    answer = back.call("agent/subscribe", {"chatId": chat, "after": place})
    print(f"it is back, asked for what came after {last}, and the log is at {answer['head']}")
    for client in (first, back):
        client.follow(until=finished)
    bridge.terminate()
    bridge.wait()

    whole, pieced = first.seen, second.seen + back.seen
    numbers = [seq for seq, _, _ in pieced]
    print(f"the TCP client saw {len(whole)} events; the other {len(second.seen)} and then {len(back.seen)}")
    if pieced != whole or numbers != list(range(1, len(whole) + 1)) or "gap" in answer:
        print(f"they differ: {numbers}")
        return 1
    print("both hold the same events in the same order: nothing missing, nothing twice")
    return 0


def base64(path):
    from base64 import b64encode

    return b64encode(path.read_bytes()).decode()


if __name__ == "__main__":
    sys.exit(main())
