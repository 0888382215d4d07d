"""Small images whose bytes differ, one for each kind a model takes."""

from __future__ import annotations

import base64

from journeyman.pictures import Attached, attached, mime_of

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
KINDS = {
    PNG: "image/png",
    GIF: "image/gif",
    b"GIF87a" + GIF[6:]: "image/gif",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00": "image/jpeg",
    b"RIFF\x1a\x00\x00\x00WEBPVP8 ": "image/webp",
}


def png(number: int, name: str = "") -> Attached:
    """One of many: what follows the end of a PNG is not looked at."""
    data = PNG + number.to_bytes(4, "big")
    mime = mime_of(data)
    assert mime is not None
    return attached(data, mime, name)


def base64_of(image: Attached) -> str:
    return base64.b64encode(image.data).decode("ascii")
