"""A daemon of the demo's own: its data, its socket and its archives lie in one temporary directory, and it
ends with the demo. Nothing of the user's settings file or data is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from journeyman.cli import output
from journeyman.client import launch
from journeyman.failures import Failure

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 30.0


@dataclass(slots=True)
class DemoPlace:
    """Where the demo happens. `restart` starts the daemon anew with other settings."""

    root: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def socket(self) -> Path:
        return self.root / "run" / "daemon.sock"

    @property
    def log(self) -> Path:
        return self.root / "daemon.log"

    def start(self, **settings: str) -> None:
        """Start the daemon and wait until its socket is there; `settings` are `JOURNEYMAN_...` variables."""
        self.stop()
        environment = {
            **os.environ,
            "JOURNEYMAN_DATA_DIR": str(self.data),
            "JOURNEYMAN_RUNTIME_DIR": str(self.root / "run"),
            "JOURNEYMAN_CONFIG": str(self.root / "config.toml"),
            "JOURNEYMAN_OBJECTS": "local",
            **settings,
        }
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is the demo's to handle, not the daemon's.
            self.process = subprocess.Popen(
                [sys.executable, "-m", "journeyman", "serve"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while (listening := launch.connect(self.socket)) is None:
            if self.process.poll() is not None:
                raise self._did_not_start("ended at once")
            if time.monotonic() > deadline:
                raise self._did_not_start(f"was not ready within {READY_WITHIN_S:.0f} s")
            time.sleep(0.02)
        listening.close()

    def _did_not_start(self, how: str) -> Failure:
        tail = self.log.read_text(errors="replace").strip().splitlines()[-1:] if self.log.exists() else []
        said = f" It said: {tail[0]}" if tail else ""
        return Failure("internal", f"The demo's daemon {how}.{said}", hint="Run `journeyman doctor`.")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def demo_daemon(*, keep: bool) -> Generator[DemoPlace, None, None]:
    root = Path(tempfile.mkdtemp(prefix="journeyman-demo-"))
    place = DemoPlace(root)
    try:
        place.start()
        yield place
    finally:
        place.stop()
        if keep:
            output.stderr().print(f"kept {root}", style="dim", markup=False)
        else:
            shutil.rmtree(root, ignore_errors=True)
