"""The command line as a person has it: the program itself, a daemon of its own, a real workspace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
RECORDING = f"replay/{EXAMPLES / 'recordings' / 'wordcount.jsonl'}"
PROGRAM = [sys.executable, "-m", "journeyman"]
KEYS = ("OPENROUTER_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")

NAP = f"4321.{os.getpid()}"
"""Seconds nobody else on this machine sleeps."""

pytestmark = pytest.mark.bubblewrap


@dataclass
class Home:
    """A user's home with nothing in it yet."""

    place: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if name not in KEYS}
        return {
            **inherited,
            "JOURNEYMAN_DATA_DIR": str(self.place / "data"),
            "JOURNEYMAN_RUNTIME_DIR": str(self.place / "run"),
            "JOURNEYMAN_CONFIG": str(self.place / "config.toml"),
            "JOURNEYMAN_SANDBOX": "bubblewrap",
            "JOURNEYMAN_WORKSPACE_UPLOAD_S": "3600",  # archives are those a test makes
            "COLUMNS": "120",
        }

    def journeyman(self, *arguments: str, given: str = "", code: int | None = 0) -> str:
        """Run the program; its stdout. `code` is the exit code it must have."""
        done = self.run(*arguments, given=given)
        assert code is None or done.returncode == code, (done.stdout, done.stderr)
        assert not traceback_in(done.stderr)
        return done.stdout

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *arguments],
            input=given,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def listing(self, *arguments: str) -> list[dict[str, object]]:
        return json.loads(self.journeyman(*arguments, "--json"))


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("h"))
    yield home
    home.run("stop", "--yes")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "wordcount", tmp_path / "wordcount"))


