"""The guest as the daemon sees it: files, processes, search and bulk streams inside one workspace.

Every path is POSIX text, absolute (`/workspace/...`) or relative to `/workspace`. The guest refuses with
`Failure("path_refused")` whatever leads out of the workspace, links included, so nothing above this port
checks paths again. A workspace that went away raises `Failure("workspace_failed", retryable=True)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from journeyman.ports.restoring import Hasher as Hasher
from journeyman.ports.restoring import LentRestore as LentRestore
from journeyman.ports.restoring import ReadBack as ReadBack
from journeyman.ports.restoring import Restore as Restore
from journeyman.ports.restoring import RestoreEntry as RestoreEntry
from journeyman.ports.searching import GlobResult as GlobResult
from journeyman.ports.searching import GrepMatch as GrepMatch
from journeyman.ports.searching import GrepResult as GrepResult
from journeyman.ports.tunnel import ListeningPort, PortWatch, Tunnel, WayOut
from journeyman.ports.writes import Held

if TYPE_CHECKING:
    from journeyman.ports.puts import Put
    from journeyman.ports.tracking import Tracking

EntryKind = Literal["file", "directory", "symlink", "other"]


@dataclass(frozen=True, slots=True)
class Stat:
    kind: EntryKind
    size: int
    mode: int
    """Permission bits only (0o7777)."""
    mtime_ns: int
    sha256: str | None = None
    """Hex digest of the content where it was asked for or just written; None otherwise."""
    etag: str = ""
    """Changes whenever the file does."""
    target: str | None = None
    """Link text of a symlink."""
    target_kind: EntryKind | None = None
    """What a symlink leads to; None where that is nothing in the workspace."""


@dataclass(frozen=True, slots=True)
class NamedStat:
    name: str
    stat: Stat


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    entries: tuple[NamedStat, ...]
    """By name in byte order."""
    last: str | None
    """Where the next page goes on; None at the end."""
    unnamed: int
    """Entries of the directory whose names are not UTF-8 and which no page holds."""


@dataclass(frozen=True, slots=True)
class DirEntry:
    name: str
    kind: EntryKind
    size: int


@dataclass(frozen=True, slots=True)
class FileContent:
    data: bytes
    size: int
    """Size of the whole file in bytes, not of this range."""
    sha256: str
    """Digest of the whole file; empty where it was not asked for."""
    stat: Stat | None = None
    """Of the file that was read."""


ChangeKind = Literal["created", "changed", "deleted"]
WatchedBy = Literal["events", "polling"]


@dataclass(frozen=True, slots=True)
class Change:
    kind: ChangeKind
    """`created` also where something was replaced; `deleted` is meant for all below the path too."""
    path: str
    """Relative to /workspace."""


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    changes: tuple[Change, ...]
    """To be applied in order."""
    overflow: bool
    """More happened than could be kept: look at everything again, before these changes."""


class Watch(Protocol):
    """A part of the workspace that is watched, until it is closed or the workspace goes away."""

    @property
    def by(self) -> WatchedBy: ...

    @property
    def directories(self) -> int:
        """How many are watched."""
        ...

    def changes(self) -> AsyncIterator[ChangeBatch]:
        """What happens from the start on. Who takes it late gets it coalesced, and at worst an overflow.
        Raises `overloaded` when there is too much to watch by now."""
        ...

    def close(self) -> None: ...


class TreeEntry(NamedTuple):
    """One entry of a scan. `path` is relative to the scan's root, as bytes: names need not be UTF-8."""

    path: bytes
    kind: EntryKind
    size: int
    mode: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    nlink: int
    target: bytes = b""
    """Link text of a symlink."""
    xattrs: Mapping[str, bytes] = MappingProxyType({})
    """`user.*` extended attributes of files and directories."""


class TreeRecords(NamedTuple):
    """A scan, opaque. Extended attributes are apart: a change of them changes the ctime of their entry, so
    equal `records` mean that nothing moved, also where attributes were not asked for."""

    records: bytes
    attributes: bytes


class FileData(NamedTuple):
    """A piece of a file in a bulk read. Pieces of one file come in order; `last` ends the file.
    `error` (then `last` is set) says why the file could not be read to its end."""

    path: bytes
    data: bytes
    last: bool
    error: str | None = None


