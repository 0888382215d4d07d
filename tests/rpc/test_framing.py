"""The decoder alone: any cutting of the bytes gives the same frames, and nothing is guessed."""

from __future__ import annotations

import random

import pytest

from journeyman.rpc.framing import Frame, FrameDecoder, FramingError, Header, Stage, encode
from journeyman.rpc.limits import Limits

LIMITS = Limits(header_bytes=200, frame_bytes=1000)


def decode(data: bytes, pieces: list[int] | None = None) -> list[Frame]:
    decoder = FrameDecoder(LIMITS)
    if pieces is None:
        return list(decoder.feed(data))
    frames: list[Frame] = []
    for begin, end in zip([0, *pieces], [*pieces, len(data)], strict=True):
        frames += decoder.feed(data[begin:end])
    return frames


GOOD = [
    ("plain", b"Content-Length: 2\r\n\r\n{}"),
    ("lower case", b"content-length: 2\r\n\r\n{}"),
    ("upper case", b"CONTENT-LENGTH: 2\r\n\r\n{}"),
    ("no space", b"Content-Length:2\r\n\r\n{}"),
    ("many spaces", b"Content-Length: \t 2 \r\n\r\n{}"),
    ("type first", b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"),
    ("type last", b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}"),
    ("unknown field", b"X-Thing: a:b\r\nContent-Length: 2\r\n\r\n{}"),
    ("same length twice", b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    ("leading zeros", b"Content-Length: 002\r\n\r\n{}"),
]


@pytest.mark.parametrize("data", [row[1] for row in GOOD], ids=[row[0] for row in GOOD])
def test_good_headers(data: bytes) -> None:
    assert [frame.body for frame in decode(data)] == [b"{}"]


BAD = [
    ("no length", b"X: 1\r\n\r\n{}", False),
    ("empty header", b"\r\n\r\n{}", False),
    ("negative", b"Content-Length: -2\r\n\r\n{}", False),
    ("plus", b"Content-Length: +2\r\n\r\n{}", False),
    ("hex", b"Content-Length: 0x2\r\n\r\n{}", False),
    ("underscore", b"Content-Length: 1_0\r\n\r\n{}", False),
    ("other digits", "Content-Length: ٢\r\n\r\n{}".encode(), False),
    ("float", b"Content-Length: 2.0\r\n\r\n{}", False),
    ("two lengths", b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", False),
    ("too large", b"Content-Length: 1001\r\n\r\n", False),
    ("absurd", b"Content-Length: 99999999999999999999\r\n\r\n", False),
    ("no colon", b"Content-Length 2\r\n\r\n{}", False),
    ("folded", b"Content-Length: 2\r\n more: x\r\n\r\n{}", False),
    ("header too long", b"X: " + b"a" * 300, False),
    ("header too long, ended", b"X: " + b"a" * 300 + b"\r\n\r\n", False),
    ("json line", b'{"jsonrpc":"2.0"}\n', False),
    ("get", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
    ("post", b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", True),
    ("http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", True),
]


@pytest.mark.parametrize(("data", "quiet"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_headers_end_the_stream(data: bytes, quiet: bool) -> None:
    decoder = FrameDecoder(LIMITS)
    with pytest.raises(FramingError) as caught:
        list(decoder.feed(data))
    assert caught.value.quiet is quiet
    assert list(decoder.feed(b"Content-Length: 2\r\n\r\n{}")) == []


def test_any_cut_gives_the_same_frames() -> None:
    dice = random.Random(7)
    bodies = [bytes(dice.randbytes(dice.randrange(0, 300))) for _ in range(40)]
    data = b"".join(encode(body) for body in bodies)
    for _ in range(200):
        cuts = sorted(dice.randrange(len(data)) for _ in range(dice.randrange(0, 60)))
        assert [frame.body for frame in decode(data, cuts)] == bodies


def test_the_header_is_seen_before_the_body() -> None:
    seen: list[Header] = []
    decoder = FrameDecoder(LIMITS, seen.append)
    assert list(decoder.feed(b"Authorization: Bearer t\r\nContent-Length: 5\r\n\r\n")) == []
    assert seen == [Header(5, "Bearer t")]
    assert decoder.stage is Stage.BODY


def test_what_on_header_raises_ends_the_stream() -> None:
    def refuse(header: Header) -> None:
        raise PermissionError

    decoder = FrameDecoder(LIMITS, refuse)
    with pytest.raises(PermissionError):
        list(decoder.feed(encode(b"{}")))
    assert list(decoder.feed(encode(b"{}"))) == []
