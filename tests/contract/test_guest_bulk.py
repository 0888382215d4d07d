"""Whole trees out of a workspace and into another place, byte for byte."""

from __future__ import annotations

import os

import pytest
from blake3 import blake3

from journeyman.failures import Failure
from journeyman.guest.bulk import GuestRestore
from journeyman.guest.client import GuestClient
from journeyman.guest.frames import pack_restore_entry, restore_record
from journeyman.guest.lent_restore import LentRestore
from journeyman.ports.guest import RestoreEntry, TreeEntry

HOSTILE_TREE = r"""
import os
root = b"tree"
os.mkdir(root)
def put(name, data=b"", mode=0o644, when=None):
    path = root + b"/" + name
    with open(path, "wb") as f: f.write(data)
    os.chmod(path, mode)
    if when is not None: os.utime(path, ns=(when, when))
for name in (b"plain", b"sp ace", b"new\nline", b"\xff\xfe bytes", "é中😀".encode(), b"-rf", b"*?[]",
             b"a" * 255, b".hidden", b"quote'\"", b"tab\t", b"back\\slash"):
    put(name, name * 3, when=1_234_567_890_123_456_789)
for mode in (0, 0o400, 0o111, 0o600, 0o755, 0o777, 0o1644): put(b"mode%o" % mode, b"m", mode)
put(b"setuid", b"s", 0o6755)
put(b"empty"); put(b"old", b"o", when=-1_000_000_000); put(b"future", b"f", when=4_102_444_800_000_000_000)
put(b"big", bytes(range(256)) * 12_000)
put(b"exact", b"e" * 262144); put(b"exact2", b"e" * 524288)
for depth in range(1, 40): os.makedirs(root + b"/deep" + b"/d" * depth, exist_ok=True)
os.mkdir(root + b"/empty dir"); os.mkdir(root + b"/locked"); put(b"locked/in", b"x"); os.mkdir(root + b"/ro")
put(b"ro/in", b"y"); os.chmod(root + b"/locked", 0); os.chmod(root + b"/ro", 0o555)
os.utime(root + b"/empty dir", ns=(5_000_000_000, 5_000_000_000))
for number, target in enumerate((b"plain", b"/etc/passwd", b"../../..", b"loop", b"\xff", b"x" * 4000)):
    os.symlink(target, root + b"/link%d" % number)
os.link(root + b"/plain", root + b"/zz-hard"); os.link(root + b"/plain", root + b"/deep/hard")
with open(root + b"/sparse", "wb") as f:
    f.seek(40_000_000); f.write(b"end")
try:
    os.setxattr(root + b"/plain", "user.note", b"\x00value")
    os.setxattr(root + b"/empty dir", "user.d", b"1")
except OSError: pass
"""


async def tree_of(guest: GuestClient, root: str) -> dict[bytes, TreeEntry]:
    return {entry.path: entry async for entry in guest.scan(root)}


async def content_of(guest: GuestClient, root: str, paths: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytearray] = {}
    async for piece in guest.read_many(paths, root):
        assert piece.error is None, piece
        found.setdefault(piece.path, bytearray()).extend(piece.data)
    assert list(found) == paths
    return {path: bytes(data) for path, data in found.items()}


async def copy(guest: GuestClient, source: str, restore: GuestRestore | LentRestore) -> int:
    tree = await tree_of(guest, source)
    first: dict[int, bytes] = {}
    for path, entry in tree.items():
        kind, link = entry.kind, entry.target
        if kind == "file" and entry.inode in first:
            kind, link = "hardlink", first[entry.inode]
        await restore.add(
            RestoreEntry(path, kind, entry.mode, entry.mtime_ns, entry.size, link, entry.xattrs)  # type: ignore[arg-type]
        )
        if kind == "file":
            first[entry.inode] = path
            async for piece in guest.read_many([path], source):
                await restore.data(path, piece.data)
    return await restore.finish()


