"""A prompt's blocks as what a run takes: a text and images. What lies in the folder is named as the agent
finds it."""

from __future__ import annotations

from collections.abc import Sequence

from acp.schema import (
    AudioContentBlock,
    BlobResourceContents,
    EmbeddedResourceContentBlock,
    ImageContentBlock,
    ResourceContentBlock,
    TextContentBlock,
    TextResourceContents,
)

from journeyman.acp.paths import Paths
from journeyman.chat.service import ROOT
from journeyman.failures import Failure
from journeyman.pictures import Attached
from journeyman.rpc import blocks

Block = (
    TextContentBlock
    | ImageContentBlock
    | AudioContentBlock
    | ResourceContentBlock
    | EmbeddedResourceContentBlock
)


def content_of(prompt: Sequence[Block], paths: Paths) -> tuple[str, tuple[Attached, ...]]:
    """Raises `invalid` for what the capabilities did not offer: audio, and binary resources but images."""
    pieces: list[str] = []
    images: list[Attached] = []
    for block in prompt:
        match block:
            case TextContentBlock():
                pieces.append(block.text)
            case ImageContentBlock():
                images.append(blocks.image(block.data, _named(block.uri or "", paths)))
            case ResourceContentBlock():
                pieces.append(blocks.link(block.title or block.name, _named(block.uri, paths)))
            case EmbeddedResourceContentBlock(resource=TextResourceContents() as resource):
                pieces.append(blocks.resource(_named(resource.uri, paths), resource.text))
            case EmbeddedResourceContentBlock(resource=BlobResourceContents() as resource):
                images.append(blocks.image(resource.blob, _named(resource.uri, paths)))
            case _:
                raise Failure(
                    "invalid", "A prompt takes text, text resources and images.", hint="Leave audio out."
                )
    return "\n\n".join(piece for piece in pieces if piece), tuple(images)


def _named(uri: str, paths: Paths) -> str:
    inside = paths.to_workspace(uri)
    if inside is None:
        return uri
    return "." if inside == ROOT else inside.removeprefix(f"{ROOT}/")
