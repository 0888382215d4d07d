"""Every command: what it asks for, what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import journeyman
from journeyman.app.keys import archive_key
from journeyman.cli import output
from journeyman.cli.errors import COMMANDS
from journeyman.cli.main import main
from journeyman.failures import Failure, not_found
from journeyman_protocol.methods import BY_NAME
from unit.cli.fake_daemon import ARCHIVE, CHAT_ID, PROJECT_IDS, RUN, FakeDaemon, daemon, project

__all__ = ["daemon"]


@pytest.fixture(autouse=True)
def fresh_consoles() -> None:
    """Consoles remember the streams they were made with; every test has streams of its own."""
    output.stdout.cache_clear()
    output.stderr.cache_clear()


def test_the_version_is_a_command_and_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in ("version", "--version"):
        assert main([asked]) == 0
        assert capsys.readouterr().out == f"{journeyman.__version__}\n"


LISTINGS = {
    "projects list": "project/list",
    "chats list": "chat/list",
    "chats search repair it": "chat/search",
    "chats show c0ff": "chat/messages",
    "todo c0ff": "todo/list",
    "archives alpha": "workspace/archives",
    "checkpoints c0ff": "checkpoint/list",
    "checkpoints c0ff 4d5e": "checkpoint/diff",
    "models": "model/list",
    "status": "daemon/status",
    "projects show 3f2a": "workspace/status",
}


@pytest.mark.parametrize("command", LISTINGS)
def test_listings_ask_and_print_plain_lines_in_a_pipe(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main(command.split()) == 0
    assert LISTINGS[command] in [method for method, _ in daemon.asked]
    shown = capsys.readouterr()
    assert shown.out.strip()
    assert "\x1b" not in shown.out
    assert "─" not in shown.out


@pytest.mark.parametrize("command", LISTINGS)
def test_listings_print_json_for_programs(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([*command.split(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_an_empty_list_says_what_to_do_and_keeps_the_pipe_clean(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["project/list"] = {"items": [], "nextCursor": None}
    assert main(["projects", "list"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, "journeyman run" in shown.err) == ("", True)


def test_every_page_of_a_list_is_read(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: dict[str | None, dict[str, Any]] = {
        None: {"items": [project(0, "alpha")], "nextCursor": "2"},
        "2": {"items": [project(1, "beta")], "nextCursor": None},
    }

    async def request(method: str, params: dict[str, Any]) -> dict[str, Any]:
        return pages[params.get("cursor")]

    monkeypatch.setattr(daemon, "request", request)
    assert main(["projects", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_words_are_looked_for_as_they_were_typed(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chats", "search", "repair", "the date", "--project", "alpha", "--limit", "3"]) == 0
    asked = daemon.params_of("chat/search")
    assert asked == {"query": 'repair "the date"', "projectId": PROJECT_IDS[0], "limit": 3}
    title, said = capsys.readouterr().out.splitlines()
    assert title.split("\t")[2] == ""
    assert said.split("\t")[2:] == ["user", said.split("\t")[3], "…Repair it now"]
    daemon.answers["chat/search"] = {"items": []}
    assert main(["chats", "search", "nowhere"]) == 0
    assert "Nothing was found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("3f2a", 0, ""),
        ("beta", 0, ""),
        ("3f2", 2, "2 projects begin with '3f2'"),
        ("nothing", 1, "There is no project 'nothing'"),
    ],
)
def test_an_id_may_be_its_unambiguous_start_or_a_name(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], given: str, code: int, says: str
) -> None:
    assert main(["archive", given]) == code
    assert says in capsys.readouterr().err


def test_archive_and_restore_say_what_was_verified(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["archive", "alpha", "--keep"]) == 0
    assert daemon.params_of("workspace/archive")["keep"] is True
    assert main(["restore", "alpha", "--archive", "a"]) == 0
    assert daemon.params_of("workspace/restore")["archiveId"] == ARCHIVE["archiveId"]
    assert capsys.readouterr().out.count("verified") == 2


def test_deleting_needs_a_yes_when_nobody_can_be_asked(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["projects", "delete", "alpha"]) == 2
    assert "Add --yes" in capsys.readouterr().err
    assert main(["projects", "delete", "alpha", "--yes", "--archives"]) == 0
    assert daemon.params_of("project/delete") == {"projectId": PROJECT_IDS[0], "archives": True}
    assert main(["archive", "delete", "alpha", "a1"]) == 2
    assert "Add --yes" in capsys.readouterr().err
    assert main(["archive", "delete", "alpha", "none"]) == 1
    assert "There is no archive 'none'" in capsys.readouterr().err
    assert main(["archive", "delete", "alpha", "a", "--yes"]) == 0
    assert daemon.params_of("workspace/deleteArchive") == {"projectId": PROJECT_IDS[0], "archiveId": "a1"}
    assert main(["chats", "delete", "c0ff", "--yes"]) == 0
    assert daemon.params_of("chat/delete") == {"chatId": CHAT_ID}


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", " "],
        ["run", "x", "--mode", "guess"],
        ["run", "x", "--delivery", "never"],
        ["run", "x", "--apply"],
        ["run", "x", "--folder", "/nowhere/at/all"],
        ["run", "x", "--folder", ".", "--delete"],
        ["run", "x", "--chat", "a", "--project", "b"],
        ["run", "x", "--budget-steps", "0"],
        ["run", "x", "--effort", "most"],
        ["serve", "--auth", "none"],
        ["serve", "--tls-cert", "x"],
        ["schema", "--ts", "--lua"],
        ["nonsense"],
        ["projects", "list", "--nonsense"],
    ],
)
def test_wrong_usage_is_exit_2_and_no_traceback(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert shown.err or "Usage" in shown.out
    assert daemon.asked == []


def test_an_error_of_the_daemon_is_a_sentence_and_a_hint(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["project/list"] = Failure("storage_failed", "The disk \x1b[2J broke.", hint="Replace it.")
    assert main(["projects", "list"]) == 1
    assert capsys.readouterr().err == "error: The disk ␛[2J broke.\n  Replace it.\n"


def test_a_hint_names_commands_and_not_methods(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["project/list"] = Failure(
        "not_found",
        "No.",
        hint="Look at `checkpoint/list`, workspace/archives or sub/project/list2.",
    )
    assert main(["projects", "list"]) == 1
    hint = capsys.readouterr().err.splitlines()[1].strip()
    assert hint == (
        "Look at `journeyman checkpoints CHAT`, `journeyman archive list PROJECT` or sub/project/list2."
    )
    assert set(COMMANDS) <= set(BY_NAME)


@pytest.mark.parametrize(
    "noun", ["archive", "chat", "checkpoint", "image", "input", "message", "permission", "project", "run"]
)
def test_what_is_not_there_is_to_be_looked_for_where_it_can_be(noun: str) -> None:
    hint = not_found(noun, "x").hint
    assert hint.removeprefix("List what there is with ").split(",")[0].rstrip(".") in BY_NAME
    assert ("leave the id out" in hint) == (noun in ("chat", "project"))


def test_a_traceback_only_when_asked_for(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(daemon, "request", broken)
    assert main(["projects", "list"]) == 1
    err = capsys.readouterr().err
    assert "bug in Journeyman: ZeroDivisionError" in err
    assert "Traceback" not in err
    monkeypatch.setenv("JOURNEYMAN_DEBUG", "1")
    assert main(["projects", "list"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("status", ["completed", "failed", "partial", "blocked", "cancelled"])
def test_run_ends_with_the_exit_code_of_its_status(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], status: str
) -> None:
    daemon.answers["agent/run"] = {**RUN, "status": status}
    expected = {"completed": 0, "failed": 1, "partial": 3, "blocked": 3, "cancelled": 130}[status]
    budget = ["--budget-usd", "0.5", "--budget-steps", "9", "--budget-tokens", "99", "--budget-seconds", "60"]
    more = [*budget, "--delivery", "steer", "--effort", "high"]
    assert main(["run", "Do it", "--model", "m", *more]) == expected
    asked = daemon.params_of("agent/run")
    assert (asked["model"], asked["budget"]) == (
        "m",
        {"usd": 0.5, "steps": 9, "tokens": 99, "seconds": 60.0},
    )
    assert asked["effort"] == "high"
    assert asked["delivery"] == "steer"
    out = capsys.readouterr().out
    assert status in out
    assert "Done." in out


def test_run_with_json_prints_the_run_and_nothing_else(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "Do it", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == RUN


def test_run_goes_on_in_a_chat(daemon: FakeDaemon) -> None:
    assert main(["run", "Go on", "--chat", "c0ff"]) == 0
    assert "project/create" not in [method for method, _ in daemon.asked]
    assert daemon.params_of("agent/run")["chatId"] == CHAT_ID


def edits(workspace: Any) -> None:
    workspace.files["a.py"] = (b"new\n", False)


@pytest.mark.parametrize("apply", [False, True])
def test_run_with_a_folder_shows_the_diff_and_writes_only_with_apply(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str], tmp_path: Path, apply: bool
) -> None:
    (tmp_path / "a.py").write_text("old\n")
    daemon.agent = edits
    assert main(["run", "Do it", "--folder", str(tmp_path), *(["--apply"] if apply else [])]) == 0
    assert "-old\n+new\n" in capsys.readouterr().out
    assert (tmp_path / "a.py").read_text() == ("new\n" if apply else "old\n")


def test_a_refused_file_is_a_failed_command(daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old\n")

    def meanwhile(workspace: Any) -> None:
        edits(workspace)
        (tmp_path / "a.py").write_text("mine\n")

    daemon.agent = meanwhile
    assert main(["run", "Do it", "--folder", str(tmp_path), "--apply"]) == 1
    assert (tmp_path / "a.py").read_text() == "mine\n"


def test_a_run_that_was_not_completed_is_not_written_unasked(daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old\n")
    daemon.agent = edits
    daemon.answers["agent/run"] = {**RUN, "status": "failed"}
    assert main(["run", "Do it", "--folder", str(tmp_path), "--apply", "--yes"]) == 1
    assert (tmp_path / "a.py").read_text() == "old\n"


@pytest.mark.parametrize("language", ["--json", "--ts", "--lua"])
def test_schema_prints_the_contract(capsys: pytest.CaptureFixture[str], language: str) -> None:
    assert main(["schema", language]) == 0
    assert "agent/run" in capsys.readouterr().out


def test_help_teaches_with_examples_and_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from journeyman.cli.main import main; assert main(['--help']) == 0; "
        "heavy = {'pygls', 'lsprotocol', 'litellm', 'boto3', 'docker'}; "
        "heavy |= {'pydantic', 'aiohttp', 'httpx', 'rich'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'journeyman run "Make the tests pass" --folder .' in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "archive.key"
    assert main(["archive", "key", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    key = archive_key(file)
    assert len(key) == 32
    assert main(["archive", "key", str(file)]) != 0
    assert archive_key(file) == key