Take = Callable[[bytes, bytes | memoryview, bool, str | None], None]
"""Gets the fields of a `FileData`, with bytes that are good until it returns."""
Room = Callable[[], memoryview]
"""Where the next piece may be put, more than a MiB; then `Take` gets a view of the beginning of it."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    argv: tuple[str, ...]
    cwd: str = "/workspace"
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to the guest's own clean environment."""
    stdin: bool = False
    """Whether a writable standard input is wanted; otherwise it is /dev/null."""
    extra_fd: bool = False
    """Whether the process gets file descriptor 3 for a side channel (see `Exit.extra`)."""
    tells_end: bool = False
    """The last it says there is its exit code between two NULs; then it closes its output. That counts as its
    end, however long the system takes to clear it away; without that, its end does."""
    merge_output: bool = True
    """Standard error goes into standard output, in the order it was written."""
    pty: tuple[int, int] | None = None
    """Columns and rows of a terminal of its own: then input, output and errors are that."""
    bound: bool = False
    """It belongs to whoever listens: dropped, it is hung up on, and killed 2 s later with all that came of
    it. `kill_all` can spare it."""
    log: str | None = None
    """A plain name: all output is kept under it too, once it is long (see `Process.log`)."""


@dataclass(frozen=True, slots=True)
class Exit:
    code: int
    """Exit code; minus the signal number when a signal ended it."""
    extra: bytes = b""
    """What the process wrote to file descriptor 3, at most 1 MiB."""


