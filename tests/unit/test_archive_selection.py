"""A part of an archive: what is in it, and that it restores to just that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure


@pytest.fixture
async def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    (made.source / "src" / "deep").mkdir()
    (made.source / "src" / "deep" / "x").write_text("x\n")
    os.link(made.source / "src" / "deep" / "x", made.source / "src" / "y")
    (made.source / "srcs").write_text("beside\n")
    await made.archive()
    return made


async def paths(kit: Kit, path: str) -> dict[bytes, tuple[object, ...]]:
    target = kit.target()
    done = await kit.engine.restore(PROJECT, target.as_guest(), path=path.encode())
    found = snapshot(Path(os.fsdecode(target.root)))
    assert done.files <= len(found)
    return found


async def test_a_directory_brings_what_is_in_it_and_those_above(kit: Kit) -> None:
    whole = snapshot(kit.source)
    found = await paths(kit, "src/deep")
    assert set(found) == {b"src", b"src/deep", b"src/deep/x"}
    assert found[b"src/deep/x"][:4] == whole[b"src/deep/x"][:4]
    assert set(await paths(kit, "src")) == {path for path in whole if path == b"src" or path[:4] == b"src/"}


async def test_one_file_one_link_and_a_hard_link_whose_file_stays_outside(kit: Kit) -> None:
    whole = snapshot(kit.source)
    assert (await paths(kit, "big.bin"))[b"big.bin"] == whole[b"big.bin"]
    assert (await paths(kit, "link"))[b"link"] == whole[b"link"]
    for path in ("zz-same", "src/main.py", "src/y"):
        assert (await paths(kit, path))[path.encode()][:4] == whole[path.encode()][:4]


async def test_what_is_not_there(kit: Kit) -> None:
    for path in ("nope", "", "..", "src/", "sr"):
        with pytest.raises(Failure) as refused:
            await paths(kit, path)
        assert refused.value.kind == "not_found"