@pytest.mark.parametrize("how", ["carried", "lent"])
async def test_a_hostile_tree_goes_round(guest: GuestClient, how: str) -> None:
    made = await guest.run(["/usr/bin/python3", "-c", HOSTILE_TREE])
    assert made.code == 0, made.output
    await guest.make_directory("into")
    before = await tree_of(guest, "tree")
    restore = await begun(guest, how)
    assert await copy(guest, "tree", restore) == len(before)
    after = await tree_of(guest, "into")
    assert list(after) == list(before)

    def essence(entry: TreeEntry) -> tuple[object, ...]:
        size = entry.size if entry.kind != "directory" else 0
        mode = entry.mode & 0o1777  # setuid and setgid are dropped on purpose
        links = entry.nlink if entry.kind == "file" else 0
        return entry.kind, size, mode, entry.mtime_ns, entry.target, dict(entry.xattrs), links

    assert {path: essence(entry) for path, entry in after.items()} == {
        path: essence(entry) for path, entry in before.items()
    }
    files = [path for path, entry in before.items() if entry.kind == "file"]
    content = await content_of(guest, "tree", files)
    assert await content_of(guest, "into", files) == content
    if isinstance(restore, LentRestore):  # the inode of whatever name, and what is in it
        wanted = {(after[path].inode, blake3(data).digest()) for path, data in content.items() if data}
        assert set(restore.read_back.values()) == wanted
    assert len({after[name].inode for name in (b"plain", b"zz-hard", b"deep/hard")}) == 1
    assert after[b"setuid"].mode == 0o755
    usage = await guest.run(["du", "-k", "into/sparse"])
    assert int(usage.output.split()[0]) < 1000


async def test_scan_is_in_byte_order_parents_first(guest: GuestClient) -> None:
    await guest.run(["bash", "-ec", "mkdir -p b a/x; touch a.b a/z a/x/1 b/0 Z"])
    order = [entry.path async for entry in guest.scan()]
    assert order == [b"Z", b"a", b"a/x", b"a/x/1", b"a/z", b"a.b", b"b", b"b/0"]
    assert [entry.path async for entry in guest.scan("a")] == [b"x", b"x/1", b"z"]


async def test_devices_and_pipes_are_named_other(guest: GuestClient) -> None:
    await guest.run(["mkfifo", "pipe"])
    assert [(e.path, e.kind) async for e in guest.scan()] == [(b"pipe", "other")]
    pieces = [piece async for piece in guest.read_many([b"pipe"])]
    assert [(piece.last, bool(piece.error)) for piece in pieces] == [(True, True)]


async def test_many_files_come_in_the_order_asked(guest: GuestClient) -> None:
    await guest.run(["bash", "-c", "for i in $(seq 5000); do echo $i > f$i; done"])
    paths = [b"f%d" % number for number in range(5000, 0, -1)]
    found = await content_of(guest, "/workspace", paths)
    assert found[b"f77"] == b"77\n"


async def test_a_missing_file_is_said_and_the_rest_comes(guest: GuestClient) -> None:
    await guest.write("a", b"1")
    await guest.write("c", b"3")
    pieces = [piece async for piece in guest.read_many([b"a", b"b", b"c"])]
    assert [(p.path, p.data, p.last, bool(p.error)) for p in pieces] == [
        (b"a", b"1", True, False),
        (b"b", b"", True, True),
        (b"c", b"3", True, False),
    ]


async def test_leaving_a_scan_early_leaves_the_guest_well(guest: GuestClient) -> None:
    await guest.run(
        ["bash", "-c", "mkdir many; cd many; for i in $(seq 30000); do : > some-rather-long-name-$i; done"]
    )
    for _ in range(20):
        scan = guest.scan()
        await anext(scan)
        await scan.aclose()  # type: ignore[attr-defined]
    await guest.ping()
    assert len([None async for _ in guest.scan("many")]) == 30_000


FILE = RestoreEntry(b"f", "file", 0o644, 0, 1)
DIRECTORY = RestoreEntry(b"d", "directory", 0o755, 0)
LINK = RestoreEntry(b"l", "symlink", 0o777, 0, target=b"/etc")


UNSAFE = [
    *[
        [RestoreEntry(path, "file", 0o644, 0)]
        for path in (
            b"/etc/x",
            b"..",
            b"../x",
            b"d/../x",
            b".",
            b"",
            b"a//b",
            b"a/",
            b"nul\0",
            b"n" * 256,
        )
    ],
    [RestoreEntry(b"/".join([b"d"] * 300), "directory", 0o755, 0)],
    [RestoreEntry(b"missing/x", "file", 0o644, 0)],
    [FILE, FILE],
    [DIRECTORY, RestoreEntry(b"d", "file", 0o644, 0)],
    [LINK, RestoreEntry(b"l/passwd", "file", 0o644, 0)],
    [FILE, RestoreEntry(b"f/x", "file", 0o644, 0)],
    [RestoreEntry(b"h", "hardlink", 0o644, 0, target=b"/etc/passwd")],
    [RestoreEntry(b"h", "hardlink", 0o644, 0, target=b"../x")],
    [RestoreEntry(b"h", "hardlink", 0o644, 0, target=b"not-written")],
    [LINK, RestoreEntry(b"h", "hardlink", 0o644, 0, target=b"l")],
    [RestoreEntry(b"s", "symlink", 0o777, 0, target=b"")],
    [RestoreEntry(b"s", "symlink", 0o777, 0, target=b"a\0b")],
]


