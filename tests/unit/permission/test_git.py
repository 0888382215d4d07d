"""Which git commands are asked about, by their words: a table, wrong in neither direction."""

from __future__ import annotations

import shlex

import pytest

from journeyman.permission.git import objection

ASKED = {
    "git push": [
        "push",
        "push origin main",
        "push -u origin topic",
        "--git-dir=/x push",
        "-C sub push",
        "subtree push x y",
        "lfs push origin main",
        "send-pack x",
    ],
    "git push --force": [
        "push --force origin main",
        "push -f",
        "push origin +main",
        "push --force-with-lease",
        "push --forc",
        "push origin :gone",
        "push -d origin x",
        "push --mirror",
        "-C /tmp push -uf origin x",
    ],
    "git reset --hard": [
        "reset --hard",
        "reset --hard HEAD~3",
        "-C /tmp reset --hard",
        "reset --har",
        "reset --merge",
    ],
    "git clean": ["clean -fd", "clean -xdf", "clean --force", "-c clean.requireForce=false clean"],
    "git checkout FILES": [
        "checkout -- .",
        "checkout .",
        "checkout -- a.py",
        "checkout HEAD a",
        "checkout HEAD~1 -- a",
        "checkout a.py",
        "checkout ./a",
        "checkout -p",
        "checkout :/",
    ],
    "git checkout --force": ["checkout -f main", "checkout --force main", "checkout --ours a"],
    "git checkout -B": ["checkout -B main"],
    "git switch --force": ["switch -f main", "switch --discard-changes main"],
    "git switch -C": ["switch -C main"],
    "git restore": [
        "restore .",
        "restore a.py",
        "restore --staged --worktree a",
        "restore -SW a",
        "restore -s HEAD a",
    ],
    "git branch -D": [
        "branch -D topic",
        "branch -d -f topic",
        "branch --delete --force topic",
        "branch -M a b",
    ],
    "git tag --delete": ["tag -d v1", "tag -f v1"],
    "git stash drop": ["stash drop", "stash drop stash@{1}"],
    "git stash clear": ["stash clear"],
    "git config --global": [
        "config --global a.b c",
        "config --system a.b c",
        "config -f /etc/gitconfig a.b c",
        "config --file x a.b c",
        "config set --global a.b c",
        "config --global --unset a.b",
    ],
    "git config --edit": ["config --edit", "config -e", "config edit"],
    "git config core.hooksPath": ["config core.hooksPath /tmp/x", "config set core.hooksPath /tmp/x"],
    "git config alias.x": ["config alias.x '!sh'", "config --local alias.x push"],
    "git config url.a.insteadOf": ["config url.a.insteadOf b"],
    "git -c alias.x": ["-c alias.x='!sh' x", "-c alias.x=push x"],
    "git -c core.sshCommand": ["-c core.sshCommand=/tmp/x fetch", "-C . -c core.sshCommand=x fetch"],
    "git -c core.pager": ["--config-env=core.pager=X log", "--config-env core.pager=X log"],
    "git reflog expire": ["reflog expire --all"],
    "git gc --prune": ["gc --prune=now", "gc --prune"],
    "git rm --force": ["rm -rf .", "rm --force a"],
    "git worktree remove --force": ["worktree remove -f x"],
    "git filter-branch": ["filter-branch --tree-filter x"],
    "git filter-repo": ["filter-repo --path x"],
    "git update-ref": ["update-ref -d refs/heads/x"],
    "git credential": ["credential fill"],
}
ORDINARY = [
    "",
    "status",
    "log --oneline -5",
    "diff --stat",
    "show HEAD:a.py",
    "add -A",
    "add --force a",
    "commit -m 'x: y'",
    "commit --amend",
    "commit -am 'push --force'",
    "fetch origin",
    "pull --rebase",
    "clone https://x/y",
    "merge topic",
    "checkout main",
    "checkout -b topic",
    "checkout -b topic origin/main",
    "checkout feature/x",
    "checkout v1.2.3",
    "checkout -",
    "switch main",
    "switch -c topic",
    "branch topic",
    "branch -d merged",
    "branch --list",
    "tag v1",
    "tag -a v1 -m x",
    "stash",
    "stash push -m drop",
    "stash pop",
    "stash list",
    "restore --staged a",
    "restore -S a",
    "reset",
    "reset --soft HEAD~1",
    "reset HEAD a",
    "clean -n",
    "clean --dry-run -d",
    "push --dry-run",
    "push -n",
    "config user.name",
    "config user.name Me",
    "config --get alias.x",
    "config --list --global",
    "config get a.b",
    "config --global --get user.name",
    "-c color.ui=never log",
    "-c user.name=x commit -m y",
    "rm --cached a",
    "rm a",
    "gc",
    "gc --prune=never",
    "worktree add x",
    "worktree remove x",
    "reflog",
    "rebase main",
    "--version",
]


@pytest.mark.parametrize(("rule", "line"), [(rule, line) for rule, lines in ASKED.items() for line in lines])
def test_asked(rule: str, line: str) -> None:
    found = objection(shlex.split(line))
    assert found is not None
    assert found[0] == rule


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary(line: str) -> None:
    assert objection(shlex.split(line)) is None
