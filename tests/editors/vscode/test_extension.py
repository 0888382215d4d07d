"""The extension in a real VS Code, and what is tested of it outside: `clients/vscode/test/all.sh` runs
everything, and ends as the editor's own suite ends. What it printed is shown where it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.vscode import EXTENSION

pytestmark = [pytest.mark.vscode, pytest.mark.bubblewrap]

ENDED_WITHIN_S = 1500.0
SAID = EXTENSION / ".build" / "said.log"
"""All of it, beside the pictures."""


@pytest.mark.timeout(2500)
def test_types_messages_units_and_the_real_editor(vscode: Path) -> None:
    SAID.parent.mkdir(exist_ok=True)
    with SAID.open("wb") as output:
        done = subprocess.run(
            [str(EXTENSION / "test" / "all.sh"), str(Path(sys.executable).with_name("journeyman"))],
            env={**os.environ, "PYTHON": sys.executable},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=ENDED_WITHIN_S,
            check=False,
        )
    lines = SAID.read_text(errors="replace").splitlines()
    assert done.returncode == 0, "\n".join(lines[-400:])
    # An editor that ends well without having run the suite would be no proof.
    assert any(line.startswith("ok    ") for line in lines)
