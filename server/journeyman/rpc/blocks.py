"""A prompt's blocks as what a run takes: a text, and images with their bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import assert_never

from journeyman.failures import Failure
from journeyman.pictures import Attached, Picture, attached, mime_of
from journeyman_protocol.content import (
    ContentBlock,
    Image,
    ImageBlock,
    LinkBlock,
    ResourceBlock,
    TextBlock,
)


def text_of(prompt: str | Sequence[ContentBlock]) -> str:
    """What stands in it, in its order, images left out."""
    if isinstance(prompt, str):
        return prompt
    return "\n\n".join(text for block in prompt if (text := _text(block)))


def images_of(prompt: str | Sequence[ContentBlock]) -> tuple[Attached, ...]:
    """Raises `invalid` for what is no image."""
    if isinstance(prompt, str):
        return ()
    return tuple(image(each.data, each.name or "") for each in prompt if isinstance(each, ImageBlock))


def image(data: str, name: str) -> Attached:
    """From base64; what it is, its first bytes say. Raises `invalid`."""
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure("invalid", "An image's `data` is not base64.", hint="Encode its bytes.") from error
    mime = mime_of(content)
    if mime is None:
        raise Failure(
            "invalid",
            "An image is none that models take.",
            hint="Give PNG, JPEG, WebP or GIF; a text goes in as a block `resource`.",
        )
    return attached(content, mime, name)


def link(name: str, uri: str) -> str:
    return f"[{name}]({uri})"


def resource(name: str, text: str) -> str:
    """A text with its name, in a fence it has not itself."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{name}:\n{fence}\n{text}\n{fence}"


def told(picture: Picture) -> Image:
    return Image(image_id=picture.id, mime_type=picture.mime, bytes=picture.bytes, name=picture.name or None)


def _text(block: ContentBlock) -> str:
    match block:
        case TextBlock():
            return block.text
        case ImageBlock():
            return ""
        case LinkBlock():
            named = link(block.title or block.name, block.uri)
            return f"{named}: {block.description}" if block.description else named
        case ResourceBlock():
            return resource(block.resource.uri, block.resource.text)
        case _:
            assert_never(block)
