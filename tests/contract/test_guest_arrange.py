"""Pages of directories, moving and removing, conditions on writes: what an editor's file system needs."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from journeyman.failures import Failure
from journeyman.guest.client import GuestClient


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def kind_of_failure(call: object) -> str:
    with pytest.raises(Failure) as refused:
        await call  # type: ignore[misc]
    return refused.value.kind


async def test_five_thousand_entries_come_in_pages_each_once(guest: GuestClient) -> None:
    done = await guest.run(["bash", "-c", "mkdir d && cd d && touch {1..4999} é && touch $'\\xff'"])
    assert done.code == 0
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await guest.entries("d", after=after, limit=700)
        assert len(page.entries) <= 700
        assert page.unnamed == 1
        seen += [entry.name for entry in page.entries]
        after = page.last
        if after is None:
            break
    assert seen == sorted(seen, key=str.encode)
    assert set(seen) == {*map(str, range(1, 5000)), "é"}
    assert len(seen) == 5000


async def test_a_page_tells_the_state_of_each_and_where_links_lead(guest: GuestClient) -> None:
    await guest.write("d/file", b"12345", mode=0o755)
    await guest.run(["bash", "-c", "cd d;mkdir sub; ln -s file l1; ln -s sub l2; ln -s /etc l3; ln -s no l4"])
    page = await guest.entries("d")
    found = {entry.name: entry.stat for entry in page.entries}
    assert (found["file"].size, found["file"].mode, found["sub"].kind) == (5, 0o755, "directory")
    assert {name: (found[name].target, found[name].target_kind) for name in ("l1", "l2", "l3", "l4")} == {
        "l1": ("file", "file"),
        "l2": ("sub", "directory"),
        "l3": ("/etc", None),
        "l4": ("no", None),
    }
    alone = await guest.stat("d/l2")
    assert alone is not None
    assert (alone.kind, alone.target, alone.target_kind) == ("symlink", "sub", "directory")


async def test_a_name_that_went_away_between_two_pages_is_no_obstacle(guest: GuestClient) -> None:
    for name in ("a", "b", "c", "d"):
        await guest.write(f"x/{name}", b"")
    first = await guest.entries("x", limit=2)
    await guest.remove("x/b")
    second = await guest.entries("x", after=first.last, limit=2)
    assert [entry.name for entry in second.entries] == ["c", "d"]
    assert second.last is None


async def test_of_writers_with_the_same_expectation_exactly_one_wins(guest: GuestClient) -> None:
    current = b"start" * 50_000
    await guest.write("f", current)
    for turn in range(5):
        wants = [b"%d-%d" % (turn, number) * 30_000 for number in range(12)]
        results = await asyncio.gather(
            *(guest.write("f", data, expected_sha256=sha(current)) for data in wants), return_exceptions=True
        )
        winners = [
            data for data, result in zip(wants, results, strict=True) if not isinstance(result, Failure)
        ]
        assert len(winners) == 1
        assert {r.kind for r in results if isinstance(r, Failure)} == {"conflict"}
        current = winners[0]
        assert (await guest.read("f")).data == current
    assert [entry.name for entry in await guest.list(".")] == ["f"]


async def test_an_etag_guards_reads_and_writes(guest: GuestClient) -> None:
    first = await guest.write("f", b"one")
    content = await guest.read("f", digest=False, etag=first.etag)
    assert (content.data, content.sha256) == (b"one", "")
    assert content.stat is not None
    assert content.stat.etag == first.etag
    second = await guest.write("f", b"two", etag=first.etag)
    assert second.etag != first.etag
    assert await kind_of_failure(guest.write("f", b"three", etag=first.etag)) == "conflict"
    assert await kind_of_failure(guest.read("f", etag=first.etag)) == "conflict"
    assert await kind_of_failure(guest.write("gone", b"", etag=first.etag)) == "conflict"
    await guest.run(["bash", "-c", "echo -n tvo > f"])
    assert await kind_of_failure(guest.write("f", b"three", etag=second.etag)) == "conflict"


async def test_a_range_without_a_hash_reads_only_the_range(guest: GuestClient) -> None:
    await guest.run(["truncate", "-s", "3G", "sparse"])
    content = await guest.read("sparse", offset=3 * 1024**3 - 5, limit=100, digest=False)
    assert (content.data, content.size) == (b"\0" * 5, 3 * 1024**3)


async def test_what_may_not_be_made_is_not_found(guest: GuestClient) -> None:
    assert await kind_of_failure(guest.write("f", b"", create=False)) == "not_found"
    assert await kind_of_failure(guest.write("d/f", b"", create=False)) == "not_found"
    assert await guest.stat("d") is None
    await guest.write("f", b"1")
    await guest.write("f", b"2", create=False)


async def test_removing_asks_before_it_takes_a_tree(guest: GuestClient) -> None:
    await guest.write("d/sub/f", b"")
    assert await kind_of_failure(guest.remove("d", recursive=False)) == "conflict"
    assert await guest.stat("d/sub/f") is not None
    await guest.remove("d/sub/f", recursive=False)
    await guest.remove("d/sub", recursive=False)
    await guest.remove("d")
    assert await kind_of_failure(guest.remove("d", recursive=False)) == "not_found"
    assert await kind_of_failure(guest.remove(".", recursive=True)) == "invalid"


async def test_renaming_does_not_overwrite_unless_told(guest: GuestClient) -> None:
    await guest.write("a", b"a")
    await guest.write("b", b"b")
    await guest.write("full/x", b"x")
    assert await kind_of_failure(guest.rename("a", "b", overwrite=False)) == "conflict"
    assert await kind_of_failure(guest.rename("a", "full", overwrite=False)) == "conflict"
    await guest.rename("a", "new/deep/a", overwrite=False)
    assert (await guest.read("new/deep/a")).data == b"a"
    await guest.replace("b", "full")
    assert (await guest.read("full")).data == b"b"
    await guest.write("other/y", b"y")
    await guest.write("third/z", b"z")
    await guest.replace("other", "third")
    assert [entry.name for entry in await guest.list("third")] == ["y"]
    await guest.replace("third", "full")
    assert [entry.name for entry in await guest.list(".")] == ["full", "new"]


@pytest.mark.parametrize("how", ["rename", "replace"])
async def test_a_directory_cannot_be_moved_into_itself(guest: GuestClient, how: str) -> None:
    await guest.write("d/sub/f", b"")
    move = guest.replace("d", "d/sub/in") if how == "replace" else guest.rename("d", "d/in", overwrite=False)
    assert await kind_of_failure(move) == "invalid"
    assert await kind_of_failure(guest.replace("d/sub", "d")) == "invalid"
    await guest.replace("d", "d")
    assert await guest.stat("d/sub/f") is not None


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "out/x", "n\0ul"])
async def test_nothing_reaches_outside(guest: GuestClient, path: str) -> None:
    await guest.run(["ln", "-s", "/tmp", "out"])
    await guest.make_directory("a")
    await guest.write("f", b"")
    refused = "path_refused"
    assert await kind_of_failure(guest.entries(path)) == refused
    assert await kind_of_failure(guest.rename("f", path, overwrite=False)) == refused
    assert await kind_of_failure(guest.replace("f", path)) == refused
    assert await kind_of_failure(guest.remove(path, recursive=False)) == refused
    assert await kind_of_failure(guest.write(path, b"", etag="x")) == refused
