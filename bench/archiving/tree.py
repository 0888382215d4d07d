"""The tree that is archived: files of installed packages, a blob that does not compress, a database.

Every copied file gets a line of its own at the end, so that nothing in the tree is there twice and nobody
wins by finding duplicates. Where too little is installed, its largest files come again, far from the first
time and with such a line after every `STRIPE_BYTES`, which is less than anybody's smallest chunk. Nothing is
downloaded.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
LARGEST = 24 * MIB
STRIPE_BYTES = MIB // 16
EDITIONS_MOST = 16
NODE_MODULES = Path("/usr/lib/node_modules"), Path("/usr/share/nodejs")


@dataclass(frozen=True, slots=True)
class Size:
    files: int
    bytes: int
    blob: int
    database_rows: int


FULL = Size(18_000, 800 * MIB, 100 * MIB, 160_000)
QUICK = Size(2_000, 60 * MIB, 8 * MIB, 5_000)


def make(root: Path, size: Size) -> None:
    """Fill the empty directory `root`."""
    root.mkdir(parents=True, exist_ok=True)
    for number, (edition, source, below) in enumerate(_chosen(size)):
        target = root / f"packages-{edition}" / below
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, target, number, STRIPE_BYTES if edition else LARGEST)
    (root / "blob.bin").write_bytes(random.Random(7).randbytes(size.blob))
    _database(root / "data.sqlite", size.database_rows)


def _copy(source: Path, target: Path, number: int, stripe: int) -> None:
    content, line = source.read_bytes(), b"\n# %d\n" % number
    starts = range(0, max(1, len(content)), stripe)
    target.write_bytes(b"".join([content[at : at + stripe] + line for at in starts]))


def _chosen(size: Size) -> list[tuple[int, Path, Path]]:
    """The largest files for four fifths of the bytes, and as many of the others as are missing; with each the
    edition it is of."""
    found = sorted(_sources(), key=lambda each: (-each[0].stat().st_size, each[1]))
    found = [each for each in found if each[0].stat().st_size <= LARGEST]
    wanted = size.bytes * 0.8
    chosen = list(_again(found, wanted - _bytes(source for source, _ in found)))
    copies, taken = len(chosen), _bytes(source for _, source, _ in chosen)
    while taken < wanted and len(chosen) < min(size.files // 2, len(found)):
        source, below = found[len(chosen) - copies]
        taken += source.stat().st_size
        chosen.append((0, source, below))
    rest = [(0, *each) for each in found[len(chosen) - copies :]]
    missing = size.files - len(chosen)
    return chosen + rest[:: max(1, len(rest) // missing)][:missing]


def _again(found: Sequence[tuple[Path, Path]], short: float) -> Iterator[tuple[int, Path, Path]]:
    """As many of the first of them as make up for `short` bytes."""
    for edition in range(1, EDITIONS_MOST):
        for source, below in found:
            if short <= 0:
                return
            short -= source.stat().st_size
            yield edition, source, below


def _bytes(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def change(root: Path, turn: int) -> None:
    """200 files and some pages of the database, another 200 every `turn`."""
    files = sorted(path for path in root.glob("packages-*/**/*") if path.is_file() and not path.is_symlink())
    for path in random.Random(turn).sample(files, min(200, len(files))):
        with path.open("ab") as out:
            out.write(b"changed %d\n" % turn)
    with sqlite3.connect(root / "data.sqlite") as database:
        database.execute("UPDATE rows SET n = n + 1 WHERE id % 15000 = ?", (turn,))
    database.close()


def own(root: Path, uid: int) -> None:
    """Give the tree to the workspace's user."""
    if os.geteuid() == 0:
        for folder, _, names in os.walk(root):
            os.chown(folder, uid, uid)
            for name in names:
                os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)


def _sources() -> Iterator[tuple[Path, Path]]:
    roots = [*NODE_MODULES, Path(sysconfig.get_paths()["purelib"]), Path(sysconfig.get_paths()["stdlib"])]
    for number, root in enumerate(roots):
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path, Path(str(number)) / path.relative_to(root)


def _database(path: Path, rows: int) -> None:
    rng = random.Random(11)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, n INTEGER, text TEXT, data BLOB)")
        database.executemany(
            "INSERT INTO rows (n, text, data) VALUES (?, ?, ?)",
            ((n, f"row {n} " * 40, rng.randbytes(600)) for n in range(rows)),
        )
    database.close()
