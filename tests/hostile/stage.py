"""Restores a forged archive through the real guest and says what came of it.

Around the staging directory lie canaries: an old workspace, a secret file, a directory, links. Nothing of
them, and no other name, may change.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import zstandard

from components.archive_guest import FolderGuest
from components.archive_kit import PROJECT, Kit, fill, snapshot
from hostile.scene import Case, Scene
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import InstanceSpec, Limits
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.testing.objects import MemoryObjects
from journeyman.testing.sandbox import DirectSandbox
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.load import parse_manifest
from journeyman.workspace.archive.model import Manifest

HANG_S = 90.0
"""Never met: what takes longer is reported as hanging."""


@dataclass(frozen=True)
class Verdict:
    name: str
    outcome: str
    """`refused` (a typed failure), `faithful`, `unfaithful`, `hangs`, or `bug` (an exception of ours)."""
    kind: str = ""
    message: str = ""
    begun: bool = False
    """The staging directory was written to."""
    left: int = 0
    """Entries in the staging directory after a refusal."""
    untouched: bool = True
    """The canaries, and the store."""
    peak_mb: int = 0
    """Most resident memory while it went on, above what was there before; of this process."""

    def line(self) -> dict[str, object]:
        return asdict(self)


class Stage:
    """Make with `Stage.open`. One guest restores every archive, each into its emptied directory."""

    def __init__(self, base: Path, kit: Kit, sandbox: DirectSandbox, guest: Guest) -> None:
        self.base, self.kit, self.sandbox, self.guest = base, kit, sandbox, guest
        self.target = base / "around" / "stage" / "files"
        self.around = base / "around"
        key = next(key for key in kit.memory.objects if "/m/" in key)
        self.manifest = parse_manifest(kit.memory.objects[key], PROJECT, LIMITS)
        self._canaries = self._see()

    @classmethod
    async def open(cls, base: Path) -> Stage:
        kit = Kit(base)
        fill(kit.source)
        await kit.archive(FolderGuest(kit.source))
        around = base / "around"
        (around / "outside").mkdir(parents=True)
        (around / "outside" / "secret").write_text("secret")
        (around / "outside" / "link").symlink_to("secret")
        shutil.copytree(kit.source, around / "old", symlinks=True)
        files = around / "stage" / "files"
        files.mkdir(parents=True)
        os.chdir(around / "outside")
        sandbox = DirectSandbox(base / "runtime")
        limits = Limits(memory_mb=256, cpus=1.0, pids=64)
        spec = InstanceSpec(
            project_id=PROJECT, name=PROJECT, generation=1, epoch=1, files=files, image="", limits=limits
        )
        instance = await sandbox.create(spec)
        await sandbox.start(instance.id)
        return cls(base, kit, sandbox, await sandbox.attach(instance.id))

    async def close(self) -> None:
        await self.sandbox.close()

    def scene(self) -> Scene:
        canary = os.fsencode(self.around / "outside")
        return Scene(dict(self.kit.memory.objects), self.manifest, canary)

    async def play(self, case: Case) -> Verdict:
        scene = self.scene()
        case.forge(scene)
        memory = MemoryObjects()
        memory.objects = scene.objects
        before = {key: hash(data) for key, data in scene.objects.items()}
        engine = ArchiveEngine(
            memory, clock=FakeClock(self.kit.clock.now()), ids=CountingIds(), limits=case.limits
        )
        witness = _Witness(self.guest)
        _forget_peak()
        start = _resident_mb("VmRSS")
        verdict = Verdict(case.name, "faithful")
        try:
            async with asyncio.timeout(HANG_S):
                await engine.restore(PROJECT, witness.as_guest(), archive_id=case.archive_id)
        except Failure as failure:
            verdict = Verdict(case.name, "refused", failure.kind, failure.message)
        except TimeoutError:
            verdict = Verdict(case.name, "hangs")
        except Exception as error:  # the test says which it was
            verdict = Verdict(case.name, "bug", type(error).__name__, str(error)[:300])
        peak = max(0, _resident_mb("VmHWM") - start)
        left = len(os.listdir(self.target))
        if verdict.outcome == "faithful":
            wanted = expected(scene.wanted or self.manifest, scene.objects)
            if snapshot(self.target) != wanted:
                verdict = Verdict(case.name, "unfaithful", message=str(snapshot(self.target))[:2000])
            left = 0
        untouched = self._see() == self._canaries and before == {
            key: hash(data) for key, data in scene.objects.items()
        }
        self._empty()
        return Verdict(
            verdict.name, verdict.outcome, verdict.kind, verdict.message, witness.begun, left, untouched, peak
        )

    def _see(self) -> object:
        """Everything around the staging directory; of that only that it is there."""
        seen = snapshot(self.around)
        return {
            path: fact if not path.startswith(b"stage") else fact[:1]
            for path, fact in seen.items()
            if not path.startswith(b"stage/files/")
        }

    def _empty(self) -> None:
        for name in os.listdir(os.fsencode(self.target)):
            path = os.path.join(os.fsencode(self.target), name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)


class _Witness:
    """The real guest, and whether a restore was begun with it."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.begun = False

    def as_guest(self) -> Guest:
        return self  # type: ignore[return-value]

    def __getattr__(self, name: str) -> object:
        if name in ("begin_restore", "lend_restore"):
            self.begun = True
        return getattr(self._guest, name)


def expected(manifest: Manifest, objects: dict[str, bytes]) -> dict[bytes, tuple[object, ...]]:
    """What `archive_kit.snapshot` sees where `manifest` was restored; from its values alone."""
    packs = {key.rpartition("/")[2]: data for key, data in objects.items() if "/packs/" in key}
    frames: dict[int, bytes] = {}

    def content(number: int) -> bytes:
        chunk = manifest.chunks[number]
        frame = manifest.frames[chunk.frame]
        if chunk.frame not in frames:
            data = packs[manifest.packs[frame.pack].name][frame.offset : frame.offset + frame.stored]
            frames[chunk.frame] = zstandard.ZstdDecompressor().decompress(data)
        return frames[chunk.frame][chunk.offset : chunk.offset + chunk.length]

    found: dict[bytes, tuple[object, ...]] = {}
    names: dict[bytes, list[bytes]] = defaultdict(list)
    for node in manifest.nodes:
        if node.kind == "symlink":
            found[node.path] = ("link", node.target, node.mtime_ns)
        elif node.kind == "directory":
            found[node.path] = ("folder", node.mode, node.mtime_ns, dict(node.xattrs))
        elif node.kind == "file":
            data = b"".join(map(content, node.chunks))
            found[node.path] = ("file", node.mode, node.mtime_ns, data, dict(node.xattrs))
            names[node.path].append(node.path)
        else:
            found[node.path] = found[node.target]
            names[node.target].append(node.path)
    for group in names.values():
        for path in group:
            found[path] += (tuple(sorted(group)),)
    return found


def _forget_peak() -> None:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _resident_mb(field: str) -> int:
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(field + ":"))
    return int(line.split()[1]) // 1024