def is_green(folder: Path) -> bool:
    """The example is ours and so is the recorded change: its tests may be run here."""
    done = subprocess.run([sys.executable, "-m", "unittest"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def test_a_folder_is_repaired_and_written_only_with_apply(home: Home, project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*.py")}
    run = ("run", "Make the tests pass", "--folder", str(project), "--model", RECORDING)
    out = home.journeyman(*run)
    assert "+    if not words:" in out
    assert "2 files changed" in out
    assert {path: path.read_bytes() for path in project.rglob("*.py")} == before
    assert not is_green(project)
    home.journeyman(*run, "--apply")
    assert is_green(project)
    assert len(home.listing("projects", "list")) == 2


def test_the_chat_can_be_read_and_the_workspace_put_away_and_brought_back(home: Home, project: Path) -> None:
    done = json.loads(
        home.journeyman("run", "Repair it", "--folder", str(project), "--model", RECORDING, "--json")
    )
    chat, ident = done["chatId"][:8], done["projectId"]
    assert "Repair it" in home.journeyman("chats", "show", chat)
    plan = json.loads(home.journeyman("todo", chat, "--json"))
    assert {item["status"] for item in plan["items"]} == {"done"}
    assert "verified" in home.journeyman("archive", ident[:8])
    assert "archived" in home.journeyman("projects", "show", "wordcount")
    assert "verified" in home.journeyman("restore", "wordcount")
    assert len(home.listing("archives", ident)) == 1
    home.journeyman("projects", "delete", ident, "--yes", "--archives")
    assert home.listing("projects", "list") == []


def traceback_in(text: str) -> bool:
    """Whether the program itself broke; a failing test's traceback is shown indented."""
    return any(line.startswith("Traceback") for line in text.splitlines())


def recording_of(path: Path, *turns: dict[str, object]) -> str:
    path.write_text("".join(json.dumps(turn) + "\n" for turn in turns))
    return f"replay/{path}"


def test_a_run_that_explored_is_exported_and_done_again(home: Home, project: Path, tmp_path: Path) -> None:
    def call(name: str, **arguments: str) -> dict[str, object]:
        return {"text": "", "toolCalls": [{"name": name, "arguments": arguments}]}

    ask = "Where are words counted?"
    model = recording_of(
        tmp_path / "explores.jsonl",
        call("explore", question=ask),
        {"question": ask, **call("grep", pattern="def wordcount")},
        {"question": ask, "text": "In wordcount.py."},
        call("fin", summary="Found.", status="partial"),
    )
    arguments = ("--mode", "execute", "--model", model, "--folder", str(project), "--json")
    run = json.loads(home.journeyman("run", "Look", *arguments, code=None))
    file = tmp_path / "run.jsonl"
    home.journeyman("trajectory", "export", run["runId"], "-o", str(file))
    kinds = [json.loads(line).get("type") for line in file.read_text().splitlines()]
    assert (kinds.count("request"), kinds.count("exploreRequest")) == (2, 2)
    out = home.journeyman("trajectory", "replay", str(file), "--folder", str(project))
    assert "4 of 4 requests are equal, byte for byte" in out
    out = home.journeyman("trajectory", "diff", str(file), str(file))
    assert "asked by explore" in out


def test_control_c_cancels_the_run_and_its_processes(home: Home, tmp_path: Path) -> None:
    call = {"name": "terminal", "arguments": {"command": f"echo begun; sleep {NAP}"}}
    model = recording_of(tmp_path / "long.jsonl", {"text": "I wait.", "toolCalls": [call]})
    process = subprocess.Popen(
        [*PROGRAM, "run", "Wait", "--mode", "execute", "--model", model],
        env=home.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while "I wait." not in process.stdout.readline():
        assert process.poll() is None
    wait_for(lambda: sleepers() != [])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 130, (out, err)
    assert "cancelled" in out
    assert not traceback_in(err)
    assert sleepers() == []
    status = json.loads(home.journeyman("status", "--json"))
    assert status["runsActive"] == 0


def sleepers() -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes() == f"sleep\0{NAP}\0".encode():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


def wait_for(ready: object, seconds: float = 90.0) -> None:
    assert callable(ready)
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_that_gives_up_is_a_failed_command(home: Home, tmp_path: Path) -> None:
    call = {"name": "fin", "arguments": {"summary": "No compiler here.", "status": "blocked"}}
    model = recording_of(tmp_path / "blocked.jsonl", {"text": "", "toolCalls": [call]})
    out = home.journeyman("run", "-", "--mode", "execute", "--model", model, given="Compile it", code=3)
    assert "No compiler here." in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["status"], 1, "No daemon listens"),
        (["projects", "show", "0" * 36], 1, "There is no project"),
        (["todo", "0" * 36], 1, "There is no chat"),
        (["run", "x", "--model", "nobody/knows"], 1, "model"),
        (["run", "x", "--model", "openrouter/qwen/qwen3-coder"], 1, "OPENROUTER_API_KEY"),
        (["run", "x", "--model", "replay/nowhere.jsonl"], 1, "recording"),
        (["serve", "--tcp", "nonsense"], 2, "HOST:PORT"),
        (["serve", "--tcp", "0.0.0.0:0"], 2, "TLS"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_what_to_do(
    home: Home, arguments: list[str], code: int, says: str
) -> None:
    done = home.run(*arguments)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert not traceback_in(done.stderr)
    assert says.lower() in (done.stdout + done.stderr).lower()


def test_a_second_daemon_on_the_same_data_is_refused(home: Home) -> None:
    home.journeyman("projects", "list")
    done = home.run("serve")
    assert done.returncode == 1
    assert "already serves" in done.stderr


@pytest.mark.parametrize("text", ["runs_max = 'many'", "nonsense = 1", "not toml"])
def test_settings_that_are_wrong_are_named(home: Home, text: str) -> None:
    (home.place / "config.toml").write_text(text)
    done = home.run("serve")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert not traceback_in(done.stderr)
    assert home.run("doctor").returncode == 1


def test_doctor_needs_no_daemon_and_finds_nothing_broken(home: Home) -> None:
    findings = json.loads(home.journeyman("doctor", "--json"))
    assert {"python", "bubblewrap", "data directory", "archives", "models"} <= {f["name"] for f in findings}
    assert not (home.place / "run" / "daemon.sock").exists()


def test_doctor_says_what_is_broken(home: Home) -> None:
    (home.place / "run").mkdir(mode=0o755)
    (home.place / "run").chmod(0o755)
    out = home.journeyman("doctor", code=1)
    assert "chmod 700" in out


def test_the_demo_holds_what_it_promises(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(home.place))  # others may have a demo on this machine
    out = home.journeyman("demo")
    for claim in ("tests red once, then green", "every byte as before", "equal byte for byte"):
        assert claim in out
    assert list(home.place.iterdir()) == []


def test_the_demo_fails_loudly_when_the_tests_stay_red(home: Home, tmp_path: Path) -> None:
    """The same demo on a copy of the examples whose recording forgets the repair of `words`."""
    examples = Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))
    recording = examples / "recordings" / "wordcount.jsonl"
    lines = recording.read_text().splitlines(keepends=True)
    recording.write_text("".join(line for line in lines if "LETTERS" not in line))
    program = (
        "import pathlib, sys; from journeyman.cli import demo_story, main; "
        f"demo_story.examples = lambda: pathlib.Path({str(examples)!r}); sys.exit(main.main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "error: The run ended as" in done.stderr
    assert not traceback_in(done.stderr)


def test_the_example_of_two_clients_misses_nothing(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "two_clients.py")],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "nothing missing, nothing twice" in done.stdout


def test_the_example_of_a_tcp_client_runs_the_agent(home: Home, unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    daemon = subprocess.Popen(
        [*PROGRAM, "serve", "--tcp", address], env=home.environment, stdin=subprocess.DEVNULL
    )
    token = home.place / "data" / "token"
    try:
        wait_for(lambda: home.run("status").returncode == 0)
        call = {"name": "fin", "arguments": {"summary": "Nothing to do.", "status": "done"}}
        model = recording_of(home.place / "fin.jsonl", {"text": "Done.", "toolCalls": [call]})
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / "tcp_client.py"), address, str(token), "What is here?", model],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        daemon.terminate()
        daemon.wait(90)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "run/started" in done.stdout
    assert "Nothing to do." in done.stdout
