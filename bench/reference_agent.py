"""`python bench/reference_agent.py URL PROMPT`: the least an agent can be, to measure ours beside.

A loop that asks the model, runs the command it is told in one bash that stays, and sends back what that
printed, with nothing but the standard library. It stores nothing, checks nothing, guards nothing and has no
sandbox. It must not know Journeyman, so that what it costs is what the machine costs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from typing import Any
from urllib.parse import urlsplit

MARK = "--8f1c7a--"
TERMINAL = {
    "type": "function",
    "function": {
        "name": "terminal",
        "description": "Run a command in a bash that stays open.",
        "parameters": {
            "type": "object",
            "properties": {"command": {"type": "string"}},
            "required": ["command"],
        },
    },
}
FIN = {
    "type": "function",
    "function": {
        "name": "fin",
        "description": "End the work.",
        "parameters": {
            "type": "object",
            "properties": {"summary": {"type": "string"}},
            "required": ["summary"],
        },
    },
}


async def main(url: str, prompt: str) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    shell = await asyncio.create_subprocess_exec("bash", stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You work in a shell, one command at a time."},
        {"role": "user", "content": prompt},
    ]
    while True:
        call = await asked(reader, writer, f"{address.path}/chat/completions", messages)
        if call["function"]["name"] == "fin":
            break
        said = await ran(shell, json.loads(call["function"]["arguments"])["command"])
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": said})
    writer.close()
    shell.terminate()
    await shell.wait()


async def asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, messages: list[dict[str, Any]]
) -> dict[str, Any]:
    """The tool call the model answers with."""
    request = {"model": "instant", "messages": messages, "tools": [TERMINAL, FIN], "stream": True}
    body = json.dumps(request).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: provider\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in answer.splitlines() if line.startswith(b"Content-Length")
    )
    call: dict[str, Any] = {}
    for line in (await reader.readexactly(length)).splitlines():
        if line.startswith(b"data: {"):
            for piece in json.loads(line[6:])["choices"][0]["delta"].get("tool_calls", []):
                call = piece
    return call


async def ran(shell: asyncio.subprocess.Process, command: str) -> str:
    """What the command printed, and how it ended."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{command}\necho {MARK} $?\n".encode())
    said: list[str] = []
    while not (line := (await shell.stdout.readline()).decode()).startswith(MARK):
        said.append(line)
    return "".join(said) + f"exit {line.split()[1]}"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
