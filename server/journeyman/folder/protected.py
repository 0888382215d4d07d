"""Files that make a machine run something: written to a folder only when a person says so, each by name.

An agent's workspace is a stranger. A changed source file is run when its owner decides to; a changed hook
or editor task runs by itself the next time the folder is opened. Names are compared as the most forgiving
file system would: without case, without characters nobody sees, without what Windows leaves off.
"""

from __future__ import annotations

import unicodedata

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
_SHORT = {"git~": ".git", "hg~": ".hg", "svn~": ".svn"}
"""Short names Windows gives these directories, up to their number."""


def reason(path: str) -> str | None:
    """Why this path is not written unasked; None for an ordinary file. Case does not matter."""
    names = [_plain(name) for name in path.replace("\\", "/").split("/")]
    if any(name in DIRECTORIES for name in names[:-1]) or names[-1] == ".git":
        return "version control and editors run what lies there by themselves"
    if "/".join(names[-2:]) in FILES or names[-1] in NAMES or names[-1].endswith(SUFFIXES):
        return "editors and shells run what it says by themselves"
    return None


def _plain(name: str) -> str:
    """The name some file system takes this one for."""
    if name.isascii():
        text = name.casefold()
    else:
        seen = "".join(char for char in name if unicodedata.category(char) != "Cf")
        text = unicodedata.normalize("NFKC", seen).casefold()
    text = text.split(":", 1)[0].rstrip(" .") or text
    for short, plain in _SHORT.items():
        if text.startswith(short) and text[len(short) :].isdigit():
            return plain
    return text
