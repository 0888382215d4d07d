"""Whether a manifest makes sense and is safe to restore: asked before one byte is written.

The guest refuses unsafe paths too; this is the first of two independent walls. The same question is asked
of every manifest we are about to store, so that nothing is archived that could not be restored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from journeyman.workspace.archive import chunker
from journeyman.workspace.archive.layout import PACK_NAME, is_project_id
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import Chunk, Frame, Manifest, Node, Pack, Summary
from journeyman.workspace.archive.packs import MAGIC
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.tree import order, root_hash, shown

_PLACE = attrgetter("frame", "offset")


def check(manifest: Manifest, limits: Limits) -> None:
    """Raises `MalformedError`, naming the entry where there is one."""
    check_made(manifest, limits)
    if root_hash(manifest.nodes) != manifest.summary.root:
        raise MalformedError("its tree does not match its root hash")


def check_made(manifest: Manifest, limits: Limits) -> None:
    """The same of a manifest whose root hash was just made of its very nodes."""
    if manifest.chunker not in chunker.CHUNKERS:
        raise MalformedError(
            f"its files were cut in a way this version does not know ({manifest.chunker[:40]!r})"
        )
    _check_projects(manifest)
    _check_packs(manifest.packs)
    _check_storage(manifest.packs, manifest.frames, manifest.chunks, limits)
    _check_tree(manifest.nodes, limits)
    _check_content(manifest, limits)
    _check_summary(manifest)


def _check_projects(manifest: Manifest) -> None:
    """Other projects it names are projects, and it says that it needs them."""
    others = {pack.owner for pack in manifest.packs} | {manifest.content}
    if any(other is not None and not is_project_id(other) for other in others):
        raise MalformedError("it names a project that is none")
    if manifest.summary.project_id in others:
        raise MalformedError("it names its own project as another")
    if manifest.version > manifest.summary.version:
        raise MalformedError("it needs another project and is of a version that cannot")


def check_changes(
    nodes: Iterable[Node],
    contents: Mapping[int, Chunk],
    packs: Sequence[Pack],
    frames: Sequence[Frame],
    chunks: Sequence[Chunk],
    limits: Limits,
) -> None:
    """What of a manifest was not in the one before, whose rest was checked with that: `nodes`, their chunks
    by number, and what was added to the store for them. Where in the tree they are is not asked."""
    _check_storage(packs, frames, chunks, limits)
    for node in nodes:
        _check_path(node.path, limits)
        _check_own(node, limits)
        if node.kind == "file":
            _check_file(node, contents)


def check_whole(summary: Summary, packs: Sequence[Pack], stored: int, limits: Limits) -> None:
    """What no part of a manifest tells. `stored`: bytes of its frames."""
    _check_packs(packs)
    _check_count(summary.entries, limits)
    _check_size(summary.bytes, limits)
    _check_ratio(summary.bytes, stored, limits)


def _check_packs(packs: Sequence[Pack]) -> None:
    if len({pack.ref for pack in packs}) != len(packs):
        raise MalformedError("a pack is named twice")


def _check_storage(
    packs: Sequence[Pack], frames: Sequence[Frame], chunks: Sequence[Chunk], limits: Limits
) -> None:
    for pack in packs:
        if not PACK_NAME.fullmatch(pack.name) or not len(MAGIC) < pack.size <= limits.pack_bytes:
            raise MalformedError(f"the pack {pack.name[:80]!r} is not one")
    for frame in frames:
        if frame.pack >= len(packs):
            raise MalformedError("a frame is in a pack that is not there")
        if frame.offset < len(MAGIC) or frame.offset + frame.stored > packs[frame.pack].size:
            raise MalformedError("a frame reaches beyond its pack")
        if not 1 <= frame.stored <= _pressed(limits.frame_bytes) or not 1 <= frame.raw <= limits.frame_bytes:
            raise MalformedError("a frame has a size it may not have")
    _check_apart(packs, frames)
    if len({chunk.id for chunk in chunks}) != len(chunks):
        raise MalformedError("a chunk is listed twice")
    end = dict[int, int]()
    for chunk in sorted(chunks, key=_PLACE):
        if chunk.frame >= len(frames):
            raise MalformedError("a chunk is in a frame that is not there")
        if not 1 <= chunk.length <= limits.chunk_bytes:
            raise MalformedError("a chunk has a size it may not have")
        if chunk.offset + chunk.length > frames[chunk.frame].raw:
            raise MalformedError("a chunk reaches beyond its frame")
        if chunk.offset < end.get(chunk.frame, 0):
            raise MalformedError("two chunks lie in each other")
        end[chunk.frame] = chunk.offset + chunk.length


def _pressed(size: int) -> int:
    """The most bytes that many may take when compressed."""
    return size + (size >> 8) + 1024


def _check_apart(packs: Sequence[Pack], frames: Sequence[Frame]) -> None:
    """Frames that lie in each other would count the same stored bytes twice."""
    end = dict.fromkeys(range(len(packs)), 0)
    for frame in sorted(frames, key=attrgetter("pack", "offset")):
        if frame.offset < end[frame.pack]:
            raise MalformedError("two frames lie in each other")
        end[frame.pack] = frame.offset + frame.stored


def _check_tree(nodes: tuple[Node, ...], limits: Limits) -> None:
    _check_count(len(nodes), limits)
    kinds: dict[bytes, str] = {}
    before: bytes | None = None
    for node in nodes:
        path = node.path
        _check_path(path, limits)
        place = order(path)
        if before is not None and place <= before:
            raise MalformedError(f"{shown(path)!r} is there twice or out of order")
        before = place
        parent = path.rpartition(b"/")[0]
        if parent and kinds.get(parent) != "directory":
            raise MalformedError(f"{shown(path)!r} is in what is no directory")
        _check_own(node, limits)
        if node.kind == "hardlink" and kinds.get(node.target) != "file":
            raise MalformedError(f"the hard link {shown(path)!r} joins what is no earlier file")
        kinds[path] = node.kind


def _check_count(entries: int, limits: Limits) -> None:
    if entries > limits.entries:
        raise MalformedError(f"it has more than {limits.entries} entries")


def _check_own(node: Node, limits: Limits) -> None:
    if node.kind == "symlink" and (not 1 <= len(node.target) <= limits.target_bytes or b"\0" in node.target):
        raise MalformedError(f"the link {shown(node.path)!r} has no usable target")
    if node.xattrs:
        _check_xattrs(node, limits)


def _check_path(path: bytes, limits: Limits) -> None:
    names = path.split(b"/")
    if len(path) > limits.path_bytes or len(names) > limits.depth or b"\0" in path:
        raise MalformedError(f"the path {shown(path[:80])!r} is too long, too deep or holds a zero byte")
    if (
        (b"" in names or b"." in names or b".." in names)
        or (len(path) > limits.name_bytes and max(map(len, names)) > limits.name_bytes)
    ):  # fmt: skip
        raise MalformedError(f"the path {shown(path[:80])!r} is not a plain one below the workspace")


def _check_xattrs(node: Node, limits: Limits) -> None:
    if len(node.xattrs) > limits.xattrs_per_entry:
        raise MalformedError(f"{shown(node.path)!r} has too many extended attributes")
    size = 0
    for name, value in node.xattrs:
        raw = _attribute_name(name)
        size += len(raw) + len(value)
        if (
            not raw.startswith(b"user.")
            or raw == b"user."
            or b"\0" in raw
            or len(raw) > limits.xattr_name_bytes
            or len(value) > limits.xattr_value_bytes
        ):
            raise MalformedError(f"{shown(node.path)!r} has an extended attribute that is not allowed")

    if size > limits.xattrs_bytes:
        raise MalformedError(f"the extended attributes of {shown(node.path)!r} are too large")


def _attribute_name(name: str) -> bytes:
    """As the system spells it; empty where it cannot be spelt."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b""


