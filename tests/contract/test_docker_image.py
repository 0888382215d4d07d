"""The workspace image: built where no registry answers, and good for real work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.docker_engine import DockerEngine, ensure_mmdebstrap
from journeyman.adapters.docker_image import build_image
from journeyman.adapters.docker_sandbox import DockerSandbox
from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.failures import Failure
from journeyman.ports.sandbox import InstanceSpec, Limits

IMAGE = "journeyman-test-workspace:latest"
TOOLS = "bash git python3 rg node curl ps"


@pytest.mark.docker
@pytest.mark.timeout(900)
async def test_the_image_is_built_and_has_the_tools(docker_engine: DockerEngine, tmp_path: Path) -> None:
    ensure_mmdebstrap()
    said: list[str] = []
    ident = await build_image(IMAGE, said.append, host=docker_engine.host)
    assert ident.startswith("sha256:")
    assert said
    uid = workspace_uid(None)
    generations = LocalGenerations(tmp_path / "data", uid=uid)
    number, files = await generations.prepare("p")
    sandbox = DockerSandbox(tmp_path / "data", uid=uid, host=docker_engine.host)
    spec = InstanceSpec("p", f"p-{os.getpid()}", number, 1, files, IMAGE, Limits(512, 1, 128))
    instance = await sandbox.create(spec)
    try:
        await sandbox.start(instance.id)
        guest = await sandbox.attach(instance.id)
        done = await guest.run(
            ["bash", "-c", f"for t in {TOOLS}; do command -v $t || echo missing $t; done; id -u"]
        )
        assert b"missing" not in done.output
        assert done.output.split()[-1] == str(uid).encode()
        script = (
            "git init -q .; echo x > f; git add f; git -c user.name=a -c user.email=b commit -qm m; git log"
        )
        assert (await guest.run(["bash", "-ec", script])).code == 0
        await guest.close()
    finally:
        await sandbox.remove(instance.id)
        await sandbox.close()


@pytest.mark.docker
async def test_a_bootstrap_that_fails_leaves_no_half_image(
    docker_engine: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, tools = tmp_path / "cache", tmp_path / "tools"
    tools.mkdir()
    (tools / "mmdebstrap").write_text("#!/bin/sh\necho half\necho 'E: mirror is gone' >&2\nexit 25\n")
    (tools / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setattr("journeyman.adapters.docker_image._from_registry", lambda *_: False)
    with pytest.raises(Failure) as refused:
        await build_image("journeyman-test-never:latest", lambda _: None, host=docker_engine.host)
    assert refused.value.kind == "image_missing"
    assert "mirror is gone" in refused.value.message
    assert list((cache / "journeyman").iterdir()) == []
