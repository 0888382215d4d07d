"""One daemon, one folder, and Neovims that work with both. Models answer from recordings."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pynvim

from components.neovim import Neovim, environment, program, script
from e2e.daemons import Place, wait_until

CHILD_S = 280
"""A Neovim that nobody ends is ended then."""
LINES = [f"line {number}" for number in range(1, 31)]
PERSON = """
_G.asked, _G.typed, _G.told = {}, {}, {}
vim.ui.select = function(items, options, done)
  local titles = vim.tbl_map(options.format_item or tostring, items)
  table.insert(asked, { prompt = options.prompt, titles = titles, items = items, done = done })
end
vim.ui.input = function(options, done)
  table.insert(typed, { prompt = options.prompt, done = done })
end
vim.notify = function(text)
  table.insert(told, text)
end
"""
"""What would be shown to a person is kept, and answered by `Person`."""


def says(*calls: dict[str, Any], text: str = "") -> dict[str, Any]:
    return {"text": text, "toolCalls": list(calls)}


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def fin(summary: str = "That is all.") -> dict[str, Any]:
    return says(call("fin", summary=summary, status="partial"))


def _listens(address: Path) -> bool:
    """The file is there a moment before anybody listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(address)) == 0


class Person(Neovim):
    """Somebody at a Neovim: what they are asked and told."""

    def choose(self, title: str) -> None:
        """Answer the newest list, once it is there, with the item whose title begins so."""
        chosen = """
        local last = asked[#asked]
        for index, shown in ipairs(last and last.titles or {}) do
          if vim.startswith(shown, ...) then
            table.remove(asked)
            last.done(last.items[index], index)
            return true
          end
        end
        """
        self.until(chosen, title)

    def told(self, words: str) -> str:
        """The first message with these words, once it is there."""
        looked = "for _, text in ipairs(told) do if text:find(..., 1, true) then return text end end"
        return str(self.until(looked, words))

    def chat(self) -> list[str]:
        """What the present chat's buffer shows."""
        found = self.lua("return require('journeyman.ui.chat').buffer(require('journeyman.chats').get().id)")
        return self.lines(found)


@dataclass
class Desk:
    where: Place
    folder: Path
    home: Path
    stack: ExitStack

    def model(self, *steps: dict[str, Any]) -> str:
        """The model that answers with these, one after the other, in each run anew."""
        recording = self.home / f"recording-{len(list(self.home.glob('recording-*')))}.jsonl"
        recording.write_text("".join(json.dumps(step) + "\n" for step in steps))
        return f"replay/{recording}"

    def neovim(self, *steps: dict[str, Any], **options: Any) -> Person:
        """A Neovim in the folder, whose runs the model answers with `steps`."""
        settings = {
            "cmd": [sys.executable, "-m", "journeyman", "stdio"],
            "idle_ms": 0,
            "mode": "execute",
            **({"model": self.model(*steps)} if steps else {}),
            **options,
        }
        person = self.stack.enter_context(self._child())
        person.lua("vim.g.journeyman = ...", settings)
        person.lua(PERSON)
        return person

    @contextmanager
    def _child(self) -> Generator[Person]:
        number = len(list(self.where.root.glob("*.nvim")))
        address = self.where.root / f"{number}.nvim"
        start = ["--headless", "--clean", "-u", str(script(self.home)), "--listen", str(address)]
        process = subprocess.Popen(
            ["timeout", "--kill-after=5", str(CHILD_S), str(program()), *start],
            cwd=self.folder,
            env=environment(self.home, self.where.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: _listens(address) or process.poll() is not None)
            nvim = pynvim.attach("socket", path=str(address))
            try:
                yield Person(nvim)
            finally:
                nvim.command("qall!", async_=True)
                process.wait(timeout=90)
                nvim.close()
        finally:
            process.kill()
            process.wait()
