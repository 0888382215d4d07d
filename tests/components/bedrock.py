"""Amazon Bedrock's `converse-stream` as far as a test needs it: binary events around what a model says."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from components.provider import Reply

Json = dict[str, Any]
HEADER_STRING = 7


def thought(words: str, signature: str) -> list[Json]:
    told = [{"reasoningContent": {"text": words}}, {"reasoningContent": {"signature": signature}}]
    return [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": delta}} for delta in told]


def tool(ident: str, name: str) -> list[Json]:
    start = {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": ident, "name": name}}}
    delta = {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}
    return [
        {"contentBlockStart": start},
        {"contentBlockDelta": delta},
        {"contentBlockStop": {"contentBlockIndex": 1}},
    ]


def said(*events: Json) -> Reply:
    ending = {"messageStop": {"stopReason": "tool_use"}}
    usage = {"metadata": {"usage": {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12}, "metrics": {}}}
    data = b"".join(map(_event, [{"messageStart": {"role": "assistant"}}, *events, ending, usage]))
    return Reply(headers={"Content-Type": "application/vnd.amazon.eventstream"}, pieces=(data,))


def _event(event: Json) -> bytes:
    """Lengths, headers and payload, each part with its checksum (AWS, "Event stream encoding")."""
    (kind, payload), *_ = event.items()
    names = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(_header(name, value) for name, value in names.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return (
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", HEADER_STRING, len(value))
        + value.encode()
    )
