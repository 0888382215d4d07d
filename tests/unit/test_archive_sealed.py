"""Encrypted stores: nothing of the content is visible, no change goes unseen, one key for one store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components import independent_reader
from components.archive_kit import PROJECT, Kit, fill, snapshot
from components.independent_unsealer import unsealed
from journeyman.adapters.sealed_objects import SealedObjects
from journeyman.adapters.sealing import (
    HEADER_BYTES,
    SEALED_SEGMENT,
    SEGMENT_BYTES,
    DamagedError,
    StoreKey,
    new_key_file,
    plain_size,
    read_key_file,
    salt_of,
)
from journeyman.failures import Failure
from journeyman.ports.objects import whole
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive.retention import Policy

KEY, OTHER = bytes(range(32)), bytes(32)
STORE = StoreKey.of(KEY, b"salt")
SIZES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES, 200_000]


@pytest.fixture
def memory() -> MemoryObjects:
    return MemoryObjects()


def sealed_kit(base: Path, memory: MemoryObjects, key: bytes = KEY) -> Kit:
    return Kit(base, SealedObjects(memory, key))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_opens_and_its_size_is_known(size: int) -> None:
    data = os.urandom(size)
    sealed = STORE.seal("a", data)
    assert STORE.open("a", sealed) == data
    assert plain_size(len(sealed)) == size
    assert STORE.seal("a", data) != sealed


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_while_it_is_written_is_the_same_every_time(size: int) -> None:
    data = os.urandom(size)
    sealing = STORE.sealing("a", memoryview(data))
    first = b"".join(bytes(piece) for piece in sealing.pieces())
    assert len(sealing) == len(first)
    assert bytes(whole(sealing)) == first
    assert STORE.open("a", first) == data


@pytest.mark.parametrize("size", SIZES)
def test_no_change_of_any_kind_opens(size: int) -> None:
    sealed = STORE.seal("a", os.urandom(size))
    for at in {0, 7, 8, HEADER_BYTES, len(sealed) // 2, len(sealed) - 1}:
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(DamagedError):
            STORE.open("a", bytes(changed))
    body = sealed[HEADER_BYTES:]
    segments = [body[at : at + SEALED_SEGMENT] for at in range(0, len(body), SEALED_SEGMENT)]
    others = [body + b"x", body[:-1], b"", body + segments[0]]
    if len(segments) > 1:
        others += [b"".join(segments[:-1]), b"".join(segments[1:]), b"".join(reversed(segments))]
    for other in others:
        with pytest.raises(DamagedError):
            STORE.open("a", sealed[:HEADER_BYTES] + other)
    with pytest.raises(DamagedError):
        STORE.open("b", sealed)
    with pytest.raises(DamagedError):
        StoreKey.of(OTHER, b"salt").open("a", sealed)


def test_a_range_cannot_be_taken_for_the_end() -> None:
    sealed = STORE.seal("a", os.urandom(3 * SEGMENT_BYTES))
    salt, two = salt_of(sealed), sealed[HEADER_BYTES : HEADER_BYTES + 2 * SEALED_SEGMENT]
    assert len(STORE.open_segments("a", salt, 0, two, ended=False)) == 2 * SEGMENT_BYTES
    with pytest.raises(DamagedError):
        STORE.open_segments("a", salt, 0, two, ended=True)
    with pytest.raises(DamagedError):
        STORE.open_segments("a", salt, 1, two, ended=False)


async def test_every_range_is_what_a_plain_store_gives(memory: MemoryObjects) -> None:
    data = os.urandom(2 * SEGMENT_BYTES + 100)
    key = f"p/x/packs/{'ab' * 32}"
    store = SealedObjects(memory, KEY)
    await store.create(key, data)
    edges = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, len(data) - 1]
    for reader in (store, SealedObjects(memory, KEY)):
        for offset in edges:
            for length in [None, *[each for each in edges if each], len(data) + 5]:
                got = await reader.read(key, offset=offset, length=length)
                assert got == data[offset:][:length], (offset, length)
                room = memoryview(bytearray(len(data) + 10 if length is None else length))
                assert await reader.read_into(room, key, offset=offset) == len(got)
                assert bytes(room) == got.ljust(len(room), b"\0"), (offset, length)


@pytest.mark.parametrize("offset", [0, 1, SEGMENT_BYTES])
async def test_no_change_is_read_into_anybodys_memory(memory: MemoryObjects, offset: int) -> None:
    store, key = SealedObjects(memory, KEY), f"p/x/packs/{'ab' * 32}"
    await store.create(key, os.urandom(2 * SEGMENT_BYTES + 100))
    (name,) = [name for name in memory.objects if "/packs/" in name]
    sealed = memory.objects[name]
    cut = sealed[: HEADER_BYTES + 2 * SEALED_SEGMENT]
    swapped = sealed[:HEADER_BYTES] + sealed[HEADER_BYTES + SEALED_SEGMENT :]
    flipped = sealed[:-20_000] + bytes([sealed[-20_000] ^ 1]) + sealed[-20_000 + 1 :]
    for bad in (cut, swapped, flipped, sealed + b"x", sealed[:-1]):
        memory.objects[name] = bad
        with pytest.raises(Failure) as caught:
            await store.read_into(memoryview(bytearray(3 * SEGMENT_BYTES)), key, offset=offset)
        assert caught.value.kind == "archive_corrupt"


def _visible(memory: MemoryObjects) -> bytes:
    return b"\n".join(key.encode() + data for key, data in memory.objects.items())


async def test_neither_names_nor_content_nor_hashes_of_them_are_visible(
    tmp_path: Path, memory: MemoryObjects
) -> None:
    kit = sealed_kit(tmp_path, memory)
    fill(kit.source)
    (kit.source / "name-of-a-secret").write_text("what it says\n" * 50)
    await kit.archive()
    seen = _visible(memory)
    for secret in (b"name-of-a-secret", b"what it says", b"JMPACK01", b"JMMANI01", b"main.py"):
        assert secret not in seen
    _, folder = await sealed_restore(tmp_path, memory)
    assert snapshot(folder) == snapshot(kit.source)


async def sealed_restore(base: Path, memory: MemoryObjects) -> tuple[object, Path]:
    (base / "again").mkdir()
    return await sealed_kit(base / "again", memory).restore()


async def test_unchanged_files_are_not_sent_again_and_packs_keep_their_names(
    tmp_path: Path, memory: MemoryObjects
) -> None:
    kit = sealed_kit(tmp_path, memory)
    fill(kit.source)
    first = await kit.archive()
    packs = {key for key in memory.objects if "/packs/" in key}
    assert (await kit.archive()).new_bytes == 0 < first.new_bytes
    assert {key for key in memory.objects if "/packs/" in key} == packs
    listed = [info.key async for info in kit.objects.list(f"p/{PROJECT}/packs/")]
    assert len(listed) == len(packs)
    assert not set(listed) & packs
    for key in listed:
        info = await kit.objects.head(key)
        assert info is not None
        assert info.size == len(await kit.objects.read(key))
    report = await kit.engine.verify(PROJECT, None, read_data=True)
    assert report.ok


async def test_a_changed_pack_is_found_and_the_next_archive_takes_another_name(
    tmp_path: Path, memory: MemoryObjects
) -> None:
    kit = sealed_kit(tmp_path, memory)
    fill(kit.source)
    await kit.archive()
    [pack] = [key for key in memory.objects if "/packs/" in key]
    memory.objects[pack] = memory.objects[pack][:-20] + bytes(20)
    assert not (await kit.engine.verify(PROJECT, None, read_data=True)).ok
    with pytest.raises(Failure) as refused:
        await sealed_restore(tmp_path, memory)
    assert refused.value.kind == "archive_corrupt"
    for key in list(memory.objects):
        if "/packs/" not in key and key != "SEALED":
            del memory.objects[key]
    await kit.archive()
    assert sorted(key.partition("packs/")[2][-2:] for key in memory.objects if "/packs/" in key)[0] == "-1"
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


async def test_another_key_and_no_key_are_refused(tmp_path: Path, memory: MemoryObjects) -> None:
    kit = sealed_kit(tmp_path, memory)
    fill(kit.source)
    await kit.archive()
    before = dict(memory.objects)
    for number, objects in enumerate((SealedObjects(memory, OTHER), memory)):
        base = tmp_path / str(number)
        base.mkdir()
        other = Kit(base, objects)
        with pytest.raises(Failure) as refused:
            await other.restore()
        assert refused.value.kind == "store_refused"
        assert "archive_key_file" in (refused.value.hint or "")
        with pytest.raises(Failure) as refused:
            await other.engine.archive("other", other.guest().as_guest(), epoch=1, journal=other.note)
        assert refused.value.kind == "store_refused"
    assert memory.objects == before


async def test_a_key_does_not_begin_beside_what_is_plain(tmp_path: Path, memory: MemoryObjects) -> None:
    kit = Kit(tmp_path, memory)
    fill(kit.source)
    await kit.archive()
    with pytest.raises(Failure) as refused:
        await SealedObjects(memory, KEY).read("p/x/HEAD")
    assert refused.value.kind == "store_refused"
    assert "SEALED" not in memory.objects


async def test_it_is_recovered_by_hand_with_the_key_file(tmp_path: Path, memory: MemoryObjects) -> None:
    file = tmp_path / "key"
    file.write_text(new_key_file())
    kit = sealed_kit(tmp_path, memory, read_key_file(file.read_text(), "key"))
    fill(kit.source)
    (kit.source / "larger").write_bytes(os.urandom(1_500_000))
    await kit.archive()
    target = tmp_path / "target"
    target.mkdir()
    fetch = unsealed(lambda key: memory.objects[key], file)
    independent_reader.recover(fetch, list(memory.objects), PROJECT, target)
    assert snapshot(target) == snapshot(kit.source)


@pytest.mark.parametrize("text", ["", "x", "journeyman-key-v1", f"journeyman-key-v2 {'0' * 64}", "0" * 64])
def test_what_is_no_key_file(text: str) -> None:
    with pytest.raises(Failure) as refused:
        read_key_file(text, "that")
    assert refused.value.kind == "invalid"


async def test_without_the_key_no_archive_is_named_and_a_plain_name_stops_nothing(
    tmp_path: Path, memory: MemoryObjects
) -> None:
    kit = sealed_kit(tmp_path, memory)
    fill(kit.source)
    first = (await kit.archive()).archive_id
    (tmp_path / "other").mkdir()
    without = Kit(tmp_path / "other", memory)
    before = dict(memory.objects)
    with pytest.raises(Failure) as refused:
        await without.engine.keeping.name(PROJECT, first, "what nobody may read")
    assert (refused.value.kind, memory.objects) == ("store_refused", before)

    memory.objects[f"p/{PROJECT}/n/{first}"] = b'{"name":"by another program","version":1}'
    await kit.archive()
    assert await kit.engine.keeping.names(PROJECT) == {first: "?"}
    thinned = await kit.engine.keeping.thin(PROJECT, Policy(1, 0, 0), now=datetime.now(UTC))
    assert (first in thinned.stays, thinned.dropped) == (True, ())
