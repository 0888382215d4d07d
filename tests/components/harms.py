"""What can go wrong with one request, and which request it happens to.

A `Harm` is an order to the fault proxy: from the n-th request that fits on, so many times, in this way. It
counts what it met and what it did, so that a test can tell a fault that was borne from one that never was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Way = Literal[
    "refuse",  # the listener is closed, and what was connected is cut off
    "reset",  # the connection is reset instead of an answer
    "hang",  # nothing is forwarded and nothing answered
    "slow",  # the answer comes in small pieces
    "cut",  # the answer ends at byte k
    "403",
    "404",
    "409",
    "412",
    "429",
    "500",
    "503",
    "lost reply",  # the request is carried out, its answer dropped
    "wrong bytes",  # one bit of the content is another, all headers as they were
]
WAYS: tuple[Way, ...] = get_args(Way)

Answer = Callable[[str, int], bytes]
"""From method and status the whole reply of a server that refuses."""


@dataclass
class Harm:
    way: Way
    method: str
    """A regular expression for the whole method."""
    target: str
    """A regular expression, searched for in the request's target."""
    answer: Answer
    nth: int = 1
    times: int | None = None
    """None: until it is lifted."""
    place: int = 0
    """Of a cut: the byte, counted in the whole reply and wrapped around; of wrong bytes: the bit."""
    in_request: bool = False
    """Whether wrong bytes are put into the request's content instead of the reply's."""
    piece_bytes: int = 64
    piece_s: float = 0.05
    """How slow slow is."""
    fitting: int = 0
    hits: int = 0
    impossible: str = ""
    """Why the harm could not be done to a request it was meant for."""

    def takes(self, method: str, target: str) -> bool:
        """Whether this request is to be harmed; counts it."""
        if not re.fullmatch(self.method, method) or not re.search(self.target, target):
            return False
        self.fitting += 1
        if self.fitting < self.nth or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True


S3_CODES = {
    403: "AccessDenied",
    404: "NoSuchKey",
    409: "ConditionalRequestConflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalError",
    503: "SlowDown",
}


def s3_answer(method: str, status: int, code: str = "") -> bytes:
    """As S3 refuses: XML, but nothing in answer to HEAD. A 404 of a PUT can only mean the bucket."""
    code = code or ("NoSuchBucket" if status == 404 and method == "PUT" else S3_CODES[status])
    body = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>on order</Message></Error>'
    return _reply(method, status, "application/xml", body)


DOCKER_SAYS = {
    403: "authorization denied by plugin",
    404: "No such container",
    409: "Conflict. It is already in progress",
    412: "precondition failed",
    429: "too many requests",
    500: "OCI runtime create failed: on order",
    503: "the engine is shutting down",
}


def docker_answer(method: str, status: int) -> bytes:
    return _reply(method, status, "application/json", f'{{"message":"{DOCKER_SAYS[status]}"}}')


def _reply(method: str, status: int, kind: str, body: str) -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status} On Order\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + (b"" if method == "HEAD" else data)
