"""Watching the workspace, through the guest: who applies what is told ends up with the right picture."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.watching import GuestWatch

BY = pytest.mark.parametrize("options", [{}, {"poll_s": 0.05}], ids=["events", "polling"])
PATIENCE_S = 90
STORM = "mkdir s; for d in s/{1..100}; do mkdir $d; touch $d/{1..100}; done; rm -r s/7 s/8; mv s/9 t"


class Picture:
    """What a listener believes is there."""

    def __init__(self, guest: GuestClient, watch: GuestWatch, top: str = "") -> None:
        self.guest, self.watch, self.top = guest, watch, top
        self.names: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self.overflows = 0
        self._batches = watch.changes()

    async def look(self) -> set[str]:
        prefix = f"{self.top}/" if self.top else ""
        found = {entry.path.decode() async for entry in self.guest.scan()}
        return {path for path in found if path.startswith(prefix)}

    async def next(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            batch = await anext(self._batches)
        if batch.overflow:
            self.overflows += 1
            self.names = await self.look()
        for change in batch.changes:
            self.told.append((change.kind, change.path))
            if change.kind == "deleted":
                below = change.path + "/"
                self.names = {n for n in self.names if n != change.path and not n.startswith(below)}
            else:
                self.names.add(change.path)

    async def until(self, kind: str, path: str) -> None:
        while (kind, path) not in self.told:
            await self.next()

    async def until_right(self) -> None:
        actual = await self.look()
        while self.names != actual:
            await self.next()


async def shell(guest: GuestClient, script: str) -> None:
    done = await guest.run(["bash", "-c", script], timeout_s=60)
    assert done.code == 0, done.output


async def watched(guest: GuestClient, path: str = ".", **options: Any) -> Picture:
    watch = await guest.watch(path, **options)
    picture = Picture(guest, watch, "" if path == "." else path)
    picture.names = await picture.look()
    return picture


@BY
async def test_what_is_made_changed_moved_and_removed_is_told(
    guest: GuestClient, options: dict[str, Any]
) -> None:
    await shell(guest, "mkdir -p old/deep; echo 1 > old/deep/f; echo 1 > keep")
    picture = await watched(guest, **options)
    assert picture.watch.by == ("polling" if options else "events")
    assert picture.watch.directories == 3
    await guest.write("keep", b"22")
    await picture.until("created" if not options else "changed", "keep")
    await shell(guest, "mkdir -p a/b/c; echo x > a/b/c/f")
    await picture.until("created", "a/b/c/f")
    await shell(guest, "echo y >> a/b/c/f")
    await picture.until("changed", "a/b/c/f")
    await shell(guest, "mv old new")
    await picture.until("deleted", "old")
    await picture.until("created", "new/deep/f")
    await shell(guest, "echo z >> new/deep/f")
    await picture.until("changed", "new/deep/f")
    await shell(guest, "rm -r a")
    await picture.until("deleted", "a")
    await picture.until_right()
    assert picture.names == {"keep", "new", "new/deep", "new/deep/f"}
    assert not picture.overflows


async def test_a_directory_moved_away_and_made_anew_does_not_keep_its_children(guest: GuestClient) -> None:
    await shell(guest, "mkdir -p d; touch d/a d/b")
    picture = await watched(guest)
    await shell(guest, "touch d/c; mv d /tmp/$$ || mv d gone; mkdir d; touch d/new; mv d/new d/b")
    await picture.until_right()
    assert "d/b" in picture.names
    assert "d/a" not in picture.names
    assert "d/c" not in picture.names


async def test_a_storm_of_ten_thousand_files_ends_with_the_right_picture(guest: GuestClient) -> None:
    picture = await watched(guest)
    await shell(
        guest, "for d in {1..100}; do mkdir -p s/$d; (cd s/$d; touch {1..100}); done; rm -r s/7 s/8; mv s/9 t"
    )
    await picture.until_right()
    assert len(picture.names) > 9800


async def test_a_listener_that_sleeps_through_a_storm_is_told_to_look_again(guest: GuestClient) -> None:
    picture = await watched(guest, paths_max=300)
    await shell(guest, "mkdir s; cd s; touch {1..2000}; rm {1..500}")
    await picture.until_right()
    assert picture.overflows
    assert len(picture.names) == 1501
    await guest.write("after", b"")
    await (
        picture.until_right()
    )  # by its name, or told to look again once more: the storm may have an end to tell
    assert "after" in picture.names


async def test_two_listeners_hear_the_same(guest: GuestClient) -> None:
    one, two = await watched(guest), await watched(guest)
    await shell(guest, "mkdir -p x/y; touch x/y/{1..50}; rm x/y/1")
    await one.until_right()
    await two.until_right()
    one.watch.close()
    await guest.write("more", b"")
    await two.until("created", "more")


@BY
async def test_what_is_excluded_is_neither_told_nor_watched(
    guest: GuestClient, options: dict[str, Any]
) -> None:
    await shell(guest, "mkdir -p node_modules/x a/node_modules/x build/out src")
    picture = await watched(guest, excludes=["node_modules", "/build/**", "*.tmp"], **options)
    assert picture.watch.directories == 3  # the workspace, a, src
    await shell(
        guest, "touch node_modules/x/f a/node_modules/x/f build/out/f a/b.tmp; mkdir -p src/node_modules/y"
    )
    await shell(guest, "touch src/node_modules/y/f; touch src/end")
    await picture.until("created", "src/end")
    assert {path for _, path in picture.told} == {"src/end"} | {
        p for _, p in picture.told if p in ("a", "src")
    }


@BY
async def test_links_are_told_and_never_followed(guest: GuestClient, options: dict[str, Any]) -> None:
    await shell(guest, "mkdir in; ln -s /tmp out; ln -s in same")
    picture = await watched(guest, **options)
    assert picture.watch.directories == 2
    await shell(guest, "touch in/f; ln -s /etc late")
    await picture.until("created", "late")
    await picture.until("created", "in/f")
    assert not [path for _, path in picture.told if path.startswith(("same/", "out/", "late/"))]


@BY
async def test_one_name_that_is_not_there_yet(guest: GuestClient, options: dict[str, Any]) -> None:
    picture = await watched(guest, "config.toml", **options)
    await guest.write("other", b"")
    await guest.write("config.toml", b"1")
    await picture.until("created", "config.toml")
    await guest.remove("config.toml")
    await picture.until("deleted", "config.toml")
    assert {path for _, path in picture.told} == {"config.toml"}


async def test_not_recursive_means_one_directory(guest: GuestClient) -> None:
    await shell(guest, "mkdir -p d/sub")
    picture = await watched(guest, "d", recursive=False)
    assert picture.watch.directories == 1
    await shell(guest, "touch d/sub/f; mkdir d/new; touch d/new/f d/g")
    await picture.until("created", "d/g")
    assert not [path for _, path in picture.told if path in ("d/sub/f", "d/new/f")]


@pytest.mark.parametrize(
    ("path", "options", "kind"),
    [
        ("../x", {}, "path_refused"),
        ("/etc", {}, "path_refused"),
        ("no/such/directory", {}, "not_found"),
        (".", {"directories_max": 5}, "overloaded"),
        (".", {"excludes": ["[z-a]"]}, "invalid"),
    ],
)
async def test_what_cannot_be_watched(
    guest: GuestClient, path: str, options: dict[str, Any], kind: str
) -> None:
    await shell(guest, "mkdir -p {1..10}")
    with pytest.raises(Failure) as refused:
        await guest.watch(path, **options)
    assert refused.value.kind == kind


async def test_growing_beyond_the_limit_ends_it_with_a_word(guest: GuestClient) -> None:
    picture = await watched(guest, directories_max=5)
    await shell(guest, "mkdir -p {1..10}")
    with pytest.raises(Failure) as refused:
        await picture.until("never", "told")
    assert refused.value.kind == "overloaded"


async def test_a_watch_that_is_dropped_leaves_nothing_in_the_guest(guest: GuestClient) -> None:
    for _ in range(200):  # the system gives a user 128 of these by default
        watch = await guest.watch(".")
        assert watch.by == "events"
        watch.close()
        await guest.ping()
        await asyncio.sleep(0.005)
