"""Tracking the workspace: whoever keeps a picture and asks what moved always ends up with the right one."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from components.sandbox import Bench, kinds
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import ProcessSpec, TreeEntry
from journeyman.ports.tracking import Moved

PATIENCE_S = 60


async def shell(guest: GuestClient, script: str) -> None:
    done = await guest.run(["bash", "-c", script], timeout_s=PATIENCE_S)
    assert done.code == 0, done.output


async def looked(guest: GuestClient) -> dict[bytes, TreeEntry]:
    return {entry.path: entry async for entry in guest.scan()}


def plain(picture: dict[bytes, TreeEntry]) -> dict[bytes, TreeEntry]:
    """Without what only says that something in a directory came or went."""
    return {
        path: entry._replace(size=0, mtime_ns=0, ctime_ns=0, nlink=0) if entry.kind == "directory" else entry
        for path, entry in picture.items()
    }


def applied(picture: dict[bytes, TreeEntry], moved: Moved) -> dict[bytes, TreeEntry]:
    kept = {
        path: entry
        for path, entry in picture.items()
        if path not in moved.gone and not any(path.startswith(gone + b"/") for gone in moved.gone)
    }
    return kept | {entry.path: entry for entry in moved.entries}


SCRIPTS = [
    "mkdir -p a/b/c && echo one > a/b/c/one && ln -s one a/b/c/link",
    "echo two >> a/b/c/one; chmod 700 a/b; touch new; mkdir empty",
    "mv a/b moved; mkdir a/b; echo other > a/b/other",
    "rm -r moved; mkdir moved; echo three > moved/three",
    "rm -r a && echo file > a",
    "mv new newer; rm a; ln -s moved a; rm empty -r; setfattr -n user.x -v y newer 2>/dev/null || true",
    "for i in {1..40}; do mkdir -p deep/$i/x; echo $i > deep/$i/x/f; done; mv deep/3 deep/4/x/; rm -r deep/5",
    "true",
]


async def test_what_is_told_is_what_is_there(guest: GuestClient) -> None:
    await shell(guest, "mkdir -p old/er; echo x > old/er/x")
    tracking = await guest.track()
    picture = await looked(guest)
    for script in SCRIPTS:
        await shell(guest, script)
        picture = applied(picture, await tracking.moved())
        assert plain(picture) == plain(await looked(guest)), script
    moved = await tracking.moved()
    assert moved == Moved((), frozenset(), lost=False)
    tracking.close()


async def test_random_changes_are_all_told(guest: GuestClient) -> None:
    seed = int(os.environ.get("JOURNEYMAN_TEST_SEED", "1"))
    chance = random.Random(seed)
    names = ["a", "b", "c", "d/e", "d/f", "g/h/i", "g/h/j"]
    tracking = await guest.track()
    picture = await looked(guest)
    for _ in range(15):
        steps: list[str] = []
        for _ in range(chance.randint(1, 8)):
            one, two = chance.sample(names, 2)
            steps.append(
                chance.choice(
                    [
                        f"mkdir -p $(dirname {one}); echo {chance.random()} > {one}",
                        f"rm -rf {one}",
                        f"mkdir -p $(dirname {two}); mv {one} {two}",
                        f"rm -rf d; mkdir -p d/{one}",
                        f"chmod {chance.choice(['600', '755'])} {one}",
                        f"rm -rf {one}; ln -s {two} {one}",
                        f"mv g/h d_{chance.randint(1, 3)}",
                    ]
                )
            )
        await shell(guest, "{ " + "; ".join(steps) + "; } 2>/dev/null; true")
        picture = applied(picture, await tracking.moved())
        assert plain(picture) == plain(await looked(guest)), f"seed {seed}: {steps}"
    tracking.close()


async def test_nothing_is_missed_by_who_asks_all_the_time(guest: GuestClient) -> None:
    """What a program says that it has written is told by the next answer at the latest."""
    tracking = await guest.track()
    script = 'for i in {1..300}; do echo > "f$i"; echo "$i"; done'
    writing = await guest.spawn(ProcessSpec(("bash", "-c", script), cwd="/workspace"))
    told: set[bytes] = set()
    async for said in writing.output():
        told |= {entry.path for entry in (await tracking.moved()).entries}
        assert {b"f%d" % int(line) for line in said.split()} <= told
    assert len(told) == 300
    assert await tracking.moved() == Moved((), frozenset(), lost=False)
    tracking.close()


async def test_a_storm_is_told_or_said_to_be_lost(guest: GuestClient) -> None:
    tracking = await guest.track(paths_max=500)
    await shell(guest, "for d in {1..30}; do mkdir $d; touch $d/{1..40}; done")
    moved = await tracking.moved()
    assert moved.lost
    await shell(guest, "echo after > 7/after; rm 8/1")
    again = await tracking.moved()
    assert not again.lost
    assert {entry.path for entry in again.entries} >= {b"7/after"}
    assert again.gone == frozenset({b"8/1"})


async def test_too_many_directories_are_refused(guest: GuestClient) -> None:
    await shell(guest, "mkdir -p {1..30}")
    with pytest.raises(Failure) as raised:
        await (await guest.track(directories_max=10)).moved()
    assert raised.value.kind == "overloaded"


@pytest.mark.parametrize("bench", kinds("docker"), indirect=True)
async def test_in_a_container(bench: Bench) -> None:
    _, guest = await bench.running()
    tracking = await guest.track()
    await shell(guest, "mkdir d; echo x > d/x")
    moved = await tracking.moved()
    assert [entry.path for entry in moved.entries] == [b"d", b"d/x"]
    async with asyncio.timeout(PATIENCE_S):
        assert (await tracking.moved()).entries == ()
