"""Images a person gives to a run: which they are, by their first bytes, and how much of them there may be.

What is remembered and told is a `Picture`: a name for bytes kept once. Knows no provider and no wire.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PICTURE_BYTES_MAX = 3_750_000
"""Of one image: what the strictest provider takes, once it is base64."""
PICTURES_MAX = 10
"""Most images with one prompt."""
PICTURE_TOKENS = 1_600
"""What one image is counted as, for deciding only: providers scale larger ones down to about this."""
NAME_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Picture:
    id: str
    """SHA-256 of its bytes, in hex."""
    mime: str
    bytes: int
    name: str = ""
    """What the person calls it, on one line; empty where they did not say."""


@dataclass(frozen=True, slots=True)
class Attached:
    """An image with its bytes, on its way in or out."""

    picture: Picture
    data: bytes


def mime_of(data: bytes) -> str | None:
    """Of PNG, JPEG, WebP and GIF, which is what models take; None for everything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def attached(data: bytes, mime: str, name: str = "") -> Attached:
    """`name` is shown to people and to the model: one line of it."""
    line = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return Attached(Picture(hashlib.sha256(data).hexdigest(), mime, len(data), line[:NAME_CHARS_MAX]), data)
