"""One round: everybody archives, changes and restores the same tree, each result is compared with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.archiving import tree
from bench.archiving.ours import PROJECT
from bench.archiving.peers import Cost, Docker, Restic, lstat_floor, tar_zstd, zstd_tar
from bench.archiving.report import (
    AFTER,
    CHANGED,
    FIRST,
    FORK,
    LSTAT,
    MANIFEST,
    OURS,
    RESTIC,
    RESTORED,
    SEALED,
    TAR,
    TAR_BACK,
    UNCHANGED,
    Costs,
)
from bench.archiving.same import differs
from journeyman.adapters.generations import LocalGenerations, workspace_uid

STEPS = 23
"""Notes of one round with everybody there."""
Note = Callable[[str, str, Cost | None], None]


def one_round(
    folder: Path, source: Path, costs: Costs, step: Callable[[str], None], kept: contextlib.ExitStack
) -> None:
    """In the empty directory `folder`. It and all that `kept` is to end stays until every round is over:
    removing files slows down who comes next."""

    def note(case: str, who: str, cost: Cost | None) -> None:
        step(f"{who}: {case}")
        if cost is not None:
            costs.setdefault((case, who), []).append(cost)

    for kind in (OURS, SEALED):
        (folder / kind).mkdir()
    files = _workspace(folder / OURS, source)
    note(UNCHANGED, LSTAT, lstat_floor(files))
    note(FIRST, TAR, tar_zstd(files, folder / "tree.tar.zst"))
    _first(folder / OURS, OURS, note)
    restic = Restic(folder) if Restic.installed() else None
    if restic is not None:
        restic.begin()
        note(FIRST, RESTIC, restic.backup(files))
        note(UNCHANGED, RESTIC, restic.backup(files))
    sealed = _workspace(folder / SEALED, source)
    _first(folder / SEALED, SEALED, note)
    for each in (files, sealed):
        tree.change(each, 1)
    note(CHANGED, OURS, _ours("archive", folder / OURS, OURS))
    note(CHANGED, SEALED, _ours("archive", folder / SEALED, SEALED))
    if restic is not None:
        note(CHANGED, RESTIC, restic.backup(files))
    for kind, was in ((OURS, files), (SEALED, sealed)):
        note(RESTORED, kind, _ours("restore", folder / kind, kind))
        _must_be_same(was, _current(folder / kind), kind)
        note(AFTER, kind, _ours("archive", folder / kind, kind))
        note(FORK, kind, _ours("fork", folder / kind, kind))
    note(FORK, MANIFEST, _ours("manifest", folder / OURS, OURS))
    note(AFTER, LSTAT, lstat_floor(files))
    if restic is not None:
        note(RESTORED, RESTIC, restic.restore(folder / "restored"))
        _must_be_same(files, Path(f"{folder / 'restored'}{files}"), RESTIC)
        moved = folder / "moved"
        subprocess.run(["cp", "-a", str(files), str(moved)], check=True)
        files.rename(folder / "aside")
        moved.rename(files)
        note(AFTER, RESTIC, restic.backup(files))
    note(RESTORED, TAR_BACK, zstd_tar(folder / "tree.tar.zst", folder / "unpacked"))
    if (folder / "unpacked").exists():
        _must_be_same(source, folder / "unpacked", TAR_BACK, tick_ns=10**9)
    if (docker := Docker.begin(source)) is not None:
        kept.callback(docker.end)
        note(FIRST, "docker commit", docker.commit())
        note(FIRST, "docker export", docker.export(folder / "export.tar"))


def _first(folder: Path, kind: str, note: Note) -> None:
    note(FIRST, kind, _ours("archive", folder, kind))
    _ours("archive", folder, kind)  # what was written moments before the first one is remembered by this one
    note(UNCHANGED, kind, _ours("archive", folder, kind))


def _ours(action: str, folder: Path, kind: str) -> Cost:
    command = [sys.executable, "-m", "bench.archiving.ours", action, str(folder)]
    done = subprocess.run(
        [*command, *(["--sealed"] if kind == SEALED else [])], capture_output=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr.decode()[-2000:])
    found = json.loads(done.stdout)
    return Cost(found["cpu"], found["wall"], int(found.get("new_bytes", 0)), found["peak_mb"])


def _workspace(folder: Path, source: Path) -> Path:
    """The tree as generation 1 of a new workspace; answers its directory."""
    uid = workspace_uid(None)
    number, files = asyncio.run(LocalGenerations(folder / "data", uid=uid).prepare(PROJECT))
    subprocess.run(["cp", "-a", f"{source}/.", str(files)], check=True)
    tree.own(files, uid)
    os.sync()  # or whoever comes next pays for what is still to be written
    asyncio.run(LocalGenerations(folder / "data", uid=uid).commit(PROJECT, number))
    return files


def _current(folder: Path) -> Path:
    found = asyncio.run(LocalGenerations(folder / "data", uid=workspace_uid(None)).current(PROJECT))
    assert found is not None
    return found[1]


def _must_be_same(wanted: Path, found: Path, who: str, *, tick_ns: int = 1) -> None:
    if (path := differs(wanted, found, tick_ns=tick_ns)) is not None:
        raise SystemExit(f"{who} brought {path} back as something else")
