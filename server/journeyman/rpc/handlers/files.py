"""workspace/readFile, writeFile and what else an editor's file system asks for."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from journeyman.failures import Failure
from journeyman.ports.guest import Stat
from journeyman.rpc import wire
from journeyman.rpc.handlers.answers import decoded
from journeyman.rpc.refusals import Refusal, refuse
from journeyman.rpc.router import Context, Handler
from journeyman.workspace.files import ContentModified, Files, Write
from journeyman_protocol.base import Empty
from journeyman_protocol.errors import ErrorCode
from journeyman_protocol.files import (
    DeleteParams,
    DirectoryEntry,
    DirectoryPage,
    FileStat,
    PathRef,
    ReadDirectoryParams,
    ReadFileParams,
    ReadFileResult,
    RenameParams,
    WriteFileParams,
    WriteFileResult,
)


async def read_file(context: Context, params: ReadFileParams) -> ReadFileResult:
    files = await _files(context, params.project_id)
    try:
        content = await files.read(
            params.project_id,
            params.path,
            offset=params.offset,
            limit=params.limit,
            digest=params.hash,
            etag=params.etag,
        )
    except ContentModified as modified:
        raise _modified(modified) from modified
    if content.stat is None:
        raise Failure("workspace_failed", "The workspace did not say what it read.", retryable=True)
    data = content.data
    if params.encoding == "utf8":
        data, text = _text(data, params.path, at_end=params.offset + len(data) >= content.size)
    else:
        text = base64.b64encode(data).decode()
    return ReadFileResult(
        content=text,
        encoding=params.encoding,
        bytes=len(data),
        size=content.size,
        sha256=content.sha256 or None,
        etag=content.stat.etag,
        mtime=_time(content.stat),
    )


async def write_file(context: Context, params: WriteFileParams) -> WriteFileResult:
    files = await _files(context, params.project_id)
    if params.encoding == "utf8":
        data = params.content.encode()
    else:
        data = decoded(params.content, f"the content of {params.path!r}", "content")
    write = Write(
        data,
        expected_sha256=params.expected_sha256,
        etag=params.etag,
        create=params.create,
        overwrite=params.overwrite,
        executable=params.executable,
    )
    try:
        stat = await files.write(params.project_id, params.path, write)
    except ContentModified as modified:
        raise _modified(modified) from modified
    return WriteFileResult(stat=_stat(stat), sha256=stat.sha256 or "")


async def read_directory(context: Context, params: ReadDirectoryParams) -> DirectoryPage:
    files = await _files(context, params.project_id)
    page, cursor = await files.directory(
        params.project_id, params.path, cursor=params.cursor, limit=params.limit
    )
    items = [DirectoryEntry(name=entry.name, stat=_stat(entry.stat)) for entry in page.entries]
    return DirectoryPage(items=items, next_cursor=cursor, unnamed=page.unnamed)


async def stat(context: Context, params: PathRef) -> FileStat:
    files = await _files(context, params.project_id)
    return _stat(await files.stat(params.project_id, params.path))


async def create_directory(context: Context, params: PathRef) -> FileStat:
    files = await _files(context, params.project_id)
    return _stat(await files.create_directory(params.project_id, params.path))


async def rename(context: Context, params: RenameParams) -> FileStat:
    files = await _files(context, params.project_id)
    moved = await files.rename(params.project_id, params.path, params.new_path, overwrite=params.overwrite)
    return _stat(moved)


async def delete(context: Context, params: DeleteParams) -> Empty:
    files = await _files(context, params.project_id)
    await files.delete(params.project_id, params.path, recursive=params.recursive)
    return Empty()


async def _files(context: Context, project_id: str) -> Files:
    await context.services.projects.get(project_id)
    return Files(context.services.manager)


def _text(data: bytes, path: str, *, at_end: bool) -> tuple[bytes, str]:
    """The text of a range, and the bytes it stands for: without a character that is cut at its end."""
    try:
        return data, data.decode()
    except UnicodeDecodeError as error:
        if not at_end and error.reason == "unexpected end of data" and error.start > 0:
            return data[: error.start], data[: error.start].decode()
        raise Failure("invalid", f"{path} is not UTF-8 here.", hint="`encoding`: ask for base64.") from error


def _time(value: Stat) -> str:
    # A workspace may set any time at all; the protocol knows the years of four digits.
    seconds = min(max(value.mtime_ns / 1e9, -62135596800), 253402300799)
    return wire.timestamp(datetime.fromtimestamp(seconds, UTC))


def _stat(value: Stat) -> FileStat:
    return FileStat(
        kind=value.kind,
        size=value.size,
        mode=value.mode,
        mtime=_time(value),
        etag=value.etag,
        target=value.target,
        target_kind=value.target_kind,
    )


def _modified(modified: ContentModified) -> Refusal:
    """LSP's ContentModified, with what the client has to look at before it tries again."""
    found = modified.current
    current: dict[str, Any] = {} if found is None else {**_stat(found).wire(), "sha256": found.sha256}
    return refuse(
        "conflict", modified.message, modified.hint, code=ErrorCode.CONTENT_MODIFIED, current=current
    )


HANDLERS: dict[str, Handler] = {
    "workspace/readFile": read_file,
    "workspace/writeFile": write_file,
    "workspace/readDirectory": read_directory,
    "workspace/stat": stat,
    "workspace/createDirectory": create_directory,
    "workspace/rename": rename,
    "workspace/delete": delete,
}
