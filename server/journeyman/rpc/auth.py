"""Who may talk to the daemon. A gate per connection says so before anything of the peer's is believed.

A Unix socket is guarded by its directory and by the peer's uid (`transport`). Over TCP a peer shows the
daemon's token: in an `Authorization: Bearer` field of its first frame, before any JSON is parsed; or,
where the operator allows it, in `initialize`, which is then the only frame that is parsed, at most 64 KiB.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import Protocol

from journeyman.failures import Failure
from journeyman.redaction import register_secret
from journeyman.rpc.framing import Header
from journeyman.rpc.limits import Limits

TOKEN_BYTES = 32


class Unauthorized(Exception):  # noqa: N818 - a refusal, not a fault
    """The peer has not shown the token. The message is for people and says nothing about the token."""


class Gate(Protocol):
    @property
    def open(self) -> bool:
        """Whether the peer has been let in."""
        ...

    @property
    def takes_messages(self) -> bool:
        """Whether a token may come inside a message: the only way of a protocol without header fields."""
        ...

    def header(self, header: Header) -> None:
        """Sees each frame's header before its body; raises `Unauthorized`."""
        ...

    def initialize(self, token: str | None) -> None:
        """Sees the token of the `initialize` frame; raises `Unauthorized`."""
        ...


class OpenGate:
    """For connections whose peer the operating system vouches for."""

    open = True
    takes_messages = True

    def header(self, header: Header) -> None:
        pass

    def initialize(self, token: str | None) -> None:
        pass


class BearerGate:
    """The token must come with the first frame's header."""

    takes_messages = False

    def __init__(self, token: str) -> None:
        self._token = token
        self.open = False

    def header(self, header: Header) -> None:
        if not self.open:
            if not _same(_bearer(header), self._token):
                raise Unauthorized("The first message carries no valid `Authorization: Bearer` token.")
            self.open = True

    def initialize(self, token: str | None) -> None:
        pass


class InitializeGate:
    """The token may also come in `initializationOptions.token` of the first frame."""

    takes_messages = True

    def __init__(self, token: str, limits: Limits) -> None:
        self._token = token
        self._limits = limits
        self.open = False

    def header(self, header: Header) -> None:
        if self.open:
            return
        if header.authorization is not None:
            if not _same(_bearer(header), self._token):
                raise Unauthorized("The first message carries no valid `Authorization: Bearer` token.")
            self.open = True
        elif header.length > self._limits.initialize_bytes:
            raise Unauthorized(
                f"Before a token was shown, a message may have at most {self._limits.initialize_bytes} bytes."
            )

    def initialize(self, token: str | None) -> None:
        if not self.open:
            if not _same(token, self._token):
                raise Unauthorized("`initializationOptions.token` is missing or wrong.")
            self.open = True


def _bearer(header: Header) -> str | None:
    scheme, _, value = (header.authorization or "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _same(shown: str | None, token: str) -> bool:
    # Always one comparison of the same cost, whatever was shown.
    return hmac.compare_digest((shown or "").encode("utf-8", "replace"), token.encode()) and shown is not None


def read_or_make_token(path: Path) -> str:
    """The daemon's token, made on first use: 256 bits in a file only its owner can read.

    A file that others can read, or that is not ours, is refused: its secret is not one any more.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return _make_token(path)
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise Failure(
                "unauthorized",
                f"The token file {path} can be read by others.",
                hint="Delete it; the daemon makes a new one when it starts.",
            )
        token = file.read(256).strip()
    if len(token) < 43:
        raise Failure(
            "invalid", f"The token file {path} holds no token.", hint="Delete it; a new one will be made."
        )
    register_secret(token)
    return token


def _make_token(path: Path) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    # Written aside and linked into place: a reader sees a whole token or none, and of two makers one wins.
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
        try:
            os.link(aside, path)
        except FileExistsError:
            return read_or_make_token(path)
    finally:
        aside.unlink()
    register_secret(token)
    return token
