"""Looking at what the store really holds, a slice at a time, so that reading back costs little memory."""

from __future__ import annotations

from blake3 import blake3

from journeyman.ports.objects import Data, ObjectStore
from journeyman.workspace.archive.limits import MIB
from journeyman.workspace.archive.workers import Workers

SLICE_BYTES = 4 * MIB


async def hash_object(objects: ObjectStore, workers: Workers, key: str, size: int) -> str:
    """BLAKE3 (hex) of the object's bytes, read in slices up to `size` and one byte beyond, so that an
    object of another size has another hash. Raises what the store raises."""
    hasher = blake3()
    for offset in range(0, size + 1, SLICE_BYTES):
        length = min(SLICE_BYTES, size + 1 - offset)
        data = await objects.read(key, offset=offset, length=length)
        await workers.run(lambda data=data: hasher.update(data))
        if len(data) < length:
            break
    return hasher.hexdigest()


async def holds(objects: ObjectStore, key: str, data: Data) -> bool:
    """Whether the object is just `data`, which is as good as its hash and costs less. Raises what the store
    raises."""
    room = bytearray(min(SLICE_BYTES, len(data) + 1))
    for offset in range(0, len(data) + 1, SLICE_BYTES):
        wanted = data[offset : offset + SLICE_BYTES]
        length = min(SLICE_BYTES, len(data) + 1 - offset)
        # Of two views every item is compared by itself.
        size = await objects.read_into(memoryview(room)[:length], key, offset=offset)
        if size != len(wanted) or not room.startswith(wanted):
            return False
    return True
