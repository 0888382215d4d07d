"""What is found in commands and paths, and what the settings make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.permission.effect import Effect
from journeyman.permission.findings import findings
from journeyman.permission.policy import Choice, Policy, judge
from journeyman.permission.protected import protected
from journeyman.permission.shell import simple_commands


def command(line: str, cwd: str = "/workspace") -> Effect:
    return Effect("command", line, cwd, command=line)


def rules(effect: Effect) -> list[str]:
    return [finding.rule for finding in findings(effect)]


LINES = {
    "git push --force": "git push",
    "cd x && git push -f origin main": "git push --force",
    "make; git reset --hard\n": "git reset --hard",
    "make\ngit clean -fdx": "git clean",
    "(git stash drop)": "git stash drop",
    "FOO=1 /usr/bin/git push": "git push",
    "sudo -E env A=b git push": "git push",
    "timeout 5 git push": "git push",
    "bash -c 'git push -f'": "git push --force",
    "bash -lc \"sh -c 'git push'\"": "git push",
    "eval git push": "git push",
    "x=$(git push)": "git push",
    "if true; then git push; fi": "git push",
    "ls | xargs -n1 git push": "git push",
    "cat <<'EOF'\nit's\nEOF\ngit push -f": "git push --force",
    "echo x > .git/hooks/pre-commit": "write .git/hooks",
    "echo x >>.git/config": "write .git/config",
    "cp evil .git/hooks/post-checkout": "write .git/hooks",
    "cd a; tee .vscode/tasks.json": "write .vscode/tasks.json",
    "chmod +x .husky/pre-push": "write .husky",
    "rm -rf .git": "write .git",
    "dd if=x of=.envrc": "write .envrc",
}
HARMLESS = [
    "ls -la",
    "git status && git commit -m 'git push --force'",
    "echo git push",
    "grep -r 'git push' .",
    "# git push",
    "cat .git/config",
    "ls .git/hooks > out.txt",
    "echo .git/hooks",
    "python -m unittest > log 2>&1",
    "cat .vscode/x",
    "git log | head",
    "sed -i s/a/b/ a.py",
    "echo 'unclosed",
]


@pytest.mark.parametrize(("line", "rule"), LINES.items())
def test_in_a_command_line(line: str, rule: str) -> None:
    expected = {rule, "git push --force"} if line == "git push --force" else {rule}
    assert expected & set(rules(command(line)))


@pytest.mark.parametrize("line", HARMLESS)
def test_harmless_lines_are_only_commands(line: str) -> None:
    assert rules(command(line)) == ["any command"]


def test_a_path_is_looked_at_where_the_command_stands() -> None:
    assert "write .git/hooks" in rules(command("cat .gitx > pre-commit", "/workspace/.git/hooks"))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (".git/hooks/pre-commit", ".git/hooks"),
        ("a/b/.GIT/Hooks/x", ".git/hooks"),
        ("sub/.git/config", ".git/config"),
        (".git/modules/m/config", ".git/modules"),
        ("x/../.git/config", ".git/config"),
        (".vscode/tasks.json", ".vscode/tasks.json"),
        ("a/.envrc", ".envrc"),
        (".git", ".git"),
        ("hooks/pre-commit", ""),
        (".gitignore", ""),
        (".git/description", ""),
        (".vscode/notes.md", ""),
        (".github/workflows/ci.yml", ""),
        ("", ""),
    ],
)
def test_protected_places(path: str, place: str) -> None:
    assert protected(path)[0] == place


PUSH = Effect("git", "git push", "/workspace", argv=("push",))
EDIT = Effect("edit", "write a.py", "/workspace", paths=("a.py",))
HOOK = Effect("edit", "write hook", "/workspace", paths=(".git/hooks/x",))
LS = command("ls")
ASK: dict[str, Choice] = {"edits": "ask", "commands": "ask"}


@pytest.mark.parametrize(
    ("effect", "settings", "granted", "choice", "because"),
    [
        (LS, {}, (), "allow", ()),
        (EDIT, {}, (), "allow", ()),
        (PUSH, {}, (), "ask", ("git push",)),
        (HOOK, {}, (), "ask", ("write .git/hooks",)),
        (command("git push"), {}, (), "ask", ("git push",)),
        (LS, ASK, (), "ask", ("any command",)),
        (EDIT, ASK, (), "ask", ("any edit",)),
        (HOOK, ASK, (), "ask", ("write .git/hooks", "any edit")),
        (PUSH, ASK, (), "ask", ("git push",)),
        (PUSH, {"git": "allow"}, (), "allow", ()),
        (PUSH, {"git": "deny"}, (), "deny", ("git push",)),
        (HOOK, {"protected": "deny", "edits": "ask"}, (), "deny", ("write .git/hooks",)),
        (command("git push"), {"git": "ask", "commands": "deny"}, (), "deny", ("any command",)),
        (PUSH, {}, ("git push",), "allow", ("git push",)),
        (PUSH, {}, ("git push --force",), "ask", ("git push",)),
        (HOOK, ASK, ("any edit",), "ask", ("write .git/hooks", "any edit")),
        (HOOK, ASK, ("any edit", "write .git/hooks"), "allow", ("write .git/hooks", "any edit")),
        (PUSH, {"git": "deny"}, ("git push",), "deny", ("git push",)),
    ],
)
def test_the_table_of_policies(
    effect: Effect,
    settings: dict[str, Choice],
    granted: tuple[str, ...],
    choice: str,
    because: tuple[str, ...],
) -> None:
    verdict = judge(effect, Policy(**settings), granted)
    assert (verdict.choice, verdict.rules) == (choice, because)


@given(st.text(alphabet="git push-f;|&()<>'\"\\ \n$`#.ab", max_size=60))
def test_any_line_is_taken_apart_without_a_fault(line: str) -> None:
    assert all(argv and isinstance(argv[0], str) for argv in simple_commands(line))
    findings(command(line))


@given(st.dictionaries(st.sampled_from(["cwd", "argv", "bound", "paths", "command"]), st.text(max_size=5)))
def test_effects_are_bound_by_everything_they_say(changes: dict[str, str]) -> None:
    values = {"cwd": "", "argv": "", "bound": "", "paths": "", "command": ""} | changes

    def made(of: dict[str, str]) -> Effect:
        return Effect(
            "git", "t", of["cwd"], (of["argv"],), of["command"], (of["paths"],), "", {"x": of["bound"]}
        )

    same = values == {"cwd": "", "argv": "", "bound": "", "paths": "", "command": ""}
    assert (made(values).hash == made(dict.fromkeys(values, "")).hash) is same
