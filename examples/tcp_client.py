"""A client in thirty lines, with nothing but the standard library: JSON-RPC over TCP.

journeyman serve --tcp 127.0.0.1:7464
python3 tcp_client.py 127.0.0.1:7464 TOKEN_FILE "Write hello.py and run it" [MODEL]
"""

import json
import pathlib
import socket
import sys


def send(message, **fields):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    head = "".join(f"{name}: {text}\r\n" for name, text in {"Content-Length": len(body), **fields}.items())
    stream.write(head.encode() + b"\r\n" + body)
    stream.flush()


def receive():
    length = 0
    while line := stream.readline().strip():
        name, _, text = line.partition(b":")
        length = int(text) if name.lower() == b"content-length" else length
    return json.loads(stream.read(length))


def call(ident, method, params, **fields):
    """Send a request; print events until its answer comes."""
    send({"id": ident, "method": method, "params": params}, **fields)
    while (message := receive()).get("id") != ident or "method" in message:
        if message.get("method") == "agent/event" and message["params"]["durable"]:
            print(message["params"]["seq"], message["params"]["kind"])
    return message["result"] if "result" in message else sys.exit(message["error"]["message"])


host, _, port = sys.argv[1].rpartition(":")
token = pathlib.Path(sys.argv[2]).read_text().strip()
stream = socket.create_connection((host, int(port)), timeout=600).makefile("rwb")
call(
    1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}, Authorization=f"Bearer {token}"
)
send({"method": "initialized", "params": {}})
project = call(2, "project/create", {"name": "example"})
chat = call(3, "chat/create", {"projectId": project["id"]})
call(4, "agent/subscribe", {"chatId": chat["id"], "after": "start"})
model = {"model": sys.argv[4]} if len(sys.argv) > 4 else {}
run = call(5, "agent/run", {"chatId": chat["id"], "prompt": sys.argv[3], **model})
print(run["status"], "-", run["summary"])
