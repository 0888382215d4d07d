"""What a prompt is made of, in the shapes MCP and the Agent Client Protocol have for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Message

TEXT_CHARS_MAX = 200_000
IMAGE_BASE64_MAX = 5_000_000
Text = Annotated[str, StringConstraints(max_length=TEXT_CHARS_MAX)]
Line = Annotated[str, StringConstraints(max_length=2_000)]


class TextBlock(Message):
    type: Literal["text"] = "text"
    text: Text


class ImageBlock(Message):
    """PNG, JPEG, WebP or GIF, as its first bytes say. At most 3,750,000 bytes, and 10 images in a prompt."""

    type: Literal["image"]
    data: Annotated[str, StringConstraints(min_length=1, max_length=IMAGE_BASE64_MAX)]
    """Base64."""
    mime_type: Line | None = None
    name: Line | None = None
    """What it is called, such as the name of its file; shown to people and to the model."""


class LinkBlock(Message):
    """Something the agent may look at by itself: named to the model, not read by the daemon."""

    type: Literal["resource_link"]
    uri: Line
    name: Line
    title: Line | None = None
    description: Line | None = None
    mime_type: Line | None = None


class TextResource(Message):
    uri: Line
    text: Text
    mime_type: Line | None = None


class ResourceBlock(Message):
    """A text with its name, fenced where it stands in the prompt."""

    type: Literal["resource"]
    resource: TextResource


ContentBlock = Annotated[TextBlock | ImageBlock | LinkBlock | ResourceBlock, Field(discriminator="type")]
TextPrompt = (
    Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARS_MAX)]
    | Annotated[list[TextBlock], Field(min_length=1, max_length=100)]
)
Prompt = (
    Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARS_MAX)]
    | Annotated[list[ContentBlock], Field(min_length=1, max_length=100)]
)


class Image(Message):
    """An image that was given with a prompt; `chat/image` has its bytes."""

    image_id: str
    """SHA-256 of its bytes, in hex."""
    mime_type: str
    bytes: int
    name: str | None = None
