"""Projects that are archived, forked, thinned out and deleted by chance. Whatever is listed is whole, always;
what was deleted leaves nothing in the end."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from components.archive_guest import FolderGuest
from components.archive_kit import Kit, snapshot
from journeyman.workspace.archive.retention import Policy

STEPS = ("new", "archive", "archive", "fork", "fork", "drop", "thin", "thin", "thin", "thin", "delete")


async def whole(kit: Kit, *projects: str, read_data: bool = True) -> None:
    """Every archive that is listed is there, with every byte where they are read."""
    for project in projects:
        for each in await kit.engine.list(project):
            report = await kit.engine.verify(project, each.archive_id, read_data=read_data)
            assert report.ok, report.problems


async def by_chance(base: Path, seed: int, *, steps: int) -> None:
    world = _World(base, seed)
    for number in range(steps):
        await world.step()
        await whole(world.kit, *world.trees, read_data=number % 10 == 9)
    await whole(world.kit, *world.trees)
    await world.end()


class _World:
    def __init__(self, base: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kit = Kit(base)
        self.base = base
        self.trees: dict[str, Path] = {}
        self.now = datetime.now(UTC)
        self.born = 0

    async def step(self) -> None:
        what = self.chance.choice(STEPS) if self.trees else "new"
        project = self.chance.choice(sorted(self.trees)) if self.trees else ""
        engine = self.kit.engine
        if what == "new":
            project = self._name()
            self.trees[project] = self.base / project
            self.trees[project].mkdir()
        if what in ("new", "archive"):
            self._change(self.trees[project])
            await self.kit.archive(FolderGuest(self.trees[project]), project=project)
        elif what == "fork":
            await self._fork(project)
        elif what == "drop":
            if rest := [each.archive_id for each in (await engine.list(project))[1:]]:
                await engine.keeping.drop(project, self.chance.choice(rest))
        elif what == "thin":
            self.now += timedelta(hours=self.chance.choice([1, 25, 25]))
            policy = Policy(last=self.chance.choice([1, 1, 3]), hourly=0, daily=0)
            for each in self.trees:
                assert (await engine.keeping.thin(each, policy, now=self.now)).problems == ()
        elif what == "delete" and len(self.trees) > 1:
            await engine.forget(project)
            del self.trees[project]

    async def end(self) -> None:
        for project, folder in self.trees.items():
            _, found = await self.kit.restore(project=project)
            assert snapshot(found) == snapshot(folder)
        for project in sorted(self.trees):
            await self.kit.engine.forget(project)
        assert self.kit.memory.objects == {}

    async def _fork(self, source: str) -> None:
        made, target = self._name(), self.kit.target()
        listed = await self.kit.engine.list(source)
        archive = self.chance.choice(listed).archive_id
        await self.kit.engine.fork(source, archive, project_id=made, epoch=1)
        await self.kit.restore(into=target, project=made)
        self.trees[made] = Path(os.fsdecode(target.root))

    def _name(self) -> str:
        self.born += 1
        return f"project-{self.born}"

    def _change(self, folder: Path) -> None:
        for _ in range(self.chance.randint(1, 3)):
            size = self.chance.choice([10, 2000, 9000])
            (folder / f"f{self.chance.randrange(5)}").write_bytes(self.chance.randbytes(size))
        if self.chance.random() < 0.3:
            (folder / f"f{self.chance.randrange(5)}").unlink(missing_ok=True)
