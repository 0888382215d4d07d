"""Putting single entries: only where what is there was expected, in one step, and never through a link."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from components.sandbox import Bench, kinds
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import TreeEntry
from journeyman.ports.puts import A_DIRECTORY, ABSENT, Put

HELD = {b"file": b"content\n", b"big": bytes(range(256)) * 5000}


async def content(path: bytes) -> AsyncIterator[bytes]:
    data = HELD.get(path, b"content\n")
    for at in range(0, len(data), 100_000):
        yield data[at : at + 100_000]


async def shell(guest: GuestClient, script: str) -> str:
    done = await guest.run(["bash", "-c", script])
    assert done.code == 0, done.output
    return done.output.decode()


async def etag(guest: GuestClient, path: str) -> str:
    found = await guest.stat(path)
    assert found is not None
    return found.etag


def a_file(path: bytes, expected: str, mode: int = 0o640) -> Put:
    return Put(path, "file", expected, mode, len(HELD.get(path, b"content\n")))


async def test_files_links_and_directories_come_and_go(guest: GuestClient) -> None:
    puts = [
        Put(b"dir", "directory", ABSENT, 0o755),
        Put(b"dir/in", "directory", ABSENT, 0o700),
        a_file(b"file", ABSENT),
        a_file(b"big", ABSENT, 0o755),
        a_file(b"dir/in/\xff\xfe name", ABSENT),
        Put(b"link", "symlink", ABSENT, target=b"dir/in/nowhere"),
    ]
    assert await guest.put(puts, content) == ("done",) * 6
    assert (await guest.read("file")).data == HELD[b"file"]
    assert (await guest.read("big")).data == HELD[b"big"]
    found = {entry.path: entry async for entry in guest.scan()}
    assert [found[p].mode for p in (b"dir", b"dir/in", b"file", b"big")] == [0o755, 0o700, 0o640, 0o755]
    assert found[b"link"].target == b"dir/in/nowhere"
    gone = [
        Put(b"dir/in/\xff\xfe name", "gone", _etag(found[b"dir/in/\xff\xfe name"])),
        Put(b"dir/in", "gone", A_DIRECTORY),
        Put(b"dir", "gone", A_DIRECTORY),
        Put(b"link", "gone", await etag(guest, "link")),
    ]
    assert await guest.put(gone, content) == ("done",) * 4
    assert {entry.path async for entry in guest.scan()} == {b"file", b"big"}


def _etag(entry: TreeEntry) -> str:
    return f"{entry.mtime_ns:x}-{entry.ctime_ns:x}-{entry.inode:x}-{entry.size:x}"


async def test_what_is_not_as_expected_stays(guest: GuestClient) -> None:
    await shell(guest, "echo theirs > file; mkdir full; echo x > full/x; ln -s file link; echo z > plain")
    before = {entry.path: entry async for entry in guest.scan()}
    puts = [
        a_file(b"file", ABSENT),
        a_file(b"file", "1-2-3-4"),
        a_file(b"full", ABSENT),
        Put(b"full", "gone", A_DIRECTORY),
        Put(b"file", "gone", A_DIRECTORY),
        Put(b"link", "gone", "1-2-3-4"),
        a_file(b"plain/below", ABSENT),
        a_file(b"nowhere/below", ABSENT),
        Put(b"nowhere/below", "gone", ABSENT),
    ]
    expected = ("changed",) * 3 + ("full",) + ("changed",) * 2 + ("blocked",) * 2 + ("done",)
    assert await guest.put(puts, content) == expected
    assert {entry.path: entry async for entry in guest.scan()} == before


async def test_nothing_is_followed(guest: GuestClient) -> None:
    await shell(guest, "mkdir theirs; echo x > theirs/x; ln -s theirs way; ln -s / out")
    puts = [
        a_file(b"way/new", ABSENT),
        Put(b"way/x", "gone", await etag(guest, "theirs/x")),
        a_file(b"out/tmp/escaped", ABSENT),
    ]
    assert await guest.put(puts, content) == ("blocked",) * 3
    assert await shell(guest, "cat theirs/x; ls theirs") == "x\nx\n"
    # The link itself is replaced, not what it leads to.
    assert await guest.put([a_file(b"way", await etag(guest, "way"))], content) == ("done",)
    assert await shell(guest, "cat theirs/x; cat way") == "x\ncontent\n"


async def test_a_directory_its_owner_may_not_write_to_keeps_its_mode(guest: GuestClient) -> None:
    await shell(guest, "mkdir locked; echo x > locked/x; chmod 555 locked")
    puts = [Put(b"locked/x", "gone", await etag(guest, "locked/x")), a_file(b"locked/file", ABSENT)]
    assert await guest.put(puts, content) == ("done", "done")
    assert await shell(guest, "stat -c %a locked; ls locked") == "555\nfile\n"


@pytest.mark.parametrize("path", [b"../out", b"/etc/passwd", b"a//b", b"", b".", b"a\0b"])
async def test_unsafe_paths_are_refused(guest: GuestClient, path: bytes) -> None:
    with pytest.raises(Failure) as raised:
        await guest.put([a_file(path, ABSENT)], content)
    assert raised.value.kind == "path_refused"


async def test_what_a_killed_guest_left_is_cleared(guest: GuestClient) -> None:
    await guest.put([a_file(b"file", ABSENT)], content)
    # As a guest that was killed while it wrote: the name is the one of this path.
    import hashlib

    left = f".jm-put-{hashlib.sha256(b'file').hexdigest()[:16]}.tmp"
    await shell(guest, f"echo half > {left}")
    assert await guest.put([a_file(b"file", await etag(guest, "file"))], content) == ("done",)
    assert {entry.path async for entry in guest.scan()} == {b"file"}


@pytest.mark.parametrize("bench", kinds("docker"), indirect=True)
async def test_in_a_container(bench: Bench) -> None:
    _, guest = await bench.running()
    assert await guest.put([a_file(b"file", ABSENT)], content) == ("done",)
    assert await shell(guest, "stat -c '%a %U' file; cat file") == f"640 {await _name(guest)}content\n"


async def _name(guest: GuestClient) -> str:
    return await shell(guest, "touch mine; stat -c %U mine")