class Process(Protocol):
    """A process group in the workspace. Output not yet read is bounded by the guest's flow control."""

    @property
    def pid(self) -> int: ...

    @property
    def log(self) -> str | None:
        """The file in the workspace that all output is kept in; None while there is none. Nothing beyond
        64 MiB is kept."""
        ...

    def output(self) -> AsyncIterator[bytes]:
        """Output as it comes. Ends when the process ended and what it wrote was delivered; a child
        that keeps the pipe open does not hold it open."""
        ...

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """To its standard input; after the `last` comes its end, as by `close_stdin`."""
        ...

    def hold(self, data: bytes) -> Held:
        """All there is to `write`, at most 256 KiB, to go later."""
        ...

    async def close_stdin(self) -> None: ...

    async def signal(self, number: int) -> None:
        """Signal the whole process group. No error when it is gone already."""
        ...

    async def signal_tree(self, number: int) -> None:
        """Signal every process of its session and their descendants, jobs of a shell included."""
        ...

    def end(self, grace_s: float) -> None:
        """Hang up on the whole tree, and kill what is left of it after `grace_s` seconds. Does not wait."""
        ...

    def drop(self) -> None:
        """Nobody wants its output any more. A bound one is ended by that; others go on."""
        ...

    def resize(self, cols: int, rows: int) -> None:
        """The terminal has another size now; its foreground gets SIGWINCH."""
        ...

    async def wait(self) -> Exit: ...


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that was run to its end (or killed at its timeout: then `timed_out`)."""

    code: int
    output: bytes
    """Standard output and error together, cut in the middle at the limit asked for."""
    truncated_bytes: int
    seconds: float
    timed_out: bool = False


class Guest(Protocol):
    """A connection to the guest of one workspace. Safe for concurrent use."""

    async def ping(self) -> None: ...

    async def spawn(self, spec: ProcessSpec) -> Process:
        """Start a process in its own process group. Unknown program: exit code 127, not an exception."""
        ...

    async def spawn_after(self, process: Process, spec: ProcessSpec) -> Process:
        """As `spawn`, once `process`, one of this guest's, has ended; waits as long as that takes."""
        ...

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
        """Run to the end; at the timeout the process group is killed and `timed_out` is set."""
        ...

    async def kill_all(self, *, terminals: bool = True) -> int:
        """Kill every process this guest started, with `terminals` false all but the bound ones; answers
        how many there were."""
        ...

    async def read(
        self,
        path: str,
        *,
        offset: int = 0,
        limit: int | None = None,
        digest: bool = True,
        etag: str | None = None,
    ) -> FileContent:
        """Bytes [offset, offset+limit) of a regular file. Missing: `not_found`; directory: `invalid`.
        The digest is of the whole file, which is read for it; leave it out for ranges of large ones.
        A file with another `etag` is a `conflict`."""
        ...

    def guard_writes(self, allow: Callable[[int], Awaitable[None]]) -> None:
        """Ask `allow` with the number of bytes before every `write`; what it raises ends it."""
        ...

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
        """Replace a file atomically, making parent directories; keeps the mode of a file that exists.
        `expected_sha256` must match what is there now ("" means: must not exist), and so must
        `etag`, else `conflict`; of writers with the same expectation exactly one succeeds.
        Without `create`, what is not there is `not_found`."""
        ...

    async def stat(self, path: str) -> Stat | None:
        """What is at `path`, links not followed; None when nothing is."""
        ...

    async def list(self, path: str) -> tuple[DirEntry, ...]: ...

    async def entries(self, path: str, *, after: str | None = None, limit: int = 1000) -> DirectoryPage:
        """A page of a directory: up to `limit` (at most 5,000) entries whose names sort after `after`."""
        ...

    async def make_directory(self, path: str) -> None:
        """With parents; no error when it is there."""
        ...

    async def remove(self, path: str, *, recursive: bool = True) -> None:
        """A file, a link (not what it points to) or a directory with all in it; one that is not empty is
        a `conflict` without `recursive`."""
        ...

    async def rename(self, source: str, target: str, *, overwrite: bool = True) -> None:
        """Move; parents of the target are made. Without `overwrite`, something there is a `conflict`."""
        ...

    async def replace(self, source: str, target: str) -> None:
        """Move, and remove whatever was at the target, a directory with all in it too."""
        ...

    async def grep(
        self,
        pattern: str,
        *,
        path: str = "/workspace",
        glob: str | None = None,
        ignore_case: bool = False,
        limit: int = 100,
    ) -> GrepResult:
        """Lines matching a regular expression, files newest first, git-ignored ones left out.
        A pattern that does not parse: `invalid`."""
        ...

    async def glob(self, pattern: str, *, path: str = "/workspace", limit: int = 200) -> GlobResult: ...

    def scan(self, root: str = "/workspace") -> AsyncIterator[TreeEntry]:
        """Every entry below `root` (not `root` itself), parents before children, names in byte order,
        links not followed."""
        ...

    async def look(
        self,
        root: str = "/workspace",
        *,
        xattrs: bool = True,
        since_ns: int | None = None,
        bytes_max: int = 1 << 30,
    ) -> TreeRecords:
        """The same as a `scan`, as the guest wrote it (`guest.frames.tree_entries` reads it). With `since_ns`
        only with the extended attributes of what has a ctime of then or later. More than `bytes_max`:
        `invalid`."""
        ...

    async def stands(self, records: bytes, root: str = "/workspace", *, since_ns: int) -> bool | None:
        """Whether a `look` would tell these very records again. Directories with times of `since_ns` or later
        are listed for it; of others those times say whether names came or went. None where that cannot be
        told."""
        ...

    def read_many(self, paths: Sequence[bytes], root: str = "/workspace") -> AsyncIterator[FileData]:
        """Content of many regular files in the order asked for, flow-controlled."""
        ...

    def feed(
        self, paths: Sequence[bytes], take: Take, root: str = "/workspace", room: Room | None = None
    ) -> AsyncIterator[None]:
        """As `read_many`, for who needs no copy: each piece goes to `take`, one after the other, in whatever
        thread has it. Where one is read anyway, it may be read to `room`, which is asked just before. Yields
        after a few MiB, while nothing is taken; what `take` raises is raised."""
        ...

    async def begin_restore(self, root: str) -> Restore:
        """Open a bulk write into `root`, which must be an empty directory."""
        ...

    async def lend_restore(self, root: str, hasher: Hasher) -> LentRestore | None:
        """As `begin_restore`, with files that are read back as they are written; None where the guest cannot
        lend any. `hasher` is used up by it."""
        ...

    async def watch(self, path: str, *, recursive: bool = True, excludes: Sequence[str] = ()) -> Watch:
        """Watch a directory, or one name that need not be there yet. Links are not followed below it.
        Excludes without a slash hide names at any depth, others are globs over paths from /workspace.
        More than 20,000 directories: `overloaded`."""
        ...

    async def ports(self) -> tuple[ListeningPort, ...]:
        """Where programs in the workspace listen, by port; the guest's own are left out, and so are
        addresses that `connect` does not reach."""
        ...

    async def watch_ports(self) -> PortWatch: ...

    async def connect(self, port: int) -> Tunnel:
        """Dial a port on the workspace's own loopback. Nothing listens there: `not_found`."""
        ...

    async def way_out(self) -> WayOut:
        """Answer what connects to the proxy inside, from now on, and instead of whoever did before."""
        ...

    async def track(self) -> Tracking:
        """Watch everything from now on. `overloaded`: too much; `invalid`: an older guest without this."""
        ...

    async def put(
        self, puts: Sequence[Put], content: Callable[[bytes], AsyncIterator[bytes]]
    ) -> tuple[str, ...]:
        """Make each true, in order and in one step, no link followed; answers a `PutOutcome` or an error."""
        ...

    async def close(self) -> None:
        """Drop the connection; the guest and its processes go on."""
        ...
