"""Frames, records and refusals: what both ends of the socket agree on. The daemon's client imports it too.

A frame is `length u32, channel u32, kind u8, payload` (network order). The client opens a channel by an
OPEN frame (a JSON line, a newline, bytes); a channel ends with exactly one RESULT or ERROR. DATA frames are
bounded by credit: a sender may send while its credit is above zero, starts with WINDOW bytes, and gets more
as the receiver consumes, so nothing is buffered without bound on either side.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any, Dict, Tuple

VERSION = 1
HEADER = struct.Struct("!IIB")
HELLO, OPEN, DATA, END, CREDIT, NOTE, RESULT, ERROR, CANCEL = range(9)
FRAME_MAX = 1 << 20
PIECE = 256 * 1024
WINDOW = 1 << 20
CHANNELS_MAX = 512
WORKSPACE = b"/workspace"
NAME_MAX = 255
DEPTH_MAX = 256
EXTRA_MAX = 1 << 20
DRAIN_S = 0.05

FILE, DIRECTORY, SYMLINK, OTHER, HARDLINK = range(5)
KINDS = ("file", "directory", "symlink", "other", "hardlink")
ENTRY = struct.Struct("!BQHqqQIIHH")  # kind size mode mtime ctime inode nlink, path/target length, xattrs
XATTR = struct.Struct("!HI")
PIECE_HEAD = struct.Struct("!IBI")  # index flags length
MOVED = struct.Struct("!QB")  # bytes that follow, flags
STANDING_MAX = 1 << 25  # of records that are looked at again
LOST = 1
PUT_HEAD = struct.Struct("!I")  # length of the JSON that follows
PUT_HEAD_MAX = 1 << 18
LAST, FAILED, LENT = 1, 2, 4
LEND_BYTES = 64 * 1024
"""A file of so many bytes or more is lent as a descriptor where that is asked for, and counts as so many."""
LENT_PER_FRAME = 8
LENT_MAX = 64
"""So many files at most are lent at a time to be written."""
ADD, APPEND, WRITTEN = 1, 2, 3
RESTORE_HEAD = struct.Struct("!BI")  # what, length

RawEntry = Tuple[int, int, int, int, int, int, int, bytes, bytes, Dict[str, bytes]]


def pack_entry(entry: RawEntry) -> bytes:
    kind, size, mode, mtime, ctime, inode, nlink, path, target, xattrs = entry
    head = ENTRY.pack(kind, size, mode, mtime, ctime, inode, nlink, len(path), len(target), len(xattrs))
    return head + path + target + (_pack_xattrs(xattrs) if xattrs else b"")


def unpack_entries(data: bytes) -> Iterator[RawEntry]:
    """Raises struct.error or ValueError when the bytes are not whole entries."""
    at, size = 0, len(data)
    while at < size:
        kind, length, mode, mtime, ctime, inode, nlink, plen, tlen, count = ENTRY.unpack_from(data, at)
        at += ENTRY.size
        path, target = data[at : at + plen], data[at + plen : at + plen + tlen]
        at += plen + tlen
        xattrs: Dict[str, bytes] = _NO_XATTRS
        if count:
            xattrs, at = _unpack_xattrs(data, at, count)
        if at > size or kind >= len(KINDS):
            raise ValueError("a cut or unknown entry")
        yield kind, length, mode, mtime, ctime, inode, nlink, path, target, xattrs


def pack_attributes(path: bytes, xattrs: Dict[str, bytes]) -> bytes:
    """Extended attributes apart from their entry."""
    return XATTR.pack(len(path), len(xattrs)) + path + _pack_xattrs(xattrs)


def unpack_attributes(data: bytes) -> Dict[bytes, Dict[str, bytes]]:
    """By path. Raises struct.error or ValueError when the bytes are not whole."""
    found: Dict[bytes, Dict[str, bytes]] = {}
    at = 0
    while at < len(data):
        plen, count = XATTR.unpack_from(data, at)
        at += XATTR.size
        path = data[at : at + plen]
        found[path], at = _unpack_xattrs(data, at + plen, count)
    if at > len(data):
        raise ValueError("cut attributes")
    return found


def _pack_xattrs(xattrs: Dict[str, bytes]) -> bytes:
    parts: list[bytes] = []
    for name, value in xattrs.items():
        raw = name.encode("utf-8", "surrogateescape")
        parts += [XATTR.pack(len(raw), len(value)), raw, value]
    return b"".join(parts)


def _unpack_xattrs(data: bytes, at: int, count: int) -> Tuple[Dict[str, bytes], int]:
    xattrs: Dict[str, bytes] = {}
    for _ in range(count):
        nlen, vlen = XATTR.unpack_from(data, at)
        at += XATTR.size
        xattrs[data[at : at + nlen].decode("utf-8", "surrogateescape")] = data[at + nlen : at + nlen + vlen]
        at += nlen + vlen
    return xattrs, at


_NO_XATTRS: Dict[str, bytes] = {}


class Refusal(Exception):
    """An answer that is not a result; `kind` is one of the daemon's failure kinds."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Gone(Exception):
    """The client dropped the channel or the connection."""


class Malformed(Exception):
    """A frame that no correct client sends; ends the connection."""


def refusal_of(error: OSError, what: str) -> Refusal:
    number = error.errno
    if number in (errno.ENOENT,):
        return Refusal("not_found", "There is no %s." % what)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return Refusal("disk_full", "There is no space left in the workspace.")
    if number == errno.EAGAIN:
        return Refusal("overloaded", "The workspace has as many processes as it may have.")
    if number == errno.ELOOP:
        return Refusal("path_refused", "%s is a symbolic link." % what)
    if number in (errno.EEXIST, errno.ENOTEMPTY):
        return Refusal("conflict", "%s is already there." % what)
    if number in (errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EINVAL):
        return Refusal("invalid", "%s: %s." % (what, os.strerror(number)))
    return Refusal("workspace_failed", "%s: %s." % (what, error.strerror or error))


def check_relative(path: bytes) -> list[bytes]:
    """The parts of a safe relative path, or Refusal("path_refused")."""
    parts = path.split(b"/")
    if len(parts) > DEPTH_MAX:
        raise Refusal("path_refused", "A path is deeper than %d directories." % DEPTH_MAX)
    if (
        (b"" in parts or b"." in parts or b".." in parts or b"\0" in path)
        or (len(path) > NAME_MAX and max(map(len, parts)) > NAME_MAX)
    ):  # fmt: skip
        raise Refusal("path_refused", "Not a safe relative path: %r." % path[:200])
    return parts


def rights(descriptors: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """What sends descriptors along, for `sendmsg`."""
    packed = struct.pack("%di" % len(descriptors), *descriptors)
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)]


def to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
