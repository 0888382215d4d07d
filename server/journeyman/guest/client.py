"""The daemon's side of a guest: `ports.guest.Guest` over one connection.

Every call has a deadline; a connection that breaks fails every pending call with
`Failure("workspace_failed", retryable=True)`. It must not know which sandbox the guest runs in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.guest import bulk, putting
from journeyman.guest.borrowing import Lender
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection, connect_when_ready
from journeyman.guest.frames import lost, stat_from
from journeyman.guest.inside import wire
from journeyman.guest.lent_restore import LentRestore
from journeyman.guest.listening import GuestPortWatch, listening_ports
from journeyman.guest.processes import GuestProcess, run_to_end
from journeyman.guest.tracking import GuestTracking
from journeyman.guest.tunnel import GuestTunnel
from journeyman.guest.watching import GuestWatch
from journeyman.guest.way_out import GuestWayOut
from journeyman.ports.guest import (
    DirectoryPage,
    DirEntry,
    EntryKind,
    FileContent,
    FileData,
    Finished,
    GlobResult,
    GrepMatch,
    GrepResult,
    Hasher,
    NamedStat,
    Process,
    ProcessSpec,
    Room,
    Stat,
    Take,
    TreeEntry,
    TreeRecords,
)
from journeyman.ports.puts import Put
from journeyman.ports.tunnel import ListeningPort

CALL_S = 60.0
CONNECT_S = 10.0
RESTORE_ENTRIES_MAX = 5_000_000
RESTORE_BYTES_MAX = 1 << 40


class GuestClient:
    """Implements `ports.guest.Guest`. Safe for concurrent use on one event loop."""

    def __init__(
        self, connection: Connection, *, call_s: float = CALL_S, lender: Lender | None = None
    ) -> None:
        self._connection = connection
        self._lender = lender
        self._call_s = call_s
        self._allow: Callable[[int], Awaitable[None]] | None = None

    @classmethod
    async def attach(
        cls,
        socket: Path,
        *,
        timeout_s: float = 30.0,
        alive: Callable[[], bool] | None = None,
        files: Path | None = None,
    ) -> GuestClient:
        """Connect to the guest that listens (or will) on `socket`. `alive()` false ends the wait early.
        `files`: where its /workspace is on this machine, where it is; such a guest may lend files."""
        connection = await connect_when_ready(socket, timeout_s=timeout_s, alive=alive)
        return cls(connection, lender=None if files is None else Lender(socket, files))

    @property
    def connected(self) -> bool:
        return self._connection.alive

    async def _call(
        self, operation: str, arguments: dict[str, Any], take: Callable[[bytes], object] | None = None
    ) -> dict[str, Any]:
        return await self._finish(self._connection.open(operation, arguments), operation, take)

    async def _finish(
        self, channel: Channel, operation: str, take: Callable[[bytes], object] | None = None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._call_s):
                while (data := await channel.receive()) is not None:
                    if take is not None:
                        take(data)
                return await channel.result()
        except TimeoutError:
            raise Failure(
                "timeout",
                f"The workspace did not answer {operation} within {self._call_s:.0f} s.",
                hint="Try again; if it stays so, stop what runs in the workspace.",
                retryable=True,
            ) from None
        except (ValueError, KeyError, TypeError):
            raise lost("an answer cannot be read") from None
        finally:
            channel.close()

    async def ping(self) -> None:
        await self._call("ping", {})

    async def spawn(self, spec: ProcessSpec) -> Process:
        return await GuestProcess.start(self._connection, spec, timeout_s=self._call_s)

    async def spawn_after(self, process: Process, spec: ProcessSpec) -> Process:
        assert isinstance(process, GuestProcess)
        return await GuestProcess.start(self._connection, spec, timeout_s=None, after=process.ident)

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: str = "/workspace",
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        timeout_s: float = 60.0,
        output_bytes_max: int = 1_000_000,
    ) -> Finished:
        spec = ProcessSpec(tuple(argv), cwd=cwd, env=dict(env or {}), stdin=stdin is not None)
        process = await GuestProcess.start(self._connection, spec, timeout_s=self._call_s)
        return await run_to_end(process, stdin, timeout_s=timeout_s, output_bytes_max=output_bytes_max)

    async def kill_all(self, *, terminals: bool = True) -> int:
        return await self.end_all(grace_s=0.0, terminals=terminals)

    async def end_all(self, *, grace_s: float, terminals: bool = True) -> int:
        """As `kill_all`, with SIGTERM and up to `grace_s` seconds first."""
        return int((await self._call("kill_all", {"grace_s": grace_s, "terminals": terminals}))["killed"])

    async def read(
        self,
        path: str,
        *,
        offset: int = 0,
        limit: int | None = None,
        digest: bool = True,
        etag: str | None = None,
    ) -> FileContent:
        content = bytearray()
        arguments = {"path": path, "offset": offset, "limit": limit, "hash": digest, "etag": etag}
        answer = await self._call("read", arguments, content.extend)
        found = answer.get("stat")
        return FileContent(
            data=bytes(content),
            size=int(answer["size"]),
            sha256=str(answer["sha256"] or ""),
            stat=stat_from(found) if isinstance(found, dict) else None,  # pyright: ignore[reportUnknownArgumentType]
        )

    def guard_writes(self, allow: Callable[[int], Awaitable[None]]) -> None:
        self._allow = allow

    async def write(
        self,
        path: str,
        data: bytes,
        *,
        expected_sha256: str | None = None,
        etag: str | None = None,
        mode: int | None = None,
        create: bool = True,
    ) -> Stat:
        if self._allow is not None:
            await self._allow(len(data))
        more = len(data) > wire.PIECE
        arguments = {
            "path": path,
            "expected": expected_sha256,
            "mode": mode,
            "more": more,
            "create": create,
            "etag": etag,
        }
        channel = self._connection.open("write", arguments, data[: wire.PIECE])
        too_late = Failure("timeout", f"Writing {path} took too long.", retryable=True)
        async with channel.within(self._call_s, too_late):
            if more:
                await channel.send(data[wire.PIECE :])
                channel.end()
        return stat_from(await self._finish(channel, "write"))

    async def stat(self, path: str) -> Stat | None:
        found = (await self._call("stat", {"path": path}))["stat"]
        return None if found is None else stat_from(found)

    async def list(self, path: str) -> tuple[DirEntry, ...]:
        entries: list[DirEntry] = []

        def take(data: bytes) -> None:
            for name, kind, size in json.loads(data):
                entries.append(DirEntry(str(name), cast(EntryKind, kind), int(size)))

        await self._call("list", {"path": path}, take)
        return tuple(entries)

    async def make_directory(self, path: str) -> None:
        await self._call("mkdir", {"path": path})

    async def entries(self, path: str, *, after: str | None = None, limit: int = 1000) -> DirectoryPage:
        found: list[NamedStat] = []

        def take(data: bytes) -> None:
            found.extend(NamedStat(str(each["name"]), stat_from(each)) for each in json.loads(data))

        answer = await self._call("entries", {"path": path, "after": after, "limit": limit}, take)
        last = answer["last"]
        return DirectoryPage(tuple(found), None if last is None else str(last), int(answer["unnamed"]))

    async def remove(self, path: str, *, recursive: bool = True) -> None:
        await self._call("remove", {"path": path, "recursive": recursive})

    async def rename(self, source: str, target: str, *, overwrite: bool = True) -> None:
        await self._call("rename", {"source": source, "target": target, "overwrite": overwrite})

    async def replace(self, source: str, target: str) -> None:
        await self._call("rename", {"source": source, "target": target, "replace": True})

    async def grep(
        self,
        pattern: str,
        *,
        path: str = "/workspace",
        glob: str | None = None,
        ignore_case: bool = False,
        limit: int = 100,
    ) -> GrepResult:
        """`GrepMatch.path` is relative to /workspace; `text` is at most 500 characters of the line."""
        arguments = {
            "pattern": pattern,
            "path": path,
            "glob": glob,
            "ignore_case": ignore_case,
            "limit": limit,
        }
        answer = await self._call("grep", arguments)
        matches = tuple(GrepMatch(str(p), int(n), str(text)) for p, n, text in answer["matches"])
        return GrepResult(matches, more_matches=int(answer["more"]), more_files=int(answer["files"]))

    async def glob(self, pattern: str, *, path: str = "/workspace", limit: int = 200) -> GlobResult:
        answer = await self._call("glob", {"pattern": pattern, "path": path, "limit": limit})
        return GlobResult(tuple(str(each) for each in answer["paths"]), more=int(answer["more"]))

    def scan(self, root: str = "/workspace") -> AsyncIterator[TreeEntry]:
        return bulk.scan(self._connection, root)

    async def look(
        self,
        root: str = "/workspace",
        *,
        xattrs: bool = True,
        since_ns: int | None = None,
        bytes_max: int = bulk.LOOK_BYTES_MAX,
    ) -> TreeRecords:
        return await bulk.look(self._connection, root, xattrs=xattrs, since_ns=since_ns, bytes_max=bytes_max)

    async def stands(self, records: bytes, root: str = "/workspace", *, since_ns: int) -> bool | None:
        return await bulk.stands(self._connection, root, records, since_ns)

    def read_many(self, paths: Sequence[bytes], root: str = "/workspace") -> AsyncIterator[FileData]:
        return bulk.read_many(self._connection, paths, root, self._lender)

    def feed(
        self, paths: Sequence[bytes], take: Take, root: str = "/workspace", room: Room | None = None
    ) -> AsyncIterator[None]:
        return bulk.feed(self._connection, paths, take, root, self._lender, room)

    async def begin_restore(
        self, root: str, *, entries_max: int = RESTORE_ENTRIES_MAX, bytes_max: int = RESTORE_BYTES_MAX
    ) -> bulk.GuestRestore:
        return await bulk.GuestRestore.begin(
            self._connection, root, entries_max=entries_max, bytes_max=bytes_max
        )

    async def lend_restore(
        self,
        root: str,
        hasher: Hasher,
        *,
        entries_max: int = RESTORE_ENTRIES_MAX,
        bytes_max: int = RESTORE_BYTES_MAX,
    ) -> LentRestore | None:
        if self._lender is None:
            return None
        return await self._lender.restore(
            root, hasher, entries_max=entries_max, bytes_max=bytes_max, stall_s=bulk.STALL_S
        )

    async def watch(
        self, path: str, *, recursive: bool = True, excludes: Sequence[str] = (), **options: Any
    ) -> GuestWatch:
        """`options`: `poll_s` looks again every so many seconds instead, `directories_max` and `paths_max`
        are the guest's bounds."""
        return await GuestWatch.start(
            self._connection,
            path,
            recursive=recursive,
            excludes=excludes,
            options=options,
            timeout_s=self._call_s,
        )

    async def ports(self) -> tuple[ListeningPort, ...]:
        try:
            return listening_ports((await self._call("ports", {}))["ports"])
        except (ValueError, KeyError, TypeError):
            raise lost("its ports cannot be read") from None

    async def watch_ports(self, **options: Any) -> GuestPortWatch:
        """`options`: `poll_s`, how often it looks."""
        return GuestPortWatch(self._connection.open("watch_ports", options))

    async def connect(self, port: int) -> GuestTunnel:
        return await GuestTunnel.start(
            self._connection, "connect", {"port": port}, timeout_s=min(self._call_s, CONNECT_S)
        )

    async def way_out(self) -> GuestWayOut:
        return await GuestWayOut.start(self._connection, timeout_s=self._call_s)

    async def track(self, **options: Any) -> GuestTracking:
        """`options`: `directories_max` and `paths_max` are the guest's bounds."""
        return await GuestTracking.start(self._connection, options, timeout_s=self._call_s)

    async def put(
        self, puts: Sequence[Put], content: Callable[[bytes], AsyncIterator[bytes]]
    ) -> tuple[str, ...]:
        return await putting.put(self._connection, puts, content)

    async def close(self) -> None:
        self._connection.close()
