"""The scene of injected instructions in a real container.

One container for each policy takes all cases, emptied before each: what costs is its start.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from components.docker_engine import DockerEngine
from components.missing import unavailable
from hostile.injected_scene import Scene, injected_scene
from journeyman.adapters.docker_sandbox import DockerSandbox
from journeyman.adapters.generations import workspace_uid

NEAREST = frozenset(
    {
        "every environment",
        "the daemon's token",
        "another project",
        "a link out",
        "another root",
        "a mount of its own",
        "the daemon's socket",
        "an address of the host",
        "the engine's socket",
        "a socket without a file",
    }
)
"""Errands whose end hangs on how a container was made; the others' on what both sandboxes share."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, docker_engine: DockerEngine
) -> AsyncGenerator[Scene]:
    root = tmp_path_factory.mktemp("injected")
    host, mounts, image = docker_engine.host, docker_engine.mounts, docker_engine.image
    sandbox = DockerSandbox(root / "data", uid=workspace_uid(None), host=host, extra_mounts=mounts)
    report = await sandbox.probe()
    if not report.available:
        await sandbox.close()
        unavailable(f"docker: {report.why}")
    async with injected_scene(root, sandbox, request.param, image=image, one_project=True) as made:
        yield made
        for instance in await sandbox.list():
            await sandbox.remove(instance.id)
