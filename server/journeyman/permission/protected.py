"""Files that make a program run something by itself: git its hooks, editors and shells what lies in a folder.

Wider than what a client refuses to bring back into a folder only by name (`folder/protected.py`): there whole
directories are left alone, here an agent that works on a devcontainer may do so.
"""

from __future__ import annotations

import posixpath

GIT = ("hooks", "config", "info/attributes", "modules")
_GIT_WHY = "git runs what it says by itself"
_EDITOR_WHY = "editors and shells run what it says by themselves"
_EDITOR_FILES = frozenset(
    {".vscode/tasks.json", ".vscode/launch.json", ".vscode/settings.json", ".vscode/mcp.json"}
)
_EDITOR_DIRECTORIES = frozenset({".husky"})
_FILES = frozenset({".envrc", ".exrc", ".nvimrc", ".vimrc", ".nvim.lua", ".dir-locals.el", ".mcp.json"})
NAMES = (".vscode", *sorted(_EDITOR_DIRECTORIES | _FILES))
"""What a protected path outside `.git` has in it."""


def protected(path: str) -> tuple[str, str]:
    """(the protected place this path belongs to, why it is one); empty for an ordinary file."""
    names = [name for name in posixpath.normpath(path.lower()).split("/") if name not in ("", ".")]
    if not names:
        return "", ""
    for at, name in enumerate(names):
        if name == ".git":
            rest = "/".join(names[at + 1 :])
            if not rest:
                return ".git", "it is the repository itself"
            for place in GIT:
                if rest == place or rest.startswith(f"{place}/"):
                    return f".git/{place}", _GIT_WHY
        elif name in _EDITOR_DIRECTORIES:
            return name, _GIT_WHY
    two = "/".join(names[-2:])
    if two in _EDITOR_FILES:
        return two, _EDITOR_WHY
    return (names[-1], _EDITOR_WHY) if names[-1] in _FILES else ("", "")
