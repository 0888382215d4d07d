"""Encryption of the objects of a store: one key, one store. Pure computing; knows no store.

Objects are cut in segments, each encrypted and authenticated with AES-256-GCM in the STREAM construction
(Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance,
2015): the nonce is the segment's number and whether it is the last, so that segments cannot be changed,
moved, dropped or cut off, and any range can be read alone. Every object has a key of its own, bound to the
object's name. Names of packs, which are hashes of what is in them, are encrypted with AES-SIV (RFC 5297).
`docs/archive-format.md` has the bytes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from journeyman.failures import Failure
from journeyman.ports.objects import Data, whole

MAGIC = b"JMSEAL01"
SALT_BYTES = 32
HEADER_BYTES = len(MAGIC) + SALT_BYTES
SEGMENT_BYTES = 64 * 1024
TAG_BYTES = 16
SEALED_SEGMENT = SEGMENT_BYTES + TAG_BYTES
KEY_BYTES = 32

_STORE = "journeyman sealed store v1"
_CHECK = "journeyman sealed store check v1"
_NAMES = "journeyman sealed store names v1"
_OBJECT = "journeyman sealed object v1"
_PACK = re.compile(r"(p/[^/]+/packs/)([0-9a-f]{64}|[0-9a-f]{96})((?:-[1-9])?)")


class DamagedError(Exception):
    """It does not open: it was changed, or it was sealed under another name or with another key."""


@dataclass(frozen=True, slots=True)
class StoreKey:
    """The key of one store, from the user's key and the store's salt."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, user_key: bytes, salt: bytes) -> StoreKey:
        return cls(blake3(user_key + salt, derive_key_context=_STORE).digest())

    @property
    def check(self) -> bytes:
        """Tells whether it is the right key, and nothing else."""
        return blake3(self.secret, derive_key_context=_CHECK).digest()

    def seal(self, name: str, data: Data) -> bytes:
        return bytes(whole(self.sealing(name, data)))

    def sealing(self, name: str, data: Data) -> Sealing:
        salt = secrets.token_bytes(SALT_BYTES)
        return Sealing(self._cipher(name, salt), MAGIC + salt, data)

    def open(self, name: str, sealed: bytes) -> bytes:
        """A whole object. Raises `DamagedError`."""
        return self.open_segments(name, salt_of(sealed), 0, sealed[HEADER_BYTES:], ended=True)

    def open_segments(self, name: str, salt: bytes, first: int, sealed: bytes, *, ended: bool) -> bytes:
        """Segments from number `first` on. `ended`: the object must end with them. Raises `DamagedError`."""
        cipher = self._cipher(name, salt)
        parts: list[bytes] = []
        count = max(1, -(-len(sealed) // SEALED_SEGMENT))
        view = memoryview(sealed)
        for number in range(count):
            segment = view[number * SEALED_SEGMENT : (number + 1) * SEALED_SEGMENT]
            parts.append(_opened(cipher, _nonces(first + number, number == count - 1, ended=ended), segment))
        return b"".join(parts)

    def open_into(
        self, room: memoryview, name: str, salt: bytes, offset: int, sealed: bytes | memoryview
    ) -> int:
        """Fill `room` with what begins at `offset`; answers how many bytes of it there are. `sealed`: the
        segments that takes; fewer of them are all up to the object's end. Raises `DamagedError`."""
        cipher = self._cipher(name, salt)
        view, first = memoryview(sealed), offset // SEGMENT_BYTES
        wanted = (offset + len(room) - 1) // SEGMENT_BYTES - first + 1
        ended = len(sealed) < wanted * SEALED_SEGMENT
        count = max(1, -(-len(sealed) // SEALED_SEGMENT))
        at = first * SEGMENT_BYTES - offset
        for number in range(count):
            segment = view[number * SEALED_SEGMENT : (number + 1) * SEALED_SEGMENT]
            size, nonces = len(segment) - TAG_BYTES, _nonces(first + number, number == count - 1, ended=ended)
            if at >= 0 and 0 < size <= len(room) - at:
                _open_into(cipher, nonces, segment, room[at : at + size])
            else:
                part = _opened(cipher, nonces, segment)[max(0, -at) : len(room) - at]
                room[max(0, at) : max(0, at) + len(part)] = part
            at += size
        return max(0, min(at, len(room)))

    def hide(self, key: str) -> str:
        """The name a key has in the store."""
        match = _PACK.fullmatch(key)
        if match is None or len(match[2]) != 64:
            return key
        return match[1] + self._names().encrypt(bytes.fromhex(match[2]), [match[1].encode()]).hex() + match[3]

    def shown(self, key: str) -> str | None:
        """The key behind a name in the store; None where the name was not made with this key."""
        match = _PACK.fullmatch(key)
        if match is None:
            return key
        try:
            name = self._names().decrypt(bytes.fromhex(match[2]), [match[1].encode()])
        except InvalidTag:
            return None
        return match[1] + name.hex() + match[3]

    def _names(self) -> AESSIV:
        return AESSIV(blake3(self.secret, derive_key_context=_NAMES).digest(64))

    def _cipher(self, name: str, salt: bytes) -> AESGCM:
        return AESGCM(blake3(self.secret + salt + name.encode(), derive_key_context=_OBJECT).digest())


@dataclass(frozen=True, slots=True)
class Sealing:
    """`ports.objects.Made`: an object that is encrypted while it is written. Each time with the salt and the
    key it began with, of the same data, so that no nonce is used for anything else."""

    cipher: AESGCM = field(repr=False)
    header: bytes
    data: Data = field(repr=False)

    def __len__(self) -> int:
        return HEADER_BYTES + len(self.data) + TAG_BYTES * self._count

    @property
    def _count(self) -> int:
        return max(1, -(-len(self.data) // SEGMENT_BYTES))

    def pieces(self) -> Iterator[Data]:
        yield self.header
        view, last = memoryview(self.data), self._count - 1
        room = memoryview(bytearray(SEALED_SEGMENT))
        for number in range(last + 1):
            segment = view[number * SEGMENT_BYTES : (number + 1) * SEGMENT_BYTES]
            into = room[: len(segment) + TAG_BYTES]
            self.cipher.encrypt_into(_nonce(number, last=number == last), segment, None, into)
            yield into


def salt_of(sealed: bytes) -> bytes:
    """Raises `DamagedError` where this is no sealed object."""
    if len(sealed) < HEADER_BYTES or not sealed.startswith(MAGIC):
        raise DamagedError
    return sealed[len(MAGIC) : HEADER_BYTES]


def plain_size(stored: int) -> int:
    """Bytes of an object from the bytes it takes in the store."""
    body = stored - HEADER_BYTES
    return max(0, body - TAG_BYTES * max(1, -(-body // SEALED_SEGMENT)))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _nonces(number: int, final: bool, *, ended: bool) -> tuple[bytes, ...]:
    """Those a segment may have. `final`: it ends a range; where the object is not known to end there, too, it
    may be the last one or not."""
    inner, last = _nonce(number, last=False), _nonce(number, last=True)
    return (last,) if final and ended else (inner, last) if final else (inner,)


def _opened(cipher: AESGCM, nonces: tuple[bytes, ...], segment: memoryview) -> bytes:
    for nonce in nonces:
        try:
            return cipher.decrypt(nonce, segment, None)
        except (InvalidTag, ValueError):
            continue
    raise DamagedError


def _open_into(cipher: AESGCM, nonces: tuple[bytes, ...], segment: memoryview, room: memoryview) -> None:
    for nonce in nonces:
        try:
            cipher.decrypt_into(nonce, segment, None, room)
            return
        except (InvalidTag, ValueError):
            continue
    raise DamagedError


_KEY_LINE = re.compile(r"journeyman-key-v1 ([0-9a-f]{64})")


def new_key_file() -> str:
    """The text of a key file with a new key."""
    return f"journeyman-key-v1 {secrets.token_hex(KEY_BYTES)}\n"


def read_key_file(text: str, name: str) -> bytes:
    """The key in a key file. Raises `invalid`."""
    match = _KEY_LINE.fullmatch(text.strip())
    if match is None:
        raise Failure(
            "invalid",
            f"{name} is no key file.",
            hint="Make one with `journeyman archive key FILE`, or point `archive_key_file` to yours.",
        )
    return bytes.fromhex(match[1])
