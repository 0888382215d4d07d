"""Projects made of a folder, a repository and an archive, on real parts; and that a source that fails leaves
nothing: no project, no workspace, no files."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.archive_kit import fill, snapshot
from components.docker_engine import DockerEngine
from components.egress_kit import PUBLIC, EgressKit, egress_kit
from components.git_server import repository, served
from components.sandbox import Bench, kinds
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.clock import SystemIds
from journeyman.ports.sandbox import Limits
from journeyman.project.service import ProjectService
from journeyman.records import Commands
from journeyman.sources.service import Sources
from journeyman.sources.spec import FromArchive, FromFolder, FromGit
from journeyman.tasks import Supervisor
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager

DESCRIBED = b"""{
  "image": "python:3.12", // not here
  "postCreateCommand": "echo $USER > made-after; exit 3",
  "forwardPorts": [8000],
  "remoteUser": "ada",
  "features": {}
}"""
everywhere = pytest.mark.parametrize("bench", kinds("direct", "bubblewrap", "docker"), indirect=True)
without_isolation = pytest.mark.parametrize("bench", kinds("direct"), indirect=True)
isolated = pytest.mark.parametrize("bench", kinds("bubblewrap", "docker"), indirect=True)
CODE = "http://code.example.org"


@dataclass
class House:
    sources: Sources
    projects: ProjectService
    manager: WorkspaceManager
    store: SqliteStore
    bench: Bench
    base: Path
    kit: EgressKit

    async def tree(self, project_id: str) -> dict[bytes, tuple[object, ...]]:
        current = await self.bench.generations.current(project_id)
        assert current is not None
        return snapshot(current[1])

    def code(self, address: str) -> None:
        """Let code.example.org lead to this server on loopback."""
        self.kit.dialer.names["code.example.org"] = [PUBLIC]
        self.kit.dialer.servers[PUBLIC, 80] = int(address.rpartition(":")[2])

    async def nothing_left(self) -> None:
        assert (await self.projects.list()).items == ()
        assert await self.projects.pending() == ()
        assert await self.bench.sandbox.list() == ()
        assert await self.bench.generations.projects() == ()
        assert await self.store.workspaces.list() == ()


@pytest.fixture
async def house(bench: Bench, tmp_path: Path) -> AsyncIterator[House]:
    clock, ids, supervisor = FakeClock(), SystemIds(), Supervisor()
    kit = egress_kit(supervisor, {}, allow=("code.example.org", "inside.example.org", "nowhere.example.org"))
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=clock)
    engine = ArchiveEngine(LocalObjects(tmp_path / "objects"), clock=clock, ids=ids)
    projects = ProjectService(store, clock, ids)
    manager = WorkspaceManager(
        bench.sandbox,
        bench.generations,
        engine,
        store,
        clock=clock,
        ids=ids,
        supervisor=supervisor,
        image=bench.image,
        limits=Limits(memory_mb=512, cpus=1.0, pids=64),
        image_of=projects.image_of,
        attend=kit.egress.attend,
    )
    assert not isinstance(await manager.start(), WorkspaceError)
    sources = Sources(projects, manager, engine, supervisor, images=bench.kind == "docker")
    yield House(sources, projects, manager, store, bench, tmp_path, kit)
    await manager.shutdown()
    await supervisor.close()
    await store.close()


async def failing(call: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        await call
    return caught.value


@everywhere
async def test_a_folder(house: House) -> None:
    folder = house.base / "wordcount"
    folder.mkdir()
    fill(folder)
    os.unlink(folder / "zz-same")  # a second name of a file becomes a file of its own
    outside = house.base / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (folder / "out").symlink_to(outside)
    wanted = snapshot(folder)
    os.mkfifo(folder / "pipe")
    (folder / ".env").write_text("TOKEN=1")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x").write_text("x")
    made = await house.sources.create(FromFolder(folder))
    assert (made.project.name, made.project.source, made.project.pending) == ("wordcount", "folder", False)
    assert "special files" in made.notices[0].message
    assert ".env" in made.notices[0].message
    assert await house.tree(made.project.id) == wanted
    assert (await house.projects.list()).items == (made.project,)


@everywhere
async def test_a_folder_that_describes_its_workspace(house: House) -> None:
    folder = house.base / "wordcount"
    (folder / ".devcontainer").mkdir(parents=True)
    (folder / ".devcontainer" / "devcontainer.json").write_bytes(DESCRIBED)
    made = await house.sources.create(FromFolder(folder), name="mine")
    told = " ".join(notice.message for notice in made.notices)
    assert "features" in told
    assert "image python:3.12 is not used" in told
    assert "postCreateCommand ended with 3" in told
    assert (made.project.name, made.project.image, made.project.forward_ports) == ("mine", None, (8000,))
    assert (await house.tree(made.project.id))[b"made-after"][3] == b"ada\n"


@pytest.mark.parametrize("bench", kinds("docker"), indirect=True)
async def test_an_image_of_its_own(house: House, docker_engine: DockerEngine) -> None:
    """The same image under another name: the workspace is made anew on it, and its files stay."""
    import docker

    client = docker.DockerClient(base_url=docker_engine.host)
    image = client.images.get(house.bench.image)
    image.tag("journeyman-test-described", "one")
    try:
        folder = house.base / "wordcount"
        folder.mkdir()
        (folder / "kept").write_text("kept")
        (folder / ".devcontainer.json").write_text('{"image": "journeyman-test-described:one"}')
        made = await house.sources.create(FromFolder(folder))
        assert (made.project.image, made.notices) == ("journeyman-test-described:one", ())
        [instance] = await house.bench.sandbox.list()
        assert client.containers.get(instance.id).attrs["Config"]["Image"] == "journeyman-test-described:one"
        assert b"kept" in await house.tree(made.project.id)
        chosen = await house.sources.create(FromFolder(folder), image=house.bench.image)
        assert chosen.project.image == house.bench.image, "what the user says is heard before any file"
        await house.bench.sandbox.remove(instance.id)
    finally:
        client.images.remove("journeyman-test-described:one", noprune=True)
        client.close()


@isolated
async def test_a_repository(house: House) -> None:
    files = {"main.py": b"print(1)\n", "src/deep/x": b"x", ".devcontainer.json": b'{"forwardPorts": [3000]}'}
    await asyncio.to_thread(repository, house.base / "git", files)
    with served(house.base / "git") as url:
        house.code(url)
        made = await house.sources.create(FromGit(f"{CODE}/work.git"))
        tree = await house.tree(made.project.id)
        assert made.project.name == "work"
        assert made.project.forward_ports == (3000,)
        assert tree[b"main.py"][3] == b"print(1)\n"
        assert b".git/HEAD" in tree
        assert b"branch" not in tree
        branch = await house.sources.create(FromGit(f"{CODE}/work.git", ref="other"))
        assert (await house.tree(branch.project.id))[b"branch"][3] == b"other"


@isolated
async def test_a_repository_that_cannot_be_had(house: House) -> None:
    await asyncio.to_thread(repository, house.base / "git", {"a": b"a"})
    with served(house.base / "git") as url:
        house.code(url)
        missing = await failing(house.sources.create(FromGit(f"{CODE}/no-such.git")))
        assert (missing.kind, missing.retryable) == ("source_failed", True)
        assert "no repository" in missing.message
        await house.nothing_left()
        branch = await failing(house.sources.create(FromGit(f"{CODE}/work.git", ref="no-such")))
        assert "no such branch" in branch.message
        pack = next((house.base / "git" / "work.git").rglob("objects/??/*"), None)
        for path in (house.base / "git" / "work.git" / "objects").rglob("*"):
            if path.is_file() and path.stat().st_size > 20 and "info" not in path.parts:
                path.chmod(0o600)
                path.write_bytes(path.read_bytes()[:20])
        damaged = await failing(house.sources.create(FromGit(f"{CODE}/work.git")))
        assert damaged.kind == "source_failed", pack
    away = await failing(house.sources.create(FromGit(f"{CODE}/work.git")))
    assert "does not reach" in away.message
    await house.nothing_left()


@isolated
async def test_a_repository_where_no_workspace_may_go(house: House) -> None:
    house.kit.dialer.names["inside.example.org"] = ["10.0.0.1"]
    for scheme, why in (("https", "does not lead to its host"), ("http", "does not allow its host")):
        for host in ("evil.example.org", "inside.example.org"):
            failure = await failing(house.sources.create(FromGit(f"{scheme}://{host}/x.git")))
            assert failure.kind == "source_failed"
            assert why in failure.message
            assert "egress_allow" in failure.hint
            await house.nothing_left()
    assert house.kit.dialer.dialled == []
    nowhere = await failing(house.sources.create(FromGit("http://nowhere.example.org/x.git")))
    assert "does not reach its host" in nowhere.message


@everywhere
async def test_an_archive_of_another_project(house: House) -> None:
    folder = house.base / "first"
    folder.mkdir()
    fill(folder)
    first = (await house.sources.create(FromFolder(folder))).project
    await house.projects.update(first.id, commands=Commands(test="make test"))
    kept = await house.manager.archive(first.id, keep=True)
    assert not isinstance(kept, WorkspaceError)
    before = await house.tree(first.id)
    made = await house.sources.create(FromArchive(first.id, kept.id), name="second")
    assert (made.project.source, made.project.commands.test) == ("archive", "make test")
    assert await house.tree(made.project.id) == before
    archived = await house.manager.archive(made.project.id)
    assert not isinstance(archived, WorkspaceError)
    # What becomes of the first is nothing to the second.
    assert not isinstance(await house.manager.delete(first.id, archives=True), WorkspaceError)
    restored = await house.manager.acquire(made.project.id)
    assert not isinstance(restored, WorkspaceError)
    assert restored.acquired == "restored"
    await house.manager.release(made.project.id)
    assert await house.tree(made.project.id) == before


@everywhere
async def test_a_fork_shares_what_there_is_and_goes_its_own_way(house: House) -> None:
    folder = house.base / "first"
    folder.mkdir()
    fill(folder)
    first = (await house.sources.create(FromFolder(folder))).project
    await house.projects.update(first.id, commands=Commands(test="make test"))
    before = await house.tree(first.id)
    fork = await house.sources.fork(first.id)
    assert (fork.name, fork.source, fork.commands.test) == ("first (fork)", "archive", "make test")
    assert not (house.base / "objects" / "p" / fork.id / "packs").exists()
    for project_id, text in ((first.id, b"one"), (fork.id, b"two")):
        workspace = await house.manager.acquire(project_id)
        assert not isinstance(workspace, WorkspaceError)
        await workspace.guest.write("way", text)
        await house.manager.release(project_id)
        archived = await house.manager.archive(project_id)
        assert not isinstance(archived, WorkspaceError)
        assert archived.new_bytes < 10_000
    assert not isinstance(await house.manager.delete(first.id, archives=True), WorkspaceError)
    report = await house.manager.kept.verify(fork.id, None, read_data=True)
    assert not isinstance(report, WorkspaceError)
    assert report.ok, report.problems
    workspace = await house.manager.acquire(fork.id)
    assert not isinstance(workspace, WorkspaceError)
    assert workspace.acquired == "restored"
    await house.manager.release(fork.id)
    tree = await house.tree(fork.id)
    assert tree.pop(b"way")[3] == b"two"
    assert tree == before
    assert not isinstance(await house.manager.delete(fork.id, archives=True), WorkspaceError)
    assert [path for path in (house.base / "objects" / "p").rglob("*") if path.is_file()] == []


@without_isolation
async def test_archives_that_cannot_be_had(house: House) -> None:
    assert (await failing(house.sources.create(FromArchive("no-such")))).kind == "not_found"
    await house.nothing_left()
    empty = await house.projects.create()
    assert (await failing(house.sources.create(FromArchive(empty.id)))).kind == "not_found"
    folder = house.base / "first"
    folder.mkdir()
    (folder / "a").write_text("a")
    first = (await house.sources.create(FromFolder(folder))).project
    assert not isinstance(await house.manager.archive(first.id), WorkspaceError)
    other = await failing(house.sources.create(FromArchive(first.id), user_id="eve"))
    assert other.kind == "not_found"
    assert (await failing(house.sources.create(FromArchive(first.id, "no-such")))).kind == "not_found"
    [pack] = (house.base / "objects" / "p" / first.id / "packs").iterdir()
    pack.write_bytes(pack.read_bytes()[:-40])
    pack.write_bytes(b"JMPACK01" + bytes(100))
    assert (await failing(house.sources.create(FromArchive(first.id)))).kind == "archive_corrupt"
    listed = {project.id for project in (await house.projects.list()).items}
    assert listed == {empty.id, first.id}
    assert await house.projects.pending() == ()
    assert await house.bench.generations.projects() == ()


@without_isolation
async def test_a_folder_that_changes_meanwhile_leaves_nothing(house: House) -> None:
    folder = house.base / "changing"
    (folder / "a").mkdir(parents=True)
    for number in range(30):
        (folder / "a" / f"{number:02}").write_bytes(os.urandom(200_000))
    outside = house.base / "outside"
    outside.mkdir()
    for number in range(30):
        (outside / f"{number:02}").write_bytes(b"secret" * 40_000)

    def meddle(what: str, percent: int) -> None:
        if percent > 10 and not (folder / "a").is_symlink():
            shutil.move(folder / "a", folder.parent / "moved")
            (folder / "a").symlink_to(outside)

    failure = await failing(house.sources.create(FromFolder(folder), say=meddle))
    assert failure.kind == "source_failed"
    await house.nothing_left()


@without_isolation
async def test_cancelled_in_the_middle_it_leaves_nothing(house: House) -> None:
    folder = house.base / "large"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number}").write_bytes(os.urandom(50_000))
    begun = asyncio.Event()
    making = asyncio.create_task(
        house.sources.create(
            FromFolder(folder), say=lambda what, percent: begun.set() if percent > 10 else None
        )
    )
    await begun.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await house.nothing_left()


@without_isolation
async def test_while_it_is_made_nobody_uses_it_and_the_next_start_removes_it(house: House) -> None:
    project = await house.projects.create(source="git", pending=True)
    assert not isinstance(await house.manager.acquire(project.id), WorkspaceError)
    await house.manager.release(project.id)
    assert (await failing(house.projects.get(project.id))).kind == "busy"
    assert (await house.projects.list()).items == ()
    await house.sources.recover()
    await house.nothing_left()
    assert (await failing(house.projects.get(project.id))).kind == "not_found"
