"""Single files through the guest."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.quotas import Held, Quota
from journeyman.workspace.quota import measured


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def kind_of_failure(call: object) -> str:
    with pytest.raises(Failure) as refused:
        await call  # type: ignore[misc]
    return refused.value.kind


async def test_write_makes_parents_and_answers_what_is_there(guest: GuestClient) -> None:
    stat = await guest.write("/workspace/a/b/c.txt", b"hello")
    assert (stat.kind, stat.size, stat.mode, stat.sha256) == ("file", 5, 0o644, sha(b"hello"))
    content = await guest.read("a/b/c.txt")
    assert (content.data, content.size, content.sha256) == (b"hello", 5, sha(b"hello"))


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 5_000_000])
async def test_any_size_comes_back(guest: GuestClient, size: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert (await guest.write("f", data)).size == size
    assert (await guest.read("f")).data == data


@pytest.mark.parametrize(
    ("offset", "limit", "want"),
    [
        (0, 3, b"abc"),
        (3, None, b"defgh"),
        (2, 2, b"cd"),
        (7, 9, b"h"),
        (8, 1, b""),
        (99, None, b""),
        (0, 0, b""),
    ],
)
async def test_ranges(guest: GuestClient, offset: int, limit: int | None, want: bytes) -> None:
    await guest.write("f", b"abcdefgh")
    content = await guest.read("f", offset=offset, limit=limit)
    assert (content.data, content.size, content.sha256) == (want, 8, sha(b"abcdefgh"))


async def test_a_range_across_pieces(guest: GuestClient) -> None:
    data = bytes(range(256)) * 4096
    await guest.write("f", data)
    assert (await guest.read("f", offset=262_000, limit=300_000)).data == data[262_000:562_000]


async def test_expected_hash_guards_a_write(guest: GuestClient) -> None:
    await guest.write("f", b"one", expected_sha256="")
    assert await kind_of_failure(guest.write("f", b"two", expected_sha256="")) == "conflict"
    assert await kind_of_failure(guest.write("f", b"two", expected_sha256=sha(b"zero"))) == "conflict"
    assert await kind_of_failure(guest.write("new", b"two", expected_sha256=sha(b"x"))) == "conflict"
    await guest.write("f", b"two", expected_sha256=sha(b"one"))
    assert (await guest.read("f")).data == b"two"
    assert [entry.name for entry in await guest.list(".")] == ["f"]


async def test_a_write_keeps_the_mode_or_sets_it(guest: GuestClient) -> None:
    await guest.write("run.sh", b"#!/bin/sh\n", mode=0o755)
    assert (await guest.write("run.sh", b"#!/bin/sh\necho\n")).mode == 0o755
    assert (await guest.write("run.sh", b"x", mode=0o4600)).mode == 0o600


async def test_concurrent_writes_leave_one_whole_version(guest: GuestClient) -> None:
    versions = [bytes([65 + number]) * 400_000 for number in range(6)]
    await asyncio.gather(*(guest.write("f", each) for each in versions))
    assert (await guest.read("f")).data in versions
    assert [entry.name for entry in await guest.list(".")] == ["f"]


async def test_only_one_of_many_may_create(guest: GuestClient) -> None:
    results = await asyncio.gather(
        *(guest.write("f", bytes([n]), expected_sha256="") for n in range(8)), return_exceptions=True
    )
    assert sum(isinstance(each, Failure) for each in results) == 7


async def test_stat_and_list(guest: GuestClient) -> None:
    await guest.write("d/b", b"12")
    await guest.run(["bash", "-c", "ln -s b d/link; mkfifo d/pipe; mkdir d/a"])
    assert await guest.stat("nothing") is None
    assert await guest.stat("d/b/below") is None
    link = await guest.stat("d/link")
    assert link is not None
    assert link.kind == "symlink"
    assert [(e.name, e.kind) for e in await guest.list("d")] == [
        ("a", "directory"),
        ("b", "file"),
        ("link", "symlink"),
        ("pipe", "other"),
    ]
    assert {e.name: e.size for e in await guest.list("d")}["b"] == 2


@pytest.mark.parametrize("path", ["d", ".", "/workspace", "d/pipe"])
async def test_reading_what_is_not_a_file_is_refused(guest: GuestClient, path: str) -> None:
    await guest.run(["bash", "-c", "mkdir d; mkfifo d/pipe"])
    async with asyncio.timeout(90):
        assert await kind_of_failure(guest.read(path)) == "invalid"


async def test_missing_things(guest: GuestClient) -> None:
    assert await kind_of_failure(guest.read("no/such")) == "not_found"
    assert await kind_of_failure(guest.list("no")) == "not_found"
    assert await kind_of_failure(guest.remove("no")) == "not_found"
    assert await kind_of_failure(guest.rename("no", "yes")) == "not_found"


async def test_directories(guest: GuestClient) -> None:
    await guest.make_directory("a/b/c")
    await guest.make_directory("a/b/c")
    await guest.write("file", b"")
    assert await kind_of_failure(guest.make_directory("file")) == "conflict"
    await guest.rename("a/b", "x/y")
    assert [e.name for e in await guest.list("x/y")] == ["c"]


async def test_remove_takes_hostile_trees(guest: GuestClient) -> None:
    script = """
    mkdir t; cd t
    mkdir locked && touch locked/f && chmod 000 locked
    d=.; for i in $(seq 300); do d=$d/deep; mkdir $d; done; touch $d/end
    ln -s / out; ln -s nowhere dangling; mkfifo pipe
    touch "$(printf 'name\\xff\\n')"
    """
    done = await guest.run(["bash", "-ec", script])
    assert done.code == 0, done.output
    await guest.remove("t")
    assert await guest.list(".") == ()


async def test_very_deep_trees_can_be_removed(guest: GuestClient) -> None:
    script = "import os\nfor i in range(3000):\n  os.mkdir('d'); os.chdir('d')\n"
    done = await guest.run(["/usr/bin/python3", "-c", script])
    assert done.code == 0, done.output
    await guest.remove("d")
    assert await guest.list(".") == ()


async def test_names_that_are_not_text(guest: GuestClient) -> None:
    name = "bad\udcff name\n"
    await guest.write(name, b"x")
    assert [e.name for e in await guest.list(".")] == [name]
    assert (await guest.read(name)).data == b"x"
    await guest.remove(name)
    assert await guest.stat(name) is None


async def test_a_guarded_write_is_asked_for_first(guest: GuestClient) -> None:
    asked: list[int] = []

    async def allow(size: int) -> None:
        asked.append(size)
        if size > 3:
            raise Failure("quota_exceeded", "Too much.")

    await guest.write("before", b"much more")
    guest.guard_writes(allow)
    await guest.write("small", b"123")
    assert await kind_of_failure(guest.write("before", b"1234")) == "quota_exceeded"
    assert asked == [3, 4]
    assert (await guest.read("before")).data == b"much more"
    await guest.remove("before")


async def test_what_is_held_is_counted_as_it_is(guest: GuestClient) -> None:
    await guest.write("a/b", b"x" * 1000)
    await guest.run(["ln", "a/b", "a/c"])
    await guest.run(["ln", "-s", "a/b", "link"])
    await guest.run(["truncate", "-s", "5000", "sparse"])
    assert await measured(guest, Quota()) == Held(6000, 5)
