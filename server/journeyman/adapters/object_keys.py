"""What a key of object storage may look like, the same for every store.

Knows nothing of what the objects mean. A local folder turns keys into paths, so the rule is strict
enough that no key can ever name anything but a file below the store's own folder.
"""

from __future__ import annotations

import re

from journeyman.failures import Failure
from journeyman.ports.objects import Data, Made

KEY_BYTES_MAX = 512
OBJECT_BYTES_MAX = 64 * 1024 * 1024
"""Largest object: written in one request, held in memory. Packs stay well below."""

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def check_key(key: str) -> str:
    """`key` itself when it is one: `/`-separated parts of letters, digits, `.`, `_`, `-`, none of
    them starting with a dot. Raises `invalid`."""
    if len(key) > KEY_BYTES_MAX or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise Failure(
            "invalid", f"{key[:80]!r} is not a key of object storage.", hint="This is a bug; report it."
        )
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` itself when keys can start with it; the empty one is all keys. Raises `invalid`."""
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def check_size(key: str, data: Data | Made) -> None:
    """Raises `invalid` for an object larger than any store takes in one request."""
    if len(data) > OBJECT_BYTES_MAX:
        raise Failure(
            "invalid",
            f"The object {key} has {len(data)} bytes; at most {OBJECT_BYTES_MAX} are written.",
            hint="Split the workspace into several projects.",
        )


def missing(key: str) -> Failure:
    return Failure(
        "not_found",
        f"The object {key} is not in object storage.",
        hint="Check that the store is the one the archives were written to.",
    )


def taken(key: str) -> Failure:
    return Failure(
        "conflict",
        f"The object {key} was written by somebody else.",
        hint="Look whether a second daemon uses the same store, then try again.",
    )
