"""Chats: a conversation inside a project, with its stored messages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Empty, Id, Message, Page, Paged, Timestamp
from journeyman_protocol.content import Image
from journeyman_protocol.rows import Method, OrderedBy, request

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class AtLeast(Message):
    """What providers did say, added up: these figures only grow while a run goes on."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0


class Context(Message):
    """How full the model's window was at the newest call, in tokens. Absent where nobody said."""

    used: int | None = None
    size: int | None = None


class Usage(Message):
    """Added up. Absent is unknown, as soon as one call did not say it: nothing here is guessed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    """With those of reasoning."""
    cached_tokens: int | None = None
    """Of the input: read from the provider's cache."""
    cache_write_tokens: int | None = None
    """Of the input: written to the provider's cache."""
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    model_calls: int = 0
    complete: bool = True
    """Whether tokens in and out and the cost of every call are known. If not, `atLeast` is what is."""
    at_least: AtLeast = AtLeast()
    context: Context = Context()


class Chat(Message):
    id: Id
    project_id: Id
    title: str
    model: str | None = None
    cwd: str
    """The agent's working directory in the workspace."""
    usage: Usage | None = None
    """Of its runs that have ended; in the answer to `chat/get`."""
    created_at: Timestamp
    updated_at: Timestamp


class ToolCall(Message):
    id: str
    name: str
    arguments: dict[str, Any]


class ChatMessage(Message):
    """A stored message. Role `tool` is the observation that answers `toolCallId`."""

    id: Id
    chat_id: Id
    run_id: Id | None = None
    role: Literal["user", "assistant", "tool"]
    text: str
    truncated: bool | None = None
    """In a snapshot: there is more of the text; `chat/message` has it."""
    tool_calls: list[ToolCall] = []
    tool_call_id: str | None = None
    tool_name: str | None = None
    ok: bool | None = None
    images: list[Image] | None = None
    rewound: bool | None = None
    """Taken back by a rewind: the model is not told of it any more."""
    created_at: Timestamp


class ChatCreateParams(Message):
    project_id: Id
    title: Title | None = None
    model: ModelName | None = None


class ChatRef(Message):
    chat_id: Id


class ChatRenameParams(Message):
    chat_id: Id
    title: Title


class ChatForkParams(Message):
    chat_id: Id
    at_seq: int | None = Field(default=None, ge=0)
    """What had happened up to this event of the chat; absent: all. A message whose calls were being worked
    on comes with their results."""
    title: Title | None = None
    """Absent: the same."""


class ChatListParams(Paged):
    project_id: Id | None = None


class ChatSearchParams(Paged):
    query: str = Field(min_length=1, max_length=500)
    """Words; all of them must be there. One of three letters or more may be the beginning of a longer word;
    words in "double quotes" stand in a row. Case and accents make no difference; nothing else is syntax."""
    project_id: Id | None = None
    """Only chats of this project."""


class Piece(Message):
    text: str
    hit: bool = False
    """It is what was looked for."""


class FoundMessage(Message):
    id: Id
    run_id: Id | None = None
    role: Literal["user", "assistant"]
    created_at: Timestamp


class Found(Message):
    """A place where the words are."""

    chat: Chat
    message: FoundMessage | None = None
    """Absent: they are in the chat's title."""
    excerpt: list[Piece]
    """The text around them, cut at its ends."""


class FoundPage(Page[Found]):
    """Titles first, then messages, each newest first. Only so many texts are looked through for one page: it
    may have fewer items than asked for, or none, and still a `nextCursor`."""


class ChatMessagesParams(Paged):
    chat_id: Id
    rewound: bool = False
    """Messages that were taken back by a rewind, too."""


class ChatMessageParams(Message):
    chat_id: Id
    message_id: Id


class ChatImageParams(Message):
    chat_id: Id
    image_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ChatImage(Image):
    data: str
    """Base64."""


class ChatPage(Page[Chat]):
    """Chats, newest first."""


class MessagePage(Page[ChatMessage]):
    """Messages, oldest first."""


ROWS: tuple[Method, ...] = (
    request("chat/create", ChatCreateParams, Chat, "Make a chat in a project."),
    request("chat/list", ChatListParams, ChatPage, "List chats, newest first."),
    request(
        "chat/search",
        ChatSearchParams,
        FoundPage,
        "Find chats by their titles and by what was said in them: by the user and the model, not by tools.",
    ),
    request("chat/get", ChatRef, Chat, "One chat."),
    request("chat/messages", ChatMessagesParams, MessagePage, "Stored messages, oldest first."),
    request("chat/message", ChatMessageParams, ChatMessage, "One stored message, whole."),
    request("chat/image", ChatImageParams, ChatImage, "The bytes of an image that was given in a chat."),
    request("chat/rename", ChatRenameParams, Chat, "Give a chat another title.", OrderedBy.CHAT),
    request(
        "chat/fork",
        ChatForkParams,
        Chat,
        "Another chat with the same messages and todo list up to a point. The files are the project's.",
    ),
    request("chat/delete", ChatRef, Empty, "Delete a chat with all it holds.", OrderedBy.CHAT),
)
