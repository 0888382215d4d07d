"""What the model is told of its surroundings with each request: facts from inside the workspace.

No model is asked here, and nothing of this goes into the system prompt.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from journeyman.agent.commands_guess import MANIFESTS, guess
from journeyman.agent.tools.commands import shown
from journeyman.agent.tools.ls import tree_rows
from journeyman.agent.tools.render import render
from journeyman.agent.tools.shell import ENVIRONMENT
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.records import Commands

TREE_ROWS_MAX = 200
TREE_DEPTH = 2
MANIFEST_BYTES_MAX = 65_536
TOOLS = "git python3 node npm go cargo gcc make rg curl java ruby uv pytest"
_FACTS = f"""\
export GIT_OPTIONAL_LOCKS=0
echo "os: $(uname -srm)"
echo "tools: $(for t in {TOOLS}; do command -v $t >/dev/null && printf '%s ' $t; done)"
echo "network: through the proxy in HTTPS_PROXY only; its 403 is the user's policy"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  head="$(git log -1 --format='%h %s' 2>/dev/null || echo 'no commit yet')"
  echo "git: $head on $(git branch --show-current)"
  git status --short 2>/dev/null | head -40
else
  echo "git: not a repository"
fi
"""


@dataclass(frozen=True, slots=True)
class Environment:
    text: str
    """The block that ends the first message."""
    commands: Commands
    """As known, or guessed from the manifests where nothing was known."""


async def look(
    guest: Guest,
    root: str,
    cwd: str,
    known: Commands,
    now: datetime,
    *,
    note: str = "",
    blocks: Sequence[str] = (),
) -> Environment:
    """The date comes without a time, so that the block is the same all day. `blocks`: what extensions say."""
    facts = await guest.run(["bash", "-c", _FACTS], cwd=cwd, env=ENVIRONMENT, timeout_s=15.0)
    rows, more = await tree_rows(guest, root, TREE_DEPTH, show_all=False, rows_max=TREE_ROWS_MAX)
    texts = {name: await _text(guest, posixpath.join(root, name), MANIFEST_BYTES_MAX) for name in MANIFESTS}
    manifests = {name: text for name, text in texts.items() if text is not None}
    commands = known if known != Commands() else guess(manifests)
    parts = [
        "<environment>",
        f"date: {now:%Y-%m-%d}",
        f"workspace: {root}",
        *([f"cwd: {cwd}"] if cwd != root else []),
        *([f"note: {note}"] if note else []),
        render(facts.output).rstrip(),
        f"manifests: {', '.join(manifests) or 'none'}",
        "commands: none known" if commands == Commands() else f"commands:\n{shown(commands)}",
        f"files in {root}:",
        *(rows or ["(none)"]),
        *([f"{more} more entries"] if more else []),
        *(block for block in blocks if block),
        "</environment>",
    ]
    return Environment("\n".join(parts), commands)


async def _text(guest: Guest, path: str, limit: int) -> str | None:
    try:
        return (await guest.read(path, limit=limit)).data.decode("utf-8", "replace")
    except Failure as failure:
        if failure.kind in ("not_found", "invalid", "path_refused"):
            return None
        raise
