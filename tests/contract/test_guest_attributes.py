"""Extended attributes are found the same way wherever a guest may look from."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from journeyman.guest.inside import libc, wire
from journeyman.guest.inside.scan import Scan

ALL = -(1 << 63)


def _tree(root: Path) -> dict[bytes, dict[str, bytes]]:
    wanted: dict[bytes, dict[str, bytes]] = {}
    for number, name in enumerate(["a", "a/one", "a/one/deep", "a/two", "b", "b/one", "c"]):
        (root / name).mkdir()
        for file in ("first", "last", "zz"):
            (root / name / file).write_text(name)
        marked = [name, f"{name}/zz"] if number % 2 else [f"{name}/first", f"{name}/zz"]
        for path in marked:
            os.setxattr(root / path, "user.of", path.encode())
            wanted[path.encode()] = {"user.of": path.encode()}
    os.symlink("first", root / "a" / "link")
    return wanted


def _scan(root: Path) -> tuple[bytes, dict[bytes, dict[str, bytes]], bool]:
    """Records, attributes, and whether the directory of the thread is as before. In a thread of its own."""
    parts: list[bytes] = []
    found: list[tuple[int, bool]] = []

    def look() -> None:
        before, base = os.getcwd(), os.open(root, os.O_RDONLY)
        try:
            scan = Scan(parts.append, ALL)
            scan.run(base)
            found.append((scan.sent, os.getcwd() == before))
        finally:
            os.close(base)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    whole, (at, same) = b"".join(parts), found[0]
    return whole[:at], wire.unpack_attributes(whole[at:]), same


def test_attributes_are_told_of_whatever_has_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = _tree(tmp_path)
    here = os.getcwd()
    records, attributes, same = _scan(tmp_path)
    assert attributes == wanted
    assert same, "the thread is where it was"
    assert os.getcwd() == here, "nobody else went anywhere"
    monkeypatch.setattr(libc, "_libc", None)  # as where a sandbox forbids that call
    assert _scan(tmp_path) == (records, wanted, True)
