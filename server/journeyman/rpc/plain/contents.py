"""Documents of workspaces for editors that open what is no file of theirs (`workspace/textDocumentContent`).

`journeyman://PROJECT/path/of/file` is the file as it is in the workspace now; `?before=CHAT` what the changes
of that chat are counted from, which is the left side of a diff.
"""

from __future__ import annotations

from urllib.parse import parse_qs, quote, unquote, urlsplit

from lsprotocol import types

from journeyman.failures import Failure
from journeyman.rpc.router import Context
from journeyman.workspace.files import Files

SCHEME = "journeyman"
BYTES_MAX = 4 * 1024 * 1024


def uri_of(project_id: str, path: str, *, before: str | None = None) -> str:
    side = "" if before is None else f"?before={before}"
    return f"{SCHEME}://{project_id}/{quote(path)}{side}"


async def content(
    context: Context, params: types.TextDocumentContentParams
) -> types.TextDocumentContentResult:
    parts = urlsplit(params.uri)
    project_id, path = parts.netloc, unquote(parts.path).lstrip("/")
    if parts.scheme != SCHEME or not project_id or not path:
        raise Failure(
            "invalid", f"{params.uri[:200]} is no document of a workspace.", hint=f"{SCHEME}://PROJECT/path"
        )
    await context.services.projects.get(project_id)
    side = parse_qs(parts.query).get("before", [])
    data = await _now(context, project_id, path) if not side else await _before(context, side[0], path)
    try:
        return types.TextDocumentContentResult(text=data.decode())
    except UnicodeDecodeError:
        raise Failure("invalid", f"{path} is no text.", hint="workspace/readFile gives its bytes.") from None


async def _now(context: Context, project_id: str, path: str) -> bytes:
    found = await Files(context.services.manager).read(
        project_id, path, offset=0, limit=BYTES_MAX, digest=False
    )
    if found.size > len(found.data):
        raise Failure(
            "invalid",
            f"{path} is larger than {BYTES_MAX >> 20} MiB.",
            hint="workspace/readFile gives parts of it.",
        )
    return found.data


async def _before(context: Context, chat_id: str, path: str) -> bytes:
    found = await context.services.changes.before(chat_id, path.encode())
    if found is None:
        raise Failure("not_found", f"The chat left nothing to decide of {path}.", hint="See changes/list.")
    return found