async def begun(guest: GuestClient, how: str, **limits: int) -> GuestRestore | LentRestore:
    if how == "carried":
        return await guest.begin_restore("into", **limits)
    lent = await guest.lend_restore("into", blake3(), **limits)
    assert lent is not None
    return lent


@pytest.mark.parametrize("how", ["carried", "lent"])
@pytest.mark.parametrize("guard", ["client", "guest"])
async def test_unsafe_entries_void_the_restore(guest: GuestClient, guard: str, how: str) -> None:
    await guest.make_directory("into")
    for entries in UNSAFE:
        restore = await begun(guest, how)
        with pytest.raises(Failure) as refused:  # noqa: PT012
            for entry in entries:
                if guard == "client":
                    await restore.add(entry)
                elif isinstance(restore, LentRestore):
                    restore._records.append(restore_record(entry))
                else:  # past the client's own look: the guest must not rely on it
                    await restore._put(pack_restore_entry(entry))
            await restore.finish()
        assert refused.value.kind == "path_refused", entries
        await restore.abort()
        assert await guest.list("into") == (), entries
    again = await begun(guest, how)
    await again.add(FILE)
    await again.data(b"f", b"1")
    assert await again.finish() == 1


@pytest.mark.parametrize(
    ("limits", "kind"), [({"entries_max": 2}, "path_refused"), ({"bytes_max": 2}, "path_refused")]
)
@pytest.mark.parametrize("how", ["carried", "lent"])
async def test_limits_of_a_restore(guest: GuestClient, limits: dict[str, int], kind: str, how: str) -> None:
    await guest.make_directory("into")
    restore = await begun(guest, how, **limits)
    with pytest.raises(Failure) as refused:  # noqa: PT012
        for number in range(3):
            await restore.add(RestoreEntry(b"f%d" % number, "file", 0o644, 0, 1))
            await restore.data(b"f%d" % number, b"x")
        await restore.finish()
    assert refused.value.kind == kind
    assert await guest.list("into") == ()


@pytest.mark.parametrize("how", ["carried", "lent"])
async def test_a_file_must_get_what_its_size_says(guest: GuestClient, how: str) -> None:
    await guest.make_directory("into")
    for data in (b"", b"1", b"123"):
        restore = await begun(guest, how)
        await restore.add(RestoreEntry(b"f", "file", 0o644, 0, 2))
        with pytest.raises(Failure) as refused:  # noqa: PT012
            await restore.data(b"f", data)
            await restore.finish()
        assert refused.value.kind == "invalid"
        await restore.abort()
        assert await guest.list("into") == ()


@pytest.mark.parametrize("how", ["carried", "lent"])
async def test_a_restore_needs_an_empty_directory(guest: GuestClient, how: str) -> None:
    await guest.write("into/there", b"")
    with pytest.raises(Failure) as refused:
        await begun(guest, how)
    assert refused.value.kind == "conflict"
    assert [entry.name for entry in await guest.list("into")] == ["there"]


async def test_files_may_be_filled_in_turns(guest: GuestClient) -> None:
    """More files than the guest keeps open, each piece by piece."""
    await guest.make_directory("into")
    restore = await guest.begin_restore("into")
    names = [b"f%d" % number for number in range(200)]
    for name in names:
        await restore.add(RestoreEntry(name, "file", 0o600, 0, 6))
    for part in (b"ab", b"cd", b"ef"):
        for name in names:
            await restore.data(name, part)
    assert await restore.finish() == 200
    assert set((await content_of(guest, "into", names)).values()) == {b"abcdef"}


@pytest.mark.parametrize("how", ["carried", "lent"])
async def test_a_client_that_goes_leaves_no_half_restore(guest: GuestClient, how: str) -> None:
    from journeyman.guest.client import GuestClient as Client

    await guest.make_directory("into")
    restore = await begun(guest, how)
    await restore.add(RestoreEntry(b"f", "file", 0o600, 0, 1 << 20))
    await restore.data(b"f", os.urandom(600_000))
    await restore.abort()
    assert isinstance(guest, Client)
    assert await guest.list("into") == ()
