"""Single entries of a workspace put to what they shall be: what is asked of a guest, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

PutOutcome = Literal["done", "changed", "blocked", "full"]
"""`changed`: something else was there than expected; `blocked`: its directory is none; `full`: a directory
that is not empty. Other texts are what the system said."""
ABSENT, A_DIRECTORY = "", "directory"


class Put(NamedTuple):
    """What shall be at a path, and what must be there now for that to happen."""

    path: bytes
    kind: Literal["file", "directory", "symlink", "gone"]
    expected: str
    """`ABSENT`, `A_DIRECTORY`, or the `etag` of a file or link."""
    mode: int = 0
    size: int = 0
    target: bytes = b""
    xattrs: Mapping[str, bytes] = MappingProxyType({})
