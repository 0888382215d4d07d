"""Whether a tree is still as a look showed it: the same answer as another look, whatever was done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.inside import wire
from journeyman.guest.inside.scan import Scan
from journeyman.guest.inside.standing import stands

NEVER = 2**62
ALWAYS = -(2**62)
CHANGES = {
    "a byte": "open('a/file','r+').write('F')",
    "longer": "open('a/file','a').write('more')",
    "mode": "os.chmod('a/file', 0o700)",
    "folder's mode": "os.chmod('a', 0o700)",
    "old times": "open('a/file','r+').write('F'); os.utime('a/file', ns=(1, 1))",
    "new": "open('a/b/new','w')",
    "new at the top": "open('new','w')",
    "new folder": "os.mkdir('a/b/new')",
    "removed": "os.unlink('a/b/deep')",
    "removed at the top": "os.unlink('top')",
    "all removed": "import shutil; shutil.rmtree('a')",
    "renamed": "os.rename('a/file', 'a/elif')",
    "moved": "os.rename('a/b/deep', 'a/deep')",
    "replaced": "open('x','w').write('file'); os.rename('x', 'a/file')",
    "linked": "os.link('a/file', 'a/b/too')",
    "another link": "os.unlink('link'); os.symlink('b', 'link')",
    "a link for a folder": "os.rename('a/b', 'b'); os.symlink('../b', 'a/b')",
    "a folder for a file": "os.unlink('a/file'); os.mkdir('a/file')",
    "new in a link": "os.mkdir('a/target'); os.symlink('target', 'a/to')",
}
TREE = """
import os
os.makedirs('a/b'); os.makedirs('empty'); os.mkdir('..odd')
for name in ('a/file', 'a/b/deep', 'top', '..odd/x', 'two..dots'): open(name, 'w').write('file')
os.symlink('a', 'link')
"""


async def _do(guest: GuestClient, program: str) -> None:
    done = await guest.run(["python3", "-c", "import os\n" + program], cwd="/workspace")
    assert done.code == 0, done.output


def _in_folder(number: int, program: str) -> str:
    return (
        f"os.makedirs('{number}', exist_ok=True); os.chdir('{number}')\n{program.strip()}\nos.chdir('..')\n"
    )


async def _records(guest: GuestClient, root: str) -> bytes:
    return (await guest.look(root, xattrs=False)).records


async def test_a_tree_stands_until_something_is_done_to_it(guest: GuestClient) -> None:
    await _do(guest, "".join(_in_folder(number, TREE) for number in range(len(CHANGES))))
    roots = {what: f"/workspace/{number}" for number, what in enumerate(CHANGES)}
    before = {what: await _records(guest, root) for what, root in roots.items()}
    for what, root in roots.items():
        assert await guest.stands(before[what], root, since_ns=NEVER) is True
        assert await guest.stands(before[what], root, since_ns=ALWAYS) is True
    time.sleep(0.012)  # longer than a tick of the file system's clock
    await _do(guest, "".join(_in_folder(number, change) for number, change in enumerate(CHANGES.values())))
    for what, root in roots.items():
        assert await _records(guest, root) != before[what], what
        assert await guest.stands(before[what], root, since_ns=NEVER) is False, what


async def test_what_is_empty_stands_while_it_is(guest: GuestClient) -> None:
    await _do(guest, TREE)
    assert await guest.stands(b"", "/workspace/empty", since_ns=NEVER) is True
    assert await guest.stands(b"", since_ns=NEVER) is False


def _seen(root: Path) -> tuple[int, bytes, Callable[[], bytes]]:
    base = os.open(root, os.O_RDONLY)

    def look() -> bytes:
        parts: list[bytes] = []
        Scan(parts.append, None).run(base)
        return b"".join(parts)

    return base, look(), look


def test_what_came_within_the_tick_of_a_look_is_seen_where_names_are_compared(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    before = os.stat(tmp_path / "folder")
    base, records, look = _seen(tmp_path)
    (tmp_path / "folder" / "new").write_text("x")
    os.utime(tmp_path / "folder", ns=(before.st_atime_ns, before.st_mtime_ns))
    folder = look()[: len(records)]  # as if the clock had not moved on: as it is now, without what is in it
    try:
        assert stands(base, folder, NEVER), "nothing but its names tells"
        assert not stands(base, folder, before.st_mtime_ns), "they are compared"
    finally:
        os.close(base)


async def test_records_that_are_none_are_refused_and_too_many_not_looked_at(guest: GuestClient) -> None:
    await _do(guest, TREE)
    records = (await guest.look(xattrs=False)).records
    assert await guest.stands(records[:-5] + b"\0" * 5, since_ns=NEVER) is False
    assert await guest.stands(records + b"cut", since_ns=NEVER) is None
    assert await guest.stands(bytes(wire.STANDING_MAX + 1), since_ns=NEVER) is None
    with pytest.raises(Failure) as caught:
        await guest.stands(wire.pack_entry((0, 0, 0, 0, 0, 0, 1, b"../x", b"", {})), since_ns=NEVER)
    assert caught.value.kind == "path_refused"
    assert await guest.stands(records, since_ns=NEVER) is True
