"""A prompt's blocks as the text a run takes. What lies in the folder is named as the agent finds it."""

from __future__ import annotations

from collections.abc import Sequence

from acp.schema import (
    AudioContentBlock,
    EmbeddedResourceContentBlock,
    ImageContentBlock,
    ResourceContentBlock,
    TextContentBlock,
    TextResourceContents,
)

from journeyman.acp.paths import Paths
from journeyman.chat.service import ROOT
from journeyman.failures import Failure

Block = (
    TextContentBlock
    | ImageContentBlock
    | AudioContentBlock
    | ResourceContentBlock
    | EmbeddedResourceContentBlock
)


def text_of(blocks: Sequence[Block], paths: Paths) -> str:
    """Raises `invalid` for what the capabilities did not offer: images, audio, binary resources."""
    pieces: list[str] = []
    for block in blocks:
        match block:
            case TextContentBlock():
                pieces.append(block.text)
            case ResourceContentBlock():
                pieces.append(f"[{block.title or block.name}]({_named(block.uri, paths)})")
            case EmbeddedResourceContentBlock(resource=TextResourceContents() as resource):
                pieces.append(_embedded(_named(resource.uri, paths), resource.text))
            case _:
                raise Failure(
                    "invalid", "A prompt takes text and text resources.", hint="Leave images and audio out."
                )
    return "\n\n".join(piece for piece in pieces if piece)


def _named(uri: str, paths: Paths) -> str:
    inside = paths.to_workspace(uri)
    if inside is None:
        return uri
    return "." if inside == ROOT else inside.removeprefix(f"{ROOT}/")


def _embedded(name: str, text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{name}:\n{fence}\n{text}\n{fence}"
