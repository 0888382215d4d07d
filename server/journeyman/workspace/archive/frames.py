"""Fetching chunks: ranges of packs, decompressed within bounds, every chunk checked against its id."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.rooms import Recycled
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import corrupt
from journeyman.workspace.archive.model import Chunk, Manifest
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers, task_group
from journeyman.workspace.archive.zstd import decompress_into

WINDOW_FRAMES = 4
"""Frames fetched side by side. With `KEPT_FRAMES` this bounds the memory of a restore."""
KEPT_FRAMES = 4


class FrameSource:
    """Chunks of one manifest. Keeps the frames used last."""

    def __init__(self, objects: ObjectStore, workers: Workers, manifest: Manifest, limits: Limits) -> None:
        self._objects = objects
        self._workers = workers
        self._manifest = manifest
        self._key = layout.content_key(manifest.content_project)
        self._limits = limits
        self._chunks_of: dict[int, list[Chunk]] = {}
        for chunk in manifest.chunks:
            self._chunks_of.setdefault(chunk.frame, []).append(chunk)
        self._kept: OrderedDict[int, memoryview] = OrderedDict()
        frames = manifest.frames
        self._stored = Recycled(max((frame.stored for frame in frames), default=1), WINDOW_FRAMES)
        self._raw = Recycled(max((frame.raw for frame in frames), default=1), WINDOW_FRAMES)
        """A frame goes there while nobody has a view of another one that did."""

    def windows(self, numbers: Sequence[int]) -> Iterable[Sequence[int]]:
        """Cut a sequence of chunk numbers so that each part needs at most `WINDOW_FRAMES` frames."""
        start = 0
        needed: set[int] = set()
        for at, number in enumerate(numbers):
            frame = self._manifest.chunks[number].frame
            if frame not in needed and len(needed) == WINDOW_FRAMES:
                yield numbers[start:at]
                start, needed = at, set[int]()
            needed.add(frame)
        if start < len(numbers):
            yield numbers[start:]

    def cost(self, numbers: Sequence[int]) -> int:
        """How many bytes will be decompressed for `windows(numbers)`, one `fetch` after the other."""
        raw = [frame.raw for frame in self._manifest.frames]
        kept: OrderedDict[int, None] = OrderedDict()
        total = 0
        for window in self.windows(numbers):
            needed = {self._manifest.chunks[number].frame for number in window}
            total += sum(raw[frame] for frame in needed if frame not in kept)
            for frame in sorted(needed):
                kept[frame] = None
                kept.move_to_end(frame)
            while len(kept) > KEPT_FRAMES:
                kept.popitem(last=False)
        return total

    async def fetch(self, numbers: Iterable[int]) -> Mapping[int, memoryview]:
        """The content of these chunks (of one window), by number. Raises `archive_corrupt`."""
        wanted = sorted(set(numbers))
        needed = {self._manifest.chunks[number].frame for number in wanted}
        frames = {frame: self._kept[frame] for frame in needed if frame in self._kept}

        async def get(frame: int) -> None:
            frames[frame] = await self._frame(frame)

        async with task_group() as group:
            for frame in sorted(needed - frames.keys()):
                group.create_task(get(frame))
        for frame in sorted(frames):
            self._kept[frame] = frames[frame]
            self._kept.move_to_end(frame)
        while len(self._kept) > KEPT_FRAMES:
            self._kept.popitem(last=False)
        return {number: self._cut(frames, self._manifest.chunks[number]) for number in wanted}

    @staticmethod
    def _cut(frames: Mapping[int, memoryview], chunk: Chunk) -> memoryview:
        return frames[chunk.frame][chunk.offset : chunk.offset + chunk.length]

    async def _frame(self, number: int) -> memoryview:
        frame = self._manifest.frames[number]
        key = layout.stored_at(self._manifest.summary.project_id, self._manifest.packs[frame.pack].ref)
        try:
            stored = self._stored.take()[: frame.stored]
            size = await self._objects.read_into(stored, key, offset=frame.offset)
        except Failure as failure:
            if failure.kind != "not_found":
                raise
            raise corrupt(key, "it is not there") from failure
        if size != frame.stored:
            raise corrupt(key, "it is shorter than it was")
        try:
            return await self._workers.run(lambda: self._open(number, stored))
        except MalformedError as error:
            raise corrupt(key, str(error)) from error

    def _open(self, number: int, stored: memoryview) -> memoryview:
        """Decompress and check every chunk that this manifest uses."""
        content = self._raw.take()[: self._manifest.frames[number].raw]
        decompress_into(content, stored, self._limits.window_bytes)
        hasher = blake3(key=self._key)
        for chunk in self._chunks_of.get(number, ()):
            hasher.update(content[chunk.offset : chunk.offset + chunk.length])
            if hasher.digest() != chunk.id:
                raise MalformedError("a chunk does not match its hash")
            hasher.reset()
        return content
