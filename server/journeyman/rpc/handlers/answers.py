"""What several nouns need to turn answers of the rooms below into results."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

from journeyman.failures import Failure
from journeyman.workspace.errors import WorkspaceError

T = TypeVar("T")


def value_of(answer: T | WorkspaceError) -> T:
    """The manager answers values; on the wire its errors are refusals like any other."""
    if isinstance(answer, WorkspaceError):
        raise answer.as_failure()
    return answer


def decoded(content: str, what: str, field: str) -> bytes:
    """The bytes of base64 text; a refusal names the field."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure(
            "invalid", f"{what[0].upper()}{what[1:]} is not base64.", hint=f"`{field}`: encode it."
        ) from error
