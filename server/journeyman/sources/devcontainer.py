"""Reading a `devcontainer.json` (https://containers.dev/implementors/json_reference/): JSON with comments.

Four of its fields mean something here. Whatever else it holds is named in a notice, so that nobody believes
it was done. The file belongs to the repository: it is not trusted, and nothing of it reaches the host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.project.service import image_name
from journeyman.sources.spec import Notice

PLACES = (".devcontainer/devcontainer.json", ".devcontainer.json")
BYTES_MAX = 32 * 1024
DEPTH_MAX = 32
COMMANDS_MAX = 20
COMMAND_CHARS_MAX = 4000
PORTS_MAX = 50
UNDERSTOOD = ("image", "postCreateCommand", "forwardPorts", "remoteUser")
HARMLESS = ("$schema", "name")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_HERE = {"${containerWorkspaceFolder}": "/workspace", "${containerWorkspaceFolderBasename}": "workspace"}

Argv = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DevContainer:
    image: str | None = None
    post_create: tuple[Argv, ...] = ()
    forward_ports: tuple[int, ...] = ()
    remote_user: str | None = None
    notices: tuple[Notice, ...] = ()


def parse(data: bytes, where: str) -> DevContainer:
    """Never raises: what cannot be read is a notice."""
    try:
        fields = _fields(data)
    except ValueError as error:
        return DevContainer(
            notices=(
                Notice("warning", f"{where} is not used: {error}.", "Correct it and make the project again."),
            )
        )
    reader = _Reader(where)
    image = reader.image(fields.get("image"))
    commands = reader.commands(fields.get("postCreateCommand"))
    ports = reader.ports(fields.get("forwardPorts"))
    user = reader.user(fields.get("remoteUser"))
    other = sorted(name for name in fields if name not in UNDERSTOOD and name not in HARMLESS)
    if other:
        shown = ", ".join(name[:60] for name in other[:40])
        reader.say(f"does not do here: {shown}", f"Understood are {', '.join(UNDERSTOOD)}.")
    return DevContainer(image, commands, ports, user, tuple(reader.notices))


def _fields(data: bytes) -> dict[str, Any]:
    import json5

    if len(data) > BYTES_MAX:
        raise ValueError(f"it has more than {BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    depth = deepest = 0
    for char in text:
        depth += (char in "[{") - (char in "]}")
        deepest = max(deepest, depth)
    if deepest > DEPTH_MAX:
        raise ValueError(f"it is nested deeper than {DEPTH_MAX}")
    try:
        found: Any = json5.loads(text, allow_duplicate_keys=False)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"it is no JSON: {' '.join(str(error).split())[:160]}") from None
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    return cast("dict[str, Any]", found)


class _Reader:
    def __init__(self, where: str) -> None:
        self._where = where
        self.notices: list[Notice] = []

    def say(self, what: str, hint: str = "") -> None:
        self.notices.append(Notice("warning", f"{self._where} {what}.", hint))

    def image(self, value: Any) -> str | None:
        if value is None:
            return None
        try:
            if not isinstance(value, str) or "${" in value:
                raise Failure("invalid", "no name")
            return image_name(value)
        except Failure:
            self.say("names an image that is none: `image` is ignored")
            return None

    def commands(self, value: Any) -> tuple[Argv, ...]:
        """A text is for a shell, a list is a program with arguments, an object holds several of either."""
        if value is None:
            return ()
        several = list(cast("dict[str, Any]", value).values()) if isinstance(value, dict) else [value]
        found: list[Argv] = []
        for one in several:
            argv = self._command(one)
            if argv is None or len(found) == COMMANDS_MAX:
                self.say("has a `postCreateCommand` that is none: it is not run")
                return ()
            found += [argv] if argv else []
        return tuple(found)

    def _command(self, value: Any) -> Argv | None:
        if isinstance(value, str):
            parts = ["bash", "-c", value] if value.strip() else []
        elif isinstance(value, list) and all(isinstance(part, str) for part in cast("list[Any]", value)):
            parts = cast("list[str]", value)
        else:
            return None
        filled = [_VARIABLE.sub(self._variable, part) for part in parts]
        if any(len(part) > COMMAND_CHARS_MAX or "\0" in part for part in filled):
            return None
        return tuple(filled)

    def _variable(self, match: re.Match[str]) -> str:
        known = _HERE.get(match[0])
        # ${NAME} is the shell's own business; ${scope:name} and ${camelCase} are the file's.
        if known is None and (":" in match[0] or re.search(r"[Ff]older", match[0])):
            self.say(f"uses {match[0][:80]}, which is not known here and was left as it is")
        return match[0] if known is None else known

    def ports(self, value: Any) -> tuple[int, ...]:
        if value is None:
            return ()
        found: list[int] = []
        wrong: list[str] = []
        for one in cast("list[Any]", value) if isinstance(value, list) else [value]:
            text = str(one).removeprefix("localhost:") if isinstance(one, str) else one
            port = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else text
            if type(port) is int and 1 <= port <= 65535:
                found.append(port)
            else:
                wrong.append(str(one)[:40])
        if wrong:
            self.say(f"wants ports forwarded that cannot be: {', '.join(wrong[:10])}")
        if len(found) > PORTS_MAX:
            self.say(f"wants more than {PORTS_MAX} ports forwarded: the first are")
        return tuple(dict.fromkeys(found))[:PORTS_MAX]

    def user(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", value):
            self.say("names a `remoteUser` that is none")
            return None
        if value == "root":
            self.say(
                "asks for root, which nothing in a workspace is", "Commands run as the workspace's user."
            )
            return None
        return value
