"""--attach: files that go with a prompt, as the blocks it is sent in."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from journeyman.failures import Failure
from journeyman.pictures import PICTURE_BYTES_MAX, PICTURES_MAX, mime_of

TEXT_CHARS_MAX = 200_000
IMAGES_BYTES_MAX = 5_500_000
"""Of all together: as base64 they go in one message of at most 8 MiB."""


def with_files(prompt: str, files: Sequence[Path]) -> str | list[dict[str, Any]]:
    """The prompt alone, or blocks: it and then the files, each as what its bytes say it is."""
    if not files:
        return prompt
    contents = [(path, _read(path)) for path in files]
    images = [len(data) for _, data in contents if mime_of(data)]
    if len(images) > PICTURES_MAX or sum(images) > IMAGES_BYTES_MAX:
        raise Failure(
            "invalid",
            f"At most {PICTURES_MAX} images of {IMAGES_BYTES_MAX:,} bytes together go with a prompt.",
            hint="Attach fewer of them, or smaller ones.",
        )
    return [{"type": "text", "text": prompt}, *(_block(path, data) for path, data in contents)]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(PICTURE_BYTES_MAX + 1)
    except OSError as error:
        raise Failure(
            "invalid", f"{path} cannot be read: {error.strerror}.", hint="Name a file that is there."
        ) from error
    if len(data) > PICTURE_BYTES_MAX:
        raise Failure(
            "invalid",
            f"{path} has more than {PICTURE_BYTES_MAX:,} bytes.",
            hint="Scale the image down, or put the file into the folder and name it in the prompt.",
        )
    return data


def _block(path: Path, data: bytes) -> dict[str, Any]:
    mime = mime_of(data)
    if mime is not None:
        text = base64.b64encode(data).decode("ascii")
        return {"type": "image", "data": text, "mimeType": mime, "name": path.name}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(text) > TEXT_CHARS_MAX:
        raise Failure(
            "invalid",
            f"{path} is neither an image (PNG, JPEG, WebP, GIF) nor a text of at most"
            f" {TEXT_CHARS_MAX:,} characters.",
            hint="Put the file into the folder and name it in the prompt.",
        )
    return {"type": "resource", "resource": {"uri": path.name, "text": text}}
