"""What a project may start from, as values, and what is told of it. Checked here, before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from journeyman.failures import Failure

URL_CHARS_MAX = 2048
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+@-]{0,199}")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:")

Say = Callable[[str, int], None]
"""Takes what is being done, and how much of it in percent."""


@dataclass(frozen=True, slots=True)
class Notice:
    level: Literal["info", "warning"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FromFolder:
    """A folder of the machine the daemon runs on; it is read, never written."""

    path: Path
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FromGit:
    url: str
    ref: str | None = None
    """A branch or a tag; None for the one the repository names."""
    depth: int | None = None
    """How many commits back; None for all."""


@dataclass(frozen=True, slots=True)
class FromArchive:
    project_id: str
    archive_id: str | None = None
    """None: the newest."""


Source = FromFolder | FromGit | FromArchive


def check_git(source: FromGit) -> None:
    """Raises `invalid` for what is not the address of a public repository."""
    url = source.url
    if _SCP.match(url) or url.startswith(("ssh:", "git+ssh:")):
        raise _refused(url, "a workspace holds no keys for ssh", "Give its https:// address.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused(url, "it is not an address", "Give its https:// address.") from None
    if parts.scheme not in ("https", "http") or not host or not url.isprintable() or " " in url:
        raise _refused(url, "only https:// and http:// are cloned", "Give its https:// address.")
    if "@" in parts.netloc:
        raise _refused(
            f"{parts.scheme}://...@{host}",
            "an address with a password would stay in the workspace and its archives",
            "Clone a public address, or copy a folder you have cloned yourself.",
        )
    if len(url) > URL_CHARS_MAX:
        raise _refused(url, f"it has more than {URL_CHARS_MAX} characters", "Give its https:// address.")
    if source.ref is not None and (
        not _REF.fullmatch(source.ref) or ".." in source.ref or source.ref.endswith((".lock", "/", "."))
    ):
        raise Failure("invalid", f"{source.ref[:80]!r} is no branch or tag.", hint="Leave it out.")
    if source.depth is not None and not 1 <= source.depth <= 1_000_000:
        raise Failure("invalid", "The depth of a clone is at least 1.", hint="Leave it out for all of it.")


def _refused(url: str, why: str, hint: str) -> Failure:
    return Failure("invalid", f"{url[:120]!r} cannot be cloned: {why}.", hint=hint)


def fork_name(name: str) -> str:
    """What to call a fork where nobody said."""
    return f"{name[:100]} (fork)"


def name_of(source: Source) -> str | None:
    """What to call the project where nobody said."""
    if isinstance(source, FromFolder):
        return source.path.name[:100] or None
    if isinstance(source, FromGit):
        last = urlsplit(source.url).path.rstrip("/").rpartition("/")[2].removesuffix(".git")
        return last[:100] or None
    return None
