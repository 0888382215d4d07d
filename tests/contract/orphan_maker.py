"""A daemon in miniature that is killed once it has an instance. Arguments: kind, data directory, tag."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.adapters.instance_files import InstanceRecord
from journeyman.ports.guest import ProcessSpec
from journeyman.ports.sandbox import InstanceSpec, Limits
from journeyman.testing.sandbox import DirectSandbox


class Late(BubblewrapSandbox):
    """Bubblewrap as it is when its parent died before it could ask to be told of that."""

    async def command(self, record: InstanceRecord, program: Path, runtime: Path) -> list[str]:
        words = await super().command(record, program, runtime)
        words.remove("--die-with-parent")
        return words


async def main(kind: str, data: Path, tag: str) -> None:
    uid = workspace_uid(None)
    sandbox = DirectSandbox(data) if kind == "direct" else Late(data, uid=uid)
    generations = LocalGenerations(data, uid=uid)
    number, files = await generations.prepare("p")
    limits = Limits(memory_mb=512, cpus=1.0, pids=64)
    instance = await sandbox.create(InstanceSpec("p", "p", number, 1, files, "", limits))
    await sandbox.start(instance.id)
    if kind != "too early":
        guest = await sandbox.attach(instance.id)
        await guest.spawn(ProcessSpec(("bash", "-c", f"trap '' HUP; setsid sleep {tag} & sleep {tag}")))
    os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
