"""100,000 generated hosts through the proxy: what is dialled is what was decided, and nothing else.

The oracle knows nothing of the code: by the time a host comes from the proxy's socket it is ASCII, so a
host is allowed exactly when it is spelled like one of a small set of strings, and what is dialled must be
that string.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import random
import re

import h11

from journeyman.egress.heads import Asked
from journeyman.egress.policy import Policy, policy_of
from journeyman.egress.proxy import Limits
from unit.egress.streams import PUBLIC, Outside, pair, proxy

COUNT = int(os.environ.get("JOURNEYMAN_TEST_HOSTS", "100000"))
SEED = int(os.environ.get("JOURNEYMAN_TEST_SEED", str(random.randrange(2**32))))
LISTED = ("pypi.org", "xn--bcher-kva.example", "mirror.example.org:8443", "*.example.com")
EXACT = {
    ("pypi.org", 443),
    ("pypi.org", 80),
    ("xn--bcher-kva.example", 443),
    ("xn--bcher-kva.example", 80),
    ("mirror.example.org", 8443),
}
BELOW = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com")
"""What the wildcard allows; a label that begins with xn-- must be punycode besides."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ANYWHERE = re.compile(rf"(?:{_LABEL}\.)+(?!(?:[0-9]+|0x[0-9a-f]*)\Z){_LABEL}")
"""A name whose last label cannot be read as a number."""
PARTS = (
    "pypi", "org", "example", "com", "mirror", "evil", "xn--bcher-kva", "xn--0", "xn--pypi-9na", "a", "0",
    "127", "0x7f", "0177", "1", "localhost", "169", "254", "8", "metadata", "PYPI", "Org", "a-b", "-a", "a-",
    "a" * 63, "a" * 64, "", "r3---sn",
)  # fmt: skip
WHOLE = (
    "pypi.org", "PyPI.org", "xn--bcher-kva.example", "mirror.example.org", "a.example.com", "x.y.example.com",
    "example.com", "evil-pypi.org", "pypi.org.evil.com", "notexample.com", "127.0.0.1", "2130706433", "[::1]",
    "[::ffff:127.0.0.1]", "[2606:4700::1111]", "8.8.8.8", "0x7f.1",
)  # fmt: skip
JUNK = [chr(code) for code in range(33, 127)] + [
    "%00",
    "%2e",
    "%25",
    "..",
    "@",
    ":",
    "[",
    "]",
    "\\",
    "/",
    "_",
]
REQUEST = h11.Request(method="CONNECT", target="x", headers=[("Host", "x")])
PORTS = ("443", "80", "8443", "22", "0", "65536", "0443", "+80", "", "443:80", "44 3", "4e2", "1", "65535")


def host(dice: random.Random) -> str:
    kind = dice.random()
    text = dice.choice(WHOLE) if kind < 0.5 else ".".join(dice.choices(PARTS, k=dice.randint(1, 5)))
    for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
        at = dice.randint(0, len(text))
        change = dice.random()
        if change < 0.4:
            text = text[:at] + dice.choice(JUNK) + text[at:]
        elif change < 0.6:
            text = text[:at] + text[at + 1 :]
        elif change < 0.8:
            text = text[:at] + text[at:].swapcase()
        else:
            text += "."
    return text


def expected(text: str, port: str) -> tuple[str, int] | None:
    """The only thing that may be dialled for this, by the spelling alone."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        return None
    name, number = text.lower().removesuffix("."), int(port)
    if len(name) > 253:
        return None
    below = BELOW.fullmatch(name) is not None and number in (80, 443)
    return (name, number) if (name, number) in EXACT or below else None


def punycode(name: str) -> bool:
    return any(label.startswith("xn--") for label in name.split("."))


async def dialled(
    text: str, port: str, plain: bool, policy: Policy, *, whole: bool = True
) -> tuple[str, int] | None:
    """Through the proxy from the first byte on, or, to be fast, from the decision on."""
    outside = Outside()
    asked_for = f"{text}:{port}" if port or not plain else text
    if whole:
        await _serve(asked_for, plain, policy, outside)
    else:
        await proxy(outside, policy).open(Asked(asked_for, None, None, REQUEST))
    if not outside.dialled:
        assert outside.resolved == []
        return None
    [(addresses, number)] = outside.dialled
    [name] = outside.resolved
    assert addresses in ((PUBLIC,), (name,))
    if plain:
        sent = await outside.servers[0].rest()
        told = name if number == 80 else f"{name}:{number}"
        assert f"\r\nHost: {told}\r\n".encode() in sent, (text, port)
        assert sent.count(b"Host:") == 1
    return name, number


async def _serve(asked_for: str, plain: bool, policy: Policy, outside: Outside) -> None:
    inside, program = pair()
    start = f"GET http://{asked_for}/x HTTP/1.1" if plain else f"CONNECT {asked_for} HTTP/1.1"
    await program.send(f"{start}\r\nHost: pypi.org\r\n\r\n".encode())
    program.end()
    async with asyncio.TaskGroup() as group:
        work = group.create_task(proxy(outside, policy, limits=Limits(linger_s=60)).serve(inside))
        work.add_done_callback(lambda _: outside.arrived.set())
        await outside.arrived.wait()
        for server in outside.servers:
            server.end()
    if not outside.dialled:
        said = await program.receive() or b""
        assert said.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 ")), (asked_for, said)


async def generated(count: int, seed: int, *, whole_every: int) -> None:
    """`count` hosts, every `whole_every`-th through the whole proxy."""
    dice = random.Random(seed)
    policy, everything = policy_of("allowlist", LISTED), policy_of("open", ())
    reached = 0
    for number in range(count):
        whole = number % whole_every == 0
        text, port = host(dice), dice.choice((*PORTS[:3], dice.choice(PORTS)))
        plain = whole and dice.random() < 0.3
        want = wanted(text, port, plain)
        got = await dialled(text, port, plain, policy, whole=whole)
        if want is not None and punycode(want[0]) and want not in EXACT:
            assert got in (want, None), (text, port, plain)
        else:
            assert got == want, (text, port, plain)
        reached += got is not None
        if not plain and number % 10 == 0:
            check_open(text, port, await dialled(text, port, False, everything, whole=whole))
    assert count / 20 < reached < count / 2, "a generator that makes one kind of host shows nothing"


def wanted(text: str, port: str, plain: bool) -> tuple[str, int] | None:
    if plain and (ended := re.search(r"[/?]", text)):  # the path begins there
        before, colon, number = text[: ended.start()].partition(":")
        return expected(before, number if colon else "80")
    if plain and not port:
        before, colon, number = text.partition(":")
        return expected(before, number if colon else "80")
    return expected(text, port)


def check_open(text: str, port: str, got: tuple[str, int] | None) -> None:
    name = text.lower().removesuffix(".")
    if got is not None and ANYWHERE.fullmatch(got[0]):
        assert got == (name, int(port)), (text, port)
    elif got is not None:
        assert ipaddress.ip_address(got[0]).is_global, (text, port)
    elif ANYWHERE.fullmatch(name) and len(name) <= 253 and not punycode(name):
        assert not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535, (text, port)


async def test_what_is_dialled_is_what_was_decided() -> None:
    print(f"\nJOURNEYMAN_TEST_SEED={SEED} JOURNEYMAN_TEST_HOSTS={COUNT}")
    await generated(COUNT, SEED, whole_every=20)