def _check_content(manifest: Manifest, limits: Limits) -> None:
    total = 0
    chunks, count = manifest.chunks, len(manifest.chunks)
    for node in manifest.nodes:
        if node.kind != "file":
            continue
        total += node.size
        _check_size(total, limits)
        for number in node.chunks:
            if number >= count:
                raise MalformedError(f"{shown(node.path)!r} needs a chunk that is not there")
        _check_file(node, chunks)
    _check_ratio(total, sum(frame.stored for frame in manifest.frames), limits)


def _check_file(node: Node, chunks: Sequence[Chunk] | Mapping[int, Chunk]) -> None:
    size, numbers = 0, node.chunks
    for number in numbers:
        size += chunks[number].length
    if size != node.size:
        raise MalformedError(f"the chunks of {shown(node.path)!r} do not make up its size")
    if len(numbers) == 1 and chunks[numbers[0]].id != node.digest:
        raise MalformedError(f"the content of {shown(node.path)!r} does not match its hash")


def _check_size(total: int, limits: Limits) -> None:
    if total > limits.bytes:
        raise MalformedError(f"it holds more than {limits.bytes} bytes of files")


def _check_ratio(total: int, stored: int, limits: Limits) -> None:
    if total > limits.ratio_free_bytes and total > stored * limits.ratio:
        raise MalformedError("it would restore far more bytes than are stored")


def _check_summary(manifest: Manifest) -> None:
    summary, files = manifest.summary, [node for node in manifest.nodes if node.kind == "file"]
    counted = (len(manifest.nodes), len(files), sum(node.size for node in files))
    if counted != (summary.entries, summary.files, summary.bytes):
        raise MalformedError("its summary counts other entries than it has")
