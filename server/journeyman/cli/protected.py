"""Files that make a machine run something: written to a folder only when a person says so, each by name.

An agent's workspace is a stranger. A changed source file is run when its owner decides to; a changed hook
or editor task runs by itself the next time the folder is opened.
"""

from __future__ import annotations

DIRECTORIES = frozenset({".git", ".hg", ".svn", ".jj", ".husky", ".idea", ".devcontainer", ".zed", ".fleet"})
FILES = frozenset(
    {
        ".vscode/tasks.json",
        ".vscode/launch.json",
        ".vscode/settings.json",
        ".vscode/extensions.json",
        ".vscode/mcp.json",
    }
)
NAMES = frozenset(
    {
        ".envrc",
        ".exrc",
        ".nvimrc",
        ".vimrc",
        ".nvim.lua",
        ".lvimrc",
        ".dir-locals.el",
        ".gitmodules",
        ".mcp.json",
    }
)
SUFFIXES = (".code-workspace", ".sublime-project")


def reason(path: str) -> str | None:
    """Why this path is not written unasked; None for an ordinary file. Case does not matter."""
    names = path.lower().split("/")
    if any(name in DIRECTORIES for name in names[:-1]) or names[-1] == ".git":
        return "version control and editors run what lies there by themselves"
    if "/".join(names[-2:]) in FILES or names[-1] in NAMES or names[-1].endswith(SUFFIXES):
        return "editors and shells run what it says by themselves"
    return None
