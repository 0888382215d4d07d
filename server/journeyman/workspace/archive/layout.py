"""Where things are: `p/<projectId>/HEAD`, `.../m/<seq>-<archiveId>`, `.../packs/<hash>` and so on."""

from __future__ import annotations

import re

from blake3 import blake3

from journeyman.failures import Failure

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_MANIFEST = re.compile(r"p/[^/]+/m/(\d{12})-([A-Za-z0-9][A-Za-z0-9-]{0,63})")
PACK_NAME = re.compile(r"([0-9a-f]{64})(-[1-9])?")
"""The BLAKE3 of the pack; the suffix is for the rare pack whose name was taken by a damaged one."""
_KEY_CONTEXT = "journeyman archive chunk ids v1"
SEALED = "SEALED"
"""The object that says that a store is encrypted; whoever has its key does not see it."""
SEALED_MAGIC = b"JMSEAL01"
"""What encrypted objects begin with."""
SEQ_MAX = 10**12 - 1


def prefix(project_id: str) -> str:
    if not _ID.fullmatch(project_id):
        raise Failure(
            "invalid", f"{project_id[:80]!r} is not a project id.", hint="Take the id from project/list."
        )
    return f"p/{project_id}/"


def head_key(project_id: str) -> str:
    return prefix(project_id) + "HEAD"


def manifests_prefix(project_id: str) -> str:
    return prefix(project_id) + "m/"


def manifest_key(project_id: str, seq: int, archive_id: str) -> str:
    return f"{manifests_prefix(project_id)}{seq:012d}-{archive_id}"


def parse_manifest_key(key: str) -> tuple[int, str] | None:
    """Its sequence number and archive id; None for a key that is no manifest's."""
    match = _MANIFEST.fullmatch(key)
    return (int(match[1]), match[2]) if match else None


def pack_key(project_id: str, name: str) -> str:
    return f"{prefix(project_id)}packs/{name}"


def is_project_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def pins_prefix(project_id: str) -> str:
    """Of what forks need of this project's packs: one object per fork."""
    return prefix(project_id) + "pins/"


def pin_key(owner: str, fork: str) -> str:
    prefix(fork)
    return pins_prefix(owner) + fork


def owners_prefix(project_id: str) -> str:
    """Of a fork: one object per project some of whose packs it needs."""
    return prefix(project_id) + "from/"


def owner_key(fork: str, owner: str) -> str:
    prefix(owner)
    return owners_prefix(fork) + owner


def gone_key(project_id: str) -> str:
    """Says that the project was deleted and that only what forks need is still there."""
    return prefix(project_id) + "gone"


def stored_at(project_id: str, ref: tuple[str | None, str]) -> str:
    """The key of a pack as a manifest of the project refers to it (`model.PackRef`)."""
    owner, name = ref
    return pack_key(owner or project_id, name)


def names_prefix(project_id: str) -> str:
    """Of the names people gave archives: one object per archive id."""
    return prefix(project_id) + "n/"


def unused_key(project_id: str) -> str:
    """What the last collection found unused."""
    return prefix(project_id) + "unused"


def content_key(project_id: str) -> bytes:
    """The 32 bytes chunk ids of this project are keyed with.

    Derived from the project id alone, so that any daemon with the store can restore; it keeps ids of
    different projects apart and is *not* a secret.
    """
    return blake3(project_id.encode(), derive_key_context=_KEY_CONTEXT).digest()
