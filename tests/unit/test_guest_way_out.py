"""The guest's end of the proxy by itself: what it says where nobody answers, and how many it lets wait."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

import pytest

from journeyman.guest.inside import way_out
from journeyman.guest.inside.channels import Channel
from journeyman.guest.inside.pool import Pool
from journeyman.guest.inside.tunnel import Tunnels
from journeyman.guest.inside.way_out import WayOut
from journeyman.guest.inside.wire import NOTE, RESULT, Refusal

HEAD = b"CONNECT pypi.org:443 HTTP/1.1\r\n\r\n"


class Frames:
    """Implements the guest's `Sender`."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int, object]] = []

    def send(
        self, channel: int, kind: int, payload: bytes | memoryview = b"", lent: Sequence[int] = ()
    ) -> None:
        self.sent.append((channel, kind, payload))

    def answer(self, channel: Channel, kind: int, answer: dict[str, object]) -> None:
        self.sent.append((channel.ident, kind, answer))


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[WayOut]:
    monkeypatch.setattr(way_out, "WAIT_S", 0.05)
    monkeypatch.setattr(way_out, "WAITING_MAX", 3)
    pool = Pool()
    made = WayOut(Tunnels(pool), pool)
    made.start()
    yield made
    made._listener.close()


def answer(sock: socket.socket) -> bytes:
    sock.settimeout(10)
    got = b""
    while data := sock.recv(65536):
        got += data
    sock.close()
    return got


def asking(proxy: WayOut) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", proxy.port))
    sock.sendall(HEAD)
    return sock


def test_where_nobody_answers_it_says_so(proxy: WayOut) -> None:
    said = answer(asking(proxy))
    assert said.startswith(b"HTTP/1.1 503 Nobody is there to answer for the workspace\r\n")
    assert b"Retry-After: 5\r\n" in said
    assert proxy._waiting == {}


def test_only_so_many_wait(proxy: WayOut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_out, "WAIT_S", 600)
    waiting = [asking(proxy) for _ in range(3)]
    assert answer(asking(proxy)).startswith(b"HTTP/1.1 503 The workspace has too many connections open\r\n")
    for sock in waiting:
        sock.close()


def test_the_one_that_came_last_is_told(proxy: WayOut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_out, "WAIT_S", 600)
    one, two = Frames(), Frames()
    first, second = Channel(one, 1), Channel(two, 2)
    proxy.hold(first, {}, b"")
    proxy.hold(second, {}, b"")
    assert one.sent[-1] == (1, RESULT, {})
    ended = len(one.sent)
    sock = asking(proxy)
    while not any(b"connection" in bytes(payload) for _, kind, payload in two.sent if kind == NOTE):  # type: ignore[arg-type]
        pass
    assert len(one.sent) == ended
    with pytest.raises(Refusal):
        proxy.take(Channel(two, 3), {"connection": 99}, b"")
    second.drop()
    assert two.sent[-1] == (2, RESULT, {})
    third = Frames()
    proxy.hold(Channel(third, 4), {}, b"")
    assert any(b"connection" in bytes(payload) for _, kind, payload in third.sent if kind == NOTE)  # type: ignore[arg-type]
    sock.close()
