"""What every sandbox must do, whatever isolates it."""

from __future__ import annotations

import asyncio

import pytest

from components.sandbox import PROJECT, Bench, kinds
from journeyman.failures import Failure
from journeyman.guest.bulk import LEND_FROM
from journeyman.guest.client import GuestClient
from journeyman.guest.connection import Connection
from journeyman.ports.guest import ProcessSpec

pytestmark = pytest.mark.parametrize("bench", kinds("direct", "bubblewrap", "docker"), indirect=True)


async def state_of(bench: Bench, instance_id: str) -> str:
    return {each.id: each.state for each in await bench.sandbox.list()}[instance_id]


async def test_an_instance_goes_from_created_to_running_to_stopped(bench: Bench) -> None:
    spec = await bench.spec(PROJECT, name=PROJECT)
    instance = await bench.sandbox.create(spec)
    assert (instance.name, instance.project_id, instance.generation, instance.epoch) == (
        PROJECT,
        PROJECT,
        1,
        1,
    )
    assert await state_of(bench, instance.id) == "created"
    await bench.sandbox.start(instance.id)
    await bench.sandbox.start(instance.id)
    assert await state_of(bench, instance.id) == "running"
    guest = await bench.attach(instance.id)
    await guest.ping()
    await bench.sandbox.stop(instance.id, grace_s=0.5)
    await bench.sandbox.stop(instance.id, grace_s=0.5)
    assert await state_of(bench, instance.id) == "stopped"


async def test_probe_says_it_can_be_used_and_names_its_tier(bench: Bench) -> None:
    report = await bench.sandbox.probe()
    assert report.available
    assert report.tier


async def test_a_name_is_given_once(bench: Bench) -> None:
    spec = await bench.spec(PROJECT)
    await bench.sandbox.create(spec)
    with pytest.raises(Failure) as refused:
        await bench.sandbox.create(spec)
    assert refused.value.kind == "conflict"


async def test_a_name_can_be_used_again_after_removal(bench: Bench) -> None:
    first, _ = await bench.running(PROJECT)
    await bench.sandbox.remove(first.id)
    assert await bench.sandbox.find(PROJECT) is None
    second, guest = await bench.running(PROJECT)
    assert second.id != first.id
    await guest.ping()


async def test_removal_is_by_id_twice_and_keeps_the_files(bench: Bench) -> None:
    instance, guest = await bench.running(PROJECT)
    await guest.write("kept.txt", b"still here")
    await bench.sandbox.remove(instance.id)
    await bench.sandbox.remove(instance.id)
    await bench.sandbox.remove("0" * 64)
    path = await bench.generations.path(PROJECT, instance.generation)
    assert (path / "kept.txt").read_bytes() == b"still here"


async def test_find_and_list_tell_instances_apart(bench: Bench) -> None:
    one = await bench.sandbox.create(await bench.spec(PROJECT))
    two = await bench.sandbox.create(await bench.spec(PROJECT, name=f"{PROJECT}-staged"))
    assert await bench.sandbox.find(PROJECT) == one
    assert await bench.sandbox.find(f"{PROJECT}-staged") == two
    assert await bench.sandbox.find("p-2") is None
    assert {each.id for each in await bench.sandbox.list()} == {one.id, two.id}


async def test_another_adapter_on_the_same_data_finds_them(bench: Bench) -> None:
    instance, guest = await bench.running(PROJECT)
    await guest.write("a", b"1")
    await bench.sandbox.stop(instance.id, grace_s=0.5)
    later = bench.again()
    try:
        found = await later.find(PROJECT)
        assert found is not None
        assert (found.id, found.state, found.generation) == (instance.id, "stopped", instance.generation)
        await later.start(found.id)
        again = await later.attach(found.id)
        assert (await again.read("a")).data == b"1"
        await again.close()
        await later.remove(found.id)
    finally:
        await later.close()


async def test_a_stopped_instance_starts_again_with_its_files(bench: Bench) -> None:
    instance, guest = await bench.running(PROJECT)
    await guest.write("a/b", b"kept")
    await bench.sandbox.stop(instance.id, grace_s=0.5)
    with pytest.raises(Failure) as gone:
        await guest.ping()
    assert (gone.value.kind, gone.value.retryable) == ("workspace_failed", True)
    await bench.sandbox.start(instance.id)
    again = await bench.attach(instance.id)
    assert (await again.read("a/b")).data == b"kept"


async def test_stopping_asks_politely_first(bench: Bench) -> None:
    instance, guest = await bench.running(PROJECT)
    script = "trap 'echo asked > asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    process = await guest.spawn(ProcessSpec(("bash", "-c", script)))
    output = process.output()
    assert await anext(output) == b"ready\n"
    await bench.sandbox.stop(instance.id, grace_s=5)
    assert (await bench.generations.path(PROJECT, instance.generation) / "asked").read_bytes() == b"asked\n"


async def test_a_paused_instance_stands_still_and_goes_on(bench: Bench) -> None:
    instance, guest = await bench.running(PROJECT)
    script = "i=0; while :; do i=$((i+1)); echo $i > count; done"
    await guest.spawn(ProcessSpec(("bash", "-c", script)))
    count = await bench.generations.path(PROJECT, instance.generation) / "count"
    async with asyncio.timeout(90):
        while not count.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await bench.sandbox.pause(instance.id)
    assert await state_of(bench, instance.id) == "paused"
    before = count.stat().st_mtime_ns
    await asyncio.sleep(0.2)
    assert count.stat().st_mtime_ns == before
    await bench.sandbox.resume(instance.id)
    assert await state_of(bench, instance.id) == "running"
    async with asyncio.timeout(90):
        while count.stat().st_mtime_ns == before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await guest.ping()


async def test_attaching_to_what_does_not_run_is_refused(bench: Bench) -> None:
    instance = await bench.sandbox.create(await bench.spec(PROJECT))
    with pytest.raises(Failure) as refused:
        await bench.sandbox.attach(instance.id)
    assert refused.value.kind == "workspace_failed"


async def test_starting_what_is_not_there_is_refused(bench: Bench) -> None:
    with pytest.raises(Failure) as refused:
        await bench.sandbox.start("0" * 64)
    assert refused.value.kind == "workspace_failed"


async def test_several_clients_share_one_guest(bench: Bench) -> None:
    instance, first = await bench.running(PROJECT)
    second = await bench.attach(instance.id)
    await first.write("x", b"1")
    assert (await second.read("x")).data == b"1"
    await first.close()
    await second.ping()
    assert isinstance(second, GuestClient)


async def test_its_guest_lends_files(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these may come over the connection everything else goes over."""
    _, guest = await bench.running(PROJECT)
    made = await guest.run(
        ["bash", "-ec", f"for i in $(seq {LEND_FROM}); do head -c 100000 /dev/zero > f$i; done"]
    )
    assert made.code == 0, made.output
    paths = [b"f%d" % number for number in range(1, LEND_FROM + 1)]
    with monkeypatch.context() as patched:
        patched.delattr(Connection, "open")
        pieces = [piece async for piece in guest.read_many(paths)]
    assert [(piece.path, len(piece.data), piece.error) for piece in pieces] == [
        (path, 100_000, None) for path in paths
    ]
