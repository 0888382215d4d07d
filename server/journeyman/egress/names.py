"""Reading `host:port` as a stranger wrote it: one normal form, or a refusal.

What is compared with the list, resolved and dialled is the normal form and nothing else, so a spelling that
two programs could read in two ways is refused here. Nothing is looked up.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

import idna

NAME_MAX = 253
LABEL_MAX = 63
TEXT_MAX = 1024
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
_NEVER = frozenset("%@/\\?#<>^`{|}\"' ")
"""Never part of a host: escapes, user names, and what ends a host somewhere else."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreadable(Exception):  # noqa: N818 - it is a refusal
    """Not a host and a port in the one spelling that is taken. The message is safe to show."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A host in its normal form, and a port."""

    host: str
    """A name of at least two labels (lower case, ASCII, no dot at its end), or an address as `ipaddress`
    writes it."""
    port: int
    address: IPAddress | None = None
    """Set where the host is an address."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def authority(text: str, *, default_port: int | None = None) -> Authority:
    """`host:port`, `[address]:port`, and without the port where there is a default."""
    if len(text) > TEXT_MAX:
        raise Unreadable("The host is too long.")
    if any(char in _NEVER or unicodedata.category(char)[0] in "CZ" for char in text):
        raise Unreadable("The host holds characters that no host has.")
    host, colon, digits = text, "", ""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise Unreadable("The address is not closed by a bracket.")
        colon, digits = rest[:1], rest[1:]
    elif ":" in text:
        host, colon, digits = text.partition(":")
    if colon:
        port = _port(digits)
    elif default_port is not None:
        port = default_port
    else:
        raise Unreadable("The port is missing.")
    if text.startswith("["):
        return _literal(host, port)
    name = normal_name(host)
    if _NUMBER.match(name.rpartition(".")[2]):
        return _literal(name, port)
    if "." not in name:
        raise Unreadable("A host needs a domain; names of this machine or its network are not reached.")
    return Authority(name, port)


def normal_name(text: str) -> str:
    """A host name in lower case and ASCII (IDNA 2008 with the mapping of UTS 46), no dot at its end."""
    if text.isascii():
        mapped = text.lower()
    else:
        if any(not char.isascii() and unicodedata.category(char)[0] == "N" for char in text):
            raise Unreadable("The host holds digits of another script.")
        try:
            mapped = idna.uts46_remap(text, std3_rules=True, transitional=False)
        except (idna.IDNAError, UnicodeError):
            raise Unreadable("The host is not a name.") from None
    labels = mapped.removesuffix(".").split(".")
    name = ".".join(_label(label) for label in labels)
    if len(name) > NAME_MAX:
        raise Unreadable("The host is too long.")
    return name


def _label(label: str) -> str:
    plain = label
    if not label.isascii() or label.startswith("xn--"):
        try:
            plain = idna.alabel(idna.ulabel(label)).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise Unreadable("The host is not a name.") from None
        if label.isascii() and plain != label:
            raise Unreadable("The host is not in its normal form.")
    if len(plain) > LABEL_MAX or not _LABEL.match(plain):
        raise Unreadable("The host is not a name.")
    return plain


def _port(digits: str) -> int:
    if not _PORT.match(digits) or int(digits) > 65535:
        raise Unreadable("The port is not a number from 1 to 65535.")
    return int(digits)


def _literal(text: str, port: int) -> Authority:
    """Only what `ipaddress` takes: four decimal numbers without zeros before them, or an IPv6 address without
    a zone. Octal, hexadecimal and short forms mean different things to different programs."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Unreadable("The address is not in its normal form.") from None
    return Authority(str(address), port, address)
