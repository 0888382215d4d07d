"""Who is let in to a preview."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.adapters.preview.door import Door, Moved, Passed, Refused
from journeyman.adapters.preview.headers import Headers, end_to_end, request
from journeyman.ports.gateway import Secrets

TOKEN, COOKIE = "T" * 43, "C" * 43
DOOR = Door(4711, Secrets(TOKEN, COOKIE))
HOST = (b"Host", b"127.0.0.1:4711")
SHOWN = (b"Cookie", b"journeyman-preview-4711=" + COOKIE.encode())
LINK = b"/?token=" + TOKEN.encode()


@pytest.mark.parametrize(
    "host",
    [
        [],
        [(b"Host", b"")],
        [(b"Host", b"127.0.0.1")],
        [(b"Host", b"127.0.0.1:4712")],
        [(b"Host", b"evil.example:4711")],
        [(b"Host", b"127.0.0.1:4711.evil.example")],
        [(b"Host", b"localhost.evil.example:4711")],
        [(b"Host", b"[::1]:4711")],
        [(b"Host", b"0.0.0.0:4711")],
        [(b"Host", b"127.1:4711")],
        [(b"Host", b"user@127.0.0.1:4711")],
        [HOST, HOST],
        [HOST, (b"host", b"evil.example")],
    ],
)
def test_only_our_own_name_is_answered_whatever_else_is_shown(host: Headers) -> None:
    got = DOOR.admit(b"GET", LINK, [*host, SHOWN])
    assert isinstance(got, Refused)
    assert (got.status, "127.0.0.1 or localhost" in got.text) == (403, True)


@pytest.mark.parametrize("host", [b"127.0.0.1:4711", b"localhost:4711", b"LocalHost:4711"])
def test_the_link_is_exchanged_for_a_cookie(host: bytes) -> None:
    got = DOOR.admit(b"GET", b"/a?x=1&token=" + TOKEN.encode() + b"&y=2", [(b"Host", host)])
    assert got == Moved(
        b"http://" + host + b"/a?x=1&y=2",
        b"journeyman-preview-4711=" + COOKIE.encode() + b"; Path=/; HttpOnly; SameSite=Strict",
    )


def test_the_exchange_leads_nowhere_else() -> None:
    for path in (b"//evil.example/", b"/\\evil.example/", b"/%2F/evil.example"):
        got = DOOR.admit(b"GET", path + b"?token=" + TOKEN.encode(), [HOST])
        assert got == Moved(b"http://127.0.0.1:4711" + path, got.cookie if isinstance(got, Moved) else b"")


@pytest.mark.parametrize(
    ("target", "more"),
    [
        (b"/", []),
        (b"/?token=", []),
        (b"/?token=" + b"t" * 43, []),
        (b"/?token=" + TOKEN.encode()[:-1], []),
        (b"/?token=" + TOKEN.encode() + b"x", []),
        (b"/?tokens=" + TOKEN.encode(), []),
        (b"/#token=" + TOKEN.encode(), []),
        (b"/?token=" + COOKIE.encode(), []),
        (b"/", [(b"Cookie", b"journeyman-preview-4711=" + TOKEN.encode())]),
        (b"/", [(b"Cookie", b"journeyman-preview-4712=" + COOKIE.encode())]),
        (b"/", [(b"Cookie", b"journeyman-preview-4711=")]),
        (b"/", [(b"Cookie", b"a=" + COOKIE.encode())]),
        (b"/", [(b"Authorization", b"Bearer " + TOKEN.encode())]),
        (b"/", [(b"Referer", b"http://127.0.0.1:4711" + LINK)]),
    ],
)
def test_without_token_and_cookie_nothing_is_said_but_how_to_get_in(target: bytes, more: Headers) -> None:
    for method in (b"GET", b"POST", b"OPTIONS", b"CONNECT"):
        got = DOOR.admit(method, target, [HOST, *more])
        assert isinstance(got, Refused)
        assert (got.status, got.text.count(".")) == (403, 1)


@pytest.mark.parametrize("target", [b"http://evil.example/", b"evil.example:443", b"*", b"", b"?a"])
def test_a_preview_is_no_proxy(target: bytes) -> None:
    assert DOOR.admit(b"GET", target, [HOST, SHOWN]) == Refused(400, DOOR_SAYS)


DOOR_SAYS = "A preview takes paths of its own, and no other servers' addresses."


def test_programs_see_neither_token_nor_cookie() -> None:
    headers = [
        HOST,
        (b"Cookie", b"a=1; journeyman-preview-4711=%s; b=2" % COOKIE.encode()),
        (b"Cookie", b"journeyman-preview-99=other"),
        (b"Referer", b"http://127.0.0.1:4711" + LINK),
        (b"X-Kept", b"yes"),
    ]
    got = DOOR.admit(b"POST", b"/x?token=" + TOKEN.encode(), headers)
    assert got == Passed(b"/x", [HOST, (b"Cookie", b"a=1; b=2"), (b"X-Kept", b"yes")])
    for path in (b"/" + TOKEN.encode(), b"/a?b=" + COOKIE.encode(), b"/%54" + TOKEN.encode()[1:]):
        misplaced = DOOR.admit(b"GET", path, [HOST, SHOWN])
        assert isinstance(misplaced, Refused)
        assert misplaced.status == 400


def test_a_programs_own_token_is_its_own() -> None:
    got = DOOR.admit(b"GET", b"/lab?token=abc&x", [HOST, SHOWN])
    assert got == Passed(b"/lab?token=abc&x", [HOST])


def test_a_link_on_another_sites_page_leads_in_by_a_page_of_ours() -> None:
    led = DOOR.admit(b"GET", LINK, [HOST, (b"Sec-Fetch-Site", b"cross-site")])
    typed = DOOR.admit(b"GET", LINK, [HOST, (b"Sec-Fetch-Site", b"none")])
    assert isinstance(led, Moved)
    assert isinstance(typed, Moved)
    assert (led.by_page, typed.by_page, led.location) == (True, False, typed.location)


def test_a_web_socket_is_not_sent_elsewhere() -> None:
    upgrade = [(b"Connection", b"keep-alive, Upgrade"), (b"Upgrade", b"websocket")]
    assert DOOR.admit(b"GET", LINK, [HOST, *upgrade]) == Passed(b"/", [HOST, *upgrade])


def test_programs_cannot_give_cookies_of_ours() -> None:
    kept = [(b"Set-Cookie", b"a=1"), (b"X", b"journeyman-preview-4711=x")]
    ours = [(b"Set-Cookie", b"journeyman-preview-4711=x"), (b"set-cookie", b" Journeyman-Preview-1=")]
    assert DOOR.outgoing([*kept, *ours]) == kept


def test_only_web_sockets_may_change_the_protocol() -> None:
    other = [(b"Connection", b"Upgrade, HTTP2-Settings"), (b"Upgrade", b"h2c"), (b"HTTP2-Settings", b"AA")]
    assert request(other) == [(b"Connection", b"close")]
    assert request([(b"Connection", b"Upgrade"), (b"Upgrade", b"h2c, WebSocket")]) == [
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
    ]
    assert request([(b"Upgrade", b"websocket")]) == [(b"Connection", b"close")]


def test_what_is_between_two_neighbours_stays_there() -> None:
    headers = [
        (b"Connection", b"close, X-Mine"),
        (b"X-Mine", b"1"),
        (b"TE", b"trailers"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Content-Length", b"5"),
        (b"X-Theirs", b"2"),
    ]
    assert end_to_end(headers) == [(b"X-Theirs", b"2")]
    assert request(headers) == [
        (b"X-Theirs", b"2"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Connection", b"close"),
    ]


words = st.binary(max_size=40)


@given(target=words, cookie=words, host=st.sampled_from([b"127.0.0.1:4711", b"evil.example"]) | words)
def test_whatever_is_said_only_the_secrets_let_in(target: bytes, cookie: bytes, host: bytes) -> None:
    got = DOOR.admit(b"GET", b"/" + target, [(b"Host", host), (b"Cookie", cookie)])
    assert isinstance(got, Refused)
