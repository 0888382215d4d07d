"""What every object store keeps to: memory, a local folder, a real S3 server, and, for what it can, one that
knows no conditional put."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from components.s3_server import S3Server
from journeyman.adapters import s3_probe
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.s3_objects import S3Objects
from journeyman.adapters.sealed_objects import SealedObjects
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.testing.objects import MemoryObjects

CONDITIONAL = ["memory", "local", "encrypted", pytest.param("s3", marks=pytest.mark.s3)]
PLAIN = pytest.param("plain_s3", marks=pytest.mark.s3)
conditional = pytest.mark.parametrize("store", CONDITIONAL, indirect=True)
"""Among several writers at once only these let exactly one win; on others a lease keeps them apart."""


@pytest.fixture(params=[*CONDITIONAL, PLAIN])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ObjectStore]:
    made: ObjectStore
    if request.param == "memory":
        made = MemoryObjects()
    elif request.param == "local":
        made = LocalObjects(tmp_path / "not" / "there yet")
    elif request.param == "encrypted":
        made = SealedObjects(MemoryObjects(), bytes(range(32)))
    else:
        server: S3Server = request.getfixturevalue(f"{request.param}_server")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        prefix = tmp_path.name.replace("_", "-")
        made = S3Objects(server.bucket, f"contract/{prefix}", endpoint=server.endpoint)
    yield made
    await made.close()


async def _failure(work: Coroutine[Any, Any, Any]) -> Failure:
    with pytest.raises(Failure) as caught:
        await work
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


async def _keys(store: ObjectStore, prefix: str) -> list[str]:
    return [info.key async for info in store.list(prefix)]


@conditional
async def test_probe_reports_what_is_enforced_and_leaves_nothing(store: ObjectStore) -> None:
    features = await store.probe()
    assert features.conditional_create
    assert features.conditional_replace
    assert features.checksums
    assert await _keys(store, "") == []


@pytest.mark.s3
async def test_a_probe_says_whether_parts_work_and_aborts_old_ones(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    prefix = f"parts/{tmp_path.name.replace('_', '-')}"
    store = S3Objects(s3_server.bucket, prefix, endpoint=s3_server.endpoint)
    client = boto3.client("s3", endpoint_url=s3_server.endpoint, region_name="us-east-1")

    def uploads() -> set[str]:
        listed = client.list_multipart_uploads(Bucket=s3_server.bucket, Prefix=prefix)
        return {each["Key"].rpartition("/")[2] for each in listed.get("Uploads", [])}

    def leave(name: str) -> None:
        client.create_multipart_upload(Bucket=s3_server.bucket, Key=f"{prefix}/{name}")

    try:
        for name in ("probe-left", "packs-of-others"):
            await asyncio.to_thread(leave, name)
        assert (await store.probe()).multipart
        assert await asyncio.to_thread(uploads) == {"probe-left", "packs-of-others"}
        later = datetime.now(UTC) + s3_probe.STALE
        for_probe = f"{prefix}/probe-"
        assert await asyncio.to_thread(
            lambda: s3_probe.multipart(client, s3_server.bucket, for_probe, for_probe + "1", now=later)
        )
        assert await asyncio.to_thread(uploads) == {"packs-of-others"}
        assert await _keys(store, "") == []
    finally:
        await store.close()
        client.close()


@pytest.mark.parametrize("store", [PLAIN], indirect=True)
async def test_what_a_plain_store_does_not_enforce_is_found_out_before_the_first_write(
    store: ObjectStore,
) -> None:
    await store.create("a", b"first")
    assert (await _failure(store.create("a", b"second"))).kind == "conflict"
    assert await store.read("a") == b"first"
    features = await store.probe()
    assert (features.conditional_create, features.conditional_replace) == (False, False)
    assert await _keys(store, "") == ["a"]


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000, 5_000_001])
async def test_what_is_created_is_read_back(store: ObjectStore, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    made = await store.create("p/one/packs/a", data)
    content, info = await store.read_with_info("p/one/packs/a")
    assert content == data
    assert await store.read("p/one/packs/a") == data
    head = await store.head("p/one/packs/a")
    assert head is not None
    assert made.size == info.size == head.size == len(data)
    assert made.etag == info.etag == head.etag
    assert info.modified_at.tzinfo is not None


async def test_what_was_created_is_not_what_becomes_of_the_memory_it_was_in(store: ObjectStore) -> None:
    memory = bytearray(b"abc" * 1_000_000)
    wanted = bytes(memory[5:2_500_000])
    made = await store.create("a", memoryview(memory)[5:2_500_000])
    memory[:] = bytes(len(memory))
    assert made.size == len(wanted)
    assert await store.read("a") == wanted


async def test_a_key_is_created_once(store: ObjectStore) -> None:
    await store.create("a/b", b"first")
    assert (await _failure(store.create("a/b", b"second"))).kind == "conflict"
    assert (await _failure(store.create("a/b", b"first"))).kind == "conflict"
    assert await store.read("a/b") == b"first"


@conditional
async def test_of_many_creators_exactly_one_wins(store: ObjectStore) -> None:
    answers = await asyncio.gather(
        *(store.create("race", b"%d" % number) for number in range(12)), return_exceptions=True
    )
    won = [number for number, answer in enumerate(answers) if not isinstance(answer, BaseException)]
    assert len(won) == 1
    assert all(isinstance(answer, Failure) for number, answer in enumerate(answers) if number not in won)
    assert await store.read("race") == b"%d" % won[0]


async def test_replace_compares_and_swaps(store: ObjectStore) -> None:
    first = await store.replace("HEAD", b"1", etag=None)
    assert (await _failure(store.replace("HEAD", b"x", etag=None))).kind == "conflict"
    second = await store.replace("HEAD", b"2", etag=first.etag)
    assert second.etag != first.etag
    assert (await _failure(store.replace("HEAD", b"x", etag=first.etag))).kind == "conflict"
    assert (await store.read_with_info("HEAD"))[0] == b"2"


async def test_replace_of_what_is_not_there_is_a_conflict(store: ObjectStore) -> None:
    gone = await store.create("gone", b"1")
    await store.delete("gone")
    assert (await _failure(store.replace("gone", b"2", etag=gone.etag))).kind == "conflict"
    assert await store.head("gone") is None


@conditional
async def test_of_many_swaps_from_one_mark_exactly_one_wins(store: ObjectStore) -> None:
    start = await store.replace("HEAD", b"start", etag=None)
    answers = await asyncio.gather(
        *(store.replace("HEAD", b"%d" % number, etag=start.etag) for number in range(12)),
        return_exceptions=True,
    )
    won = [number for number, answer in enumerate(answers) if not isinstance(answer, BaseException)]
    assert len(won) == 1
    assert await store.read("HEAD") == b"%d" % won[0]


async def test_ranges(store: ObjectStore) -> None:
    await store.create("r", b"0123456789")
    assert await store.read("r", offset=3, length=4) == b"3456"
    assert await store.read("r", offset=7) == b"789"
    assert await store.read("r", offset=8, length=50) == b"89"
    assert await store.read("r", offset=2, length=0) == b""
    assert await store.read("r", offset=10, length=5) == b""
    assert await store.read("r", offset=99, length=5) == b""


async def test_ranges_into_memory_of_the_callers(store: ObjectStore) -> None:
    await store.create("r", b"0123456789")
    for offset, size, wanted in [(3, 4, b"3456"), (8, 4, b"89"), (10, 2, b""), (99, 2, b""), (2, 0, b"")]:
        room = memoryview(bytearray(b"....." * 2))
        assert await store.read_into(room[3 : 3 + size], "r", offset=offset) == len(wanted)
        assert bytes(room).strip(b".") == wanted
        assert bytes(room[:3]) == b"...", "nothing is written beside it"


async def test_what_is_not_there(store: ObjectStore) -> None:
    for size in (0, 1):
        absent = store.read_into(memoryview(bytearray(size)), "no/such", offset=0)
        assert (await _failure(absent)).kind == "not_found"
    assert (await _failure(store.read("no/such"))).kind == "not_found"
    assert (await _failure(store.read("no/such", offset=1, length=0))).kind == "not_found"
    assert (await _failure(store.read_with_info("no/such"))).kind == "not_found"
    assert await store.head("no/such") is None
    await store.delete("no/such")


async def test_list_is_by_prefix_in_key_order(store: ObjectStore) -> None:
    keys = ["p/a/m/1", "p/a/m/10", "p/a/n", "p/a/HEAD", "p/ab/HEAD", "q"]
    for key in keys:
        await store.create(key, key.encode())
    assert await _keys(store, "p/a/") == ["p/a/HEAD", "p/a/m/1", "p/a/m/10", "p/a/n"]
    assert await _keys(store, "p/a/m/1") == ["p/a/m/1", "p/a/m/10"]
    assert await _keys(store, "p/a") == ["p/a/HEAD", "p/a/m/1", "p/a/m/10", "p/a/n", "p/ab/HEAD"]
    assert await _keys(store, "nothing/") == []
    assert await _keys(store, "") == sorted(keys)
    sizes = {info.key: info.size async for info in store.list("p/a/m/")}
    assert sizes == {"p/a/m/1": 7, "p/a/m/10": 8}


@conditional
async def test_list_goes_beyond_one_page(store: ObjectStore) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(1050):
            group.create_task(store.create(f"many/{number:05d}", b""))
    assert await _keys(store, "many/") == [f"many/{number:05d}" for number in range(1050)]


async def test_delete(store: ObjectStore) -> None:
    await store.create("d", b"1")
    await store.delete("d")
    assert await store.head("d") is None
    await store.create("d", b"2")
    assert await store.read("d") == b"2"


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", ".journeyman/lock", "a\x00", "ä", "a b", "x" * 600],
)
async def test_strange_keys_are_refused(store: ObjectStore, key: str) -> None:
    for work in (store.create(key, b""), store.read(key), store.head(key), store.delete(key)):
        assert (await _failure(work)).kind == "invalid"


async def test_too_large_an_object_is_refused(store: ObjectStore) -> None:
    assert (await _failure(store.create("big", bytes(64 * 1024 * 1024 + 1)))).kind == "invalid"
    assert await store.head("big") is None


@pytest.mark.parametrize("store", ["local", CONDITIONAL[-1], PLAIN], indirect=True)
async def test_the_loop_is_not_blocked(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system and the network are only touched in threads."""
    loop_thread = threading.get_ident()
    seen: list[int] = []

    def spy(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            seen.append(threading.get_ident())
            return original(*args, **kwargs)

        return wrapped

    if isinstance(store, S3Objects):
        import botocore.httpsession

        target = botocore.httpsession.URLLib3Session
        monkeypatch.setattr(target, "send", spy(target.send))
    else:
        assert isinstance(store, LocalObjects)
        import os

        for name in ("link", "fsync", "unlink"):
            monkeypatch.setattr(os, name, spy(getattr(os, name)))
    await store.create("k", b"1")
    await store.delete("k")
    assert seen
    assert loop_thread not in seen
