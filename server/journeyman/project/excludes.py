"""Which names of a folder stay behind when it is copied into a workspace.

Version control, dependencies and caches can be had again inside and would only be slow to carry; `.env`
holds secrets, which have no business in a workspace. Names match at any depth, as shell patterns.
`--exclude` adds to the list, `--include` takes from it. `.gitignore` is not read: what it leaves out is
often just what a build needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from journeyman.failures import Failure

DEFAULT: tuple[str, ...] = (
    # version control
    ".git",
    ".hg",
    ".svn",
    ".jj",
    # dependencies and environments
    "node_modules",
    "bower_components",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    ".direnv",
    # caches
    "__pycache__",
    "*.pyc",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    ".gradle",
    ".terraform",
    ".DS_Store",
    # secrets
    ".env",
    ".env.local",
)
PATTERNS_MAX = 100


@dataclass(frozen=True, slots=True)
class Excludes:
    patterns: tuple[str, ...] = DEFAULT

    @classmethod
    def chosen(cls, exclude: Iterable[str] = (), include: Iterable[str] = ()) -> Excludes:
        kept = set(include)
        patterns = tuple(dict.fromkeys(p for p in (*DEFAULT, *exclude) if p not in kept))
        if wrong := [p for p in patterns if "/" in p or not p]:
            raise Failure(
                "invalid",
                f"{wrong[0]!r} cannot be left out: only names are matched, not paths.",
                hint="Give one name or pattern such as 'data' or '*.csv', and repeat --exclude for more.",
            )
        if len(patterns) > PATTERNS_MAX:
            raise Failure("invalid", f"More than {PATTERNS_MAX} names to leave out.", hint="Use patterns.")
        return cls(patterns)

    def name(self, name: str) -> bool:
        """Whether this name of a file or directory stays behind."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def path(self, path: str) -> bool:
        """Whether any name of this `/`-separated path stays behind."""
        return any(self.name(part) for part in path.split("/"))

    @property
    def plain_names(self) -> list[str]:
        """Those without wildcards, for the daemon, which compares names as they are."""
        return [p for p in self.patterns if not any(c in p for c in "*?[")]
