"""The files a request names, shown with it to a model that would not look for them.

They count as read: such a model may replace them whole. Large and binary ones are left out, and so is what
cannot be read; nothing is said of those.
"""

from __future__ import annotations

import re

from journeyman.agent.state import RunState
from journeyman.failures import Failure
from journeyman.model.blocks import of_file
from journeyman.ports.guest import Guest

NAMES_MAX = 16
FILES_MAX = 4
FILE_BYTES_MAX = 4_096
_NAME = re.compile(r"[\w@+./-]+")


async def named_files(guest: Guest, state: RunState, request: str) -> str:
    """As blocks, in the order in which the request names them first."""
    shown: dict[str, str] = {}
    words = (word.rstrip(".") for word in _NAME.findall(request))
    for name in list(dict.fromkeys(word for word in words if "." in word or "/" in word))[:NAMES_MAX]:
        path = state.at(name)
        text = None if path in shown else await _text(guest, state, path)
        if text is not None:
            shown[path] = of_file(name, text)
        if len(shown) == FILES_MAX:
            break
    return "\n\n".join(shown.values())


async def _text(guest: Guest, state: RunState, path: str) -> str | None:
    try:
        content = await guest.read(path, limit=FILE_BYTES_MAX)
        text = content.data.decode("utf-8")
    except (Failure, UnicodeDecodeError):  # only a help: the run goes on without it
        return None
    if content.size > len(content.data) or "\0" in text:
        return None
    state.hashes[path] = content.sha256
    return text
