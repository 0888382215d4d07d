"""Texts of a workspace's files as editors have them: UTF-8 without the mark some files begin with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.ports.guest import Guest

BYTES_MAX = 4 * 1024 * 1024
"""Larger ones are left alone, in the editor and in the workspace."""
MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class File:
    text: str | None
    """None: there is none."""
    sha256: str = ""
    marked: bool = False

    def bytes_of(self, text: str) -> bytes:
        """`text` as this file would have it."""
        return (MARK if self.marked else b"") + text.encode("utf-8", "surrogatepass")


class Unfit(Exception):  # noqa: N818 - not a fault
    """What is there is no text, or too large."""


async def read(guest: Guest, path: str) -> File:
    """Raises `Unfit`, and what the guest raises."""
    try:
        found = await guest.read(path, limit=BYTES_MAX)
    except Failure as failure:
        if failure.kind == "not_found":
            return File(None)
        if failure.kind == "invalid":
            raise Unfit from failure
        raise
    if found.size > len(found.data) or b"\0" in found.data:
        raise Unfit
    marked = found.data.startswith(MARK)
    try:
        text = found.data.removeprefix(MARK).decode()
    except UnicodeDecodeError as error:
        raise Unfit from error
    return File(text, found.sha256, marked)


async def write(guest: Guest, path: str, file: File, text: str) -> None:
    """In place of what `file` says is there. Raises `conflict` where it is another one by now."""
    await guest.write(path, file.bytes_of(text), expected_sha256=file.sha256)


def fits(text: str) -> bool:
    """Whether a document can be a file: not too large, nothing in it that UTF-8 cannot carry."""
    try:
        return len(text.encode()) <= BYTES_MAX and "\0" not in text
    except UnicodeEncodeError:
        return False


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_of(text: str, sha256: str) -> bool:
    """Whether a file of this digest holds `text`, with or without the mark."""
    content = text.encode("utf-8", "surrogatepass")
    return sha256 in (hashlib.sha256(content).hexdigest(), hashlib.sha256(MARK + content).hexdigest())
