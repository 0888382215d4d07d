"""No path leads out of the workspace; links inside it may be followed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import ProcessSpec

SETUP = """
ln -s /etc/passwd absolute
ln -s ../../../../../../etc/passwd relative
ln -s / slash
ln -s .. up
ln -s absolute twice
ln -s loop loop
ln -s /workspaces prefix
mkdir dir && ln -s ../../etc dir/out
"""

CALLS: dict[str, Callable[[GuestClient, str], Awaitable[object]]] = {
    "read": lambda guest, path: guest.read(path),
    "write": lambda guest, path: guest.write(path, b"owned"),
    "list": lambda guest, path: guest.list(path),
    "mkdir": lambda guest, path: guest.make_directory(path + "/made"),
    "stat": lambda guest, path: guest.stat(path + "/x"),
    "remove": lambda guest, path: guest.remove(path + "/x"),
    "rename from": lambda guest, path: guest.rename(path + "/x", "here"),
    "rename to": lambda guest, path: guest.rename("dir", path + "/x"),
    "grep": lambda guest, path: guest.grep("x", path=path),
    "glob": lambda guest, path: guest.glob("*", path=path),
    "spawn": lambda guest, path: guest.spawn(ProcessSpec(("true",), cwd=path)),
    "restore": lambda guest, path: guest.begin_restore(path),
}
PATHS = [
    "/etc/passwd", "..", "../x", "a/../../x", "/workspace/../etc", "/", "/workspaces", "absolute", "relative",
    "slash", "slash/etc", "up", "up/etc", "twice", "dir/out", "loop", "prefix", "nul\0name",
]  # fmt: skip


@pytest.mark.parametrize("call", list(CALLS))
async def test_ways_out_are_refused(guest: GuestClient, call: str) -> None:
    assert (await guest.run(["bash", "-ec", SETUP])).code == 0
    await guest.make_directory("a")
    for path in PATHS:
        with pytest.raises(Failure) as refused:
            await CALLS[call](guest, path)
        assert refused.value.kind == "path_refused", (call, path, refused.value.message)


async def test_scan_and_bulk_read_do_not_follow(guest: GuestClient) -> None:
    assert (await guest.run(["bash", "-ec", SETUP])).code == 0
    found = {entry.path: entry async for entry in guest.scan()}
    assert found[b"slash"].kind == "symlink"
    assert found[b"slash"].target == b"/"
    assert not [path for path in found if path.startswith(b"slash/")]
    pieces = [piece async for piece in guest.read_many([b"absolute", b"slash/etc/passwd", b"dir/out/passwd"])]
    assert all(piece.error and not piece.data for piece in pieces)
    assert len(pieces) == 3
    for path in (b"../x", b"/etc/passwd", b"a//b", b".", b"", b"a\0b"):
        with pytest.raises(Failure) as refused:
            async for _ in guest.read_many([path]):
                pass
        assert refused.value.kind == "path_refused"


async def test_links_that_stay_inside_are_followed(guest: GuestClient) -> None:
    await guest.write("real/file", b"one")
    script = (
        "ln -s real alias; ln -s /workspace/real/file abs; ln -s ../real/file real/rel; ln -s real/new new"
    )
    assert (await guest.run(["bash", "-ec", script])).code == 0
    for path in ("alias/file", "abs", "real/rel", "alias/rel", "real/../alias/file"):
        assert (await guest.read(path)).data == b"one"
    await guest.write("abs", b"two")
    assert (await guest.read("real/file")).data == b"two"
    await guest.write("new", b"made through a link")
    assert (await guest.read("real/new")).data == b"made through a link"
    stat = await guest.stat("abs")
    assert stat is not None
    assert stat.kind == "symlink"


async def test_removing_and_renaming_a_link_leaves_what_it_points_to(guest: GuestClient) -> None:
    await guest.write("real/file", b"kept")
    await guest.run(["bash", "-c", "ln -s real one; ln -s / two"])
    await guest.remove("one")
    await guest.rename("two", "three")
    await guest.remove("three")
    assert [e.name for e in await guest.list(".")] == ["real"]
    assert (await guest.read("real/file")).data == b"kept"


@pytest.mark.parametrize("path", [".", "/workspace", "a/.."])
async def test_the_root_itself_stays(guest: GuestClient, path: str) -> None:
    await guest.make_directory("a")
    for call in (
        guest.remove(path),
        guest.write(path, b""),
        guest.rename(path, "b"),
        guest.rename("a", path),
    ):
        with pytest.raises(Failure) as refused:
            await call
        assert refused.value.kind == "invalid"
