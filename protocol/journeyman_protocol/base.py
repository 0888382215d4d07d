"""What every message has in common: camelCase on the wire, frozen, nothing unknown accepted.

A field with a default may be left out by the sender; the daemon always sends it. An optional field is
null or absent with the same meaning. Times are RFC 3339 UTC strings, durations name their unit.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

T = TypeVar("T")

Id = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""An identifier the daemon gave out (a UUID), or a client's own for `clientRunId`."""

Timestamp = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
"""RFC 3339, UTC, such as 2026-01-31T12:00:00.000Z."""

ProgressToken = int | str
"""As in LSP: chosen by the client, an integer or a string."""


class Message(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        # Most of a hundred models are never used by one process: each is built when first needed.
        defer_build=True,
    )

    def wire(self) -> dict[str, Any]:
        """As it goes over the wire: camelCase keys, absent instead of null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Empty(Message):
    """No parameters, or a result that says only that it is done."""


class Page(Message, Generic[T]):
    """One page of a list. Ask again with `cursor` set to `nextCursor` until that is absent."""

    items: list[T]
    next_cursor: str | None = None


class Paged(Message):
    cursor: str | None = None
    """`nextCursor` of the page before; absent for the first page."""
    limit: int = Field(default=50, ge=1, le=500)
    """Most items in the answer."""


class Open(Message):
    """Base of messages a client may extend: unknown fields are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
    )


class RequestMeta(Open):
    """`_meta`, which the params of any request may carry; what is not named here is ignored."""

    traceparent: str | None = None
    """Where the request belongs in the caller's trace, as W3C Trace Context writes it."""
    tracestate: str | None = None
