"""Puts the guest's program where a sandbox can mount it: a private, world-readable, versioned copy.

A copy, because the installed package may lie below a directory the workspace user cannot enter, and because
an upgrade of the daemon must not change the program under a workspace that runs.
"""

from __future__ import annotations

import hashlib
import os
import py_compile
import shutil
import tempfile
from pathlib import Path

from journeyman.guest import inside

PACKAGE = "inside"


def deliver(into: Path) -> Path:
    """Copy the guest to `into/<digest>/` and answer that directory (it holds the package `inside`).
    Safe to call from several daemons at once. Blocking: call it in a thread."""
    source = Path(inside.__file__).parent
    files = sorted(source.glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    target = into / digest.hexdigest()[:16]
    if target.is_dir():
        return target
    into.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=into))
    package = staging / PACKAGE
    package.mkdir()
    for file in files:
        copy = package / file.name
        copy.write_bytes(file.read_bytes())
        copy.chmod(0o644)
        # Trusted without a look at the source: where the workspace has our Python version it starts faster.
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(copy), doraise=True, invalidation_mode=mode)
    for path in (staging, package, package / "__pycache__"):
        path.chmod(0o755)
    try:
        os.rename(staging, target)
    except OSError:
        shutil.rmtree(staging)
        if not target.is_dir():
            raise
    return target


def command(
    python: str, program: str, socket: str, *, root: str, home: str, **options: str | int
) -> list[str]:
    """The command line that starts the guest whose package lies in the directory `program`."""
    start = (
        f"import sys; sys.path.insert(0, {program!r}); "
        "from inside.serve import main; sys.exit(main(sys.argv[1:]))"
    )
    words = [f"{key}={value}" for key, value in options.items()]
    return [python, "-I", "-S", "-X", "utf8", "-c", start, socket, f"root={root}", f"home={home}", *words]
