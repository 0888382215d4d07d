"""The guest without isolation, for fast tests only: same program, same client, same suite as the sandboxes.

Never offered to users: commands run as the caller, on the caller's machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from journeyman.adapters.instance_files import InstanceRecord
from journeyman.adapters.local_sandbox import LocalSandbox
from journeyman.guest import delivery
from journeyman.ports.sandbox import SandboxReport


class DirectSandbox(LocalSandbox):
    """Implements `ports.sandbox.Sandbox`; `/workspace` is the generation's own directory."""

    name = "direct"

    async def probe(self) -> SandboxReport:
        return SandboxReport(available=True, tier="none", gaps=("everything: there is no isolation",))

    async def command(self, record: InstanceRecord, program: Path, runtime: Path) -> list[str]:
        home = runtime.with_suffix(".home")
        return delivery.command(
            sys.executable,
            str(program),
            str(runtime / "guest.sock"),
            root=str(record.spec.files),
            home=str(home),
            path=os.environ.get("PATH", os.defpath),
            lifeline=1,
        )
