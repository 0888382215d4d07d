"""What the demo does and what it insists on. Every claim of its summary was checked on the way there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journeyman.cli import output
from journeyman.cli.changes import fetch
from journeyman.cli.demo_daemon import DemoPlace
from journeyman.cli.folder import Folder
from journeyman.cli.live import RunPainter
from journeyman.cli.progress import watched
from journeyman.cli.result import print_result
from journeyman.failures import Failure
from journeyman.project.excludes import Excludes

if TYPE_CHECKING:
    from journeyman.cli.link import Link

PROMPT = (
    "Some tests of this project fail. Find out why, repair the code, and make sure that all of them pass."
)
AGAIN = "Run the tests of this project again."
FILES_MAX = 200


@dataclass(slots=True)
class Witness:
    """Remembers how every test run ended, as the workspace said it, not as the model did."""

    commands: dict[str, str] = field(default_factory=dict[str, str])
    tests: list[bool] = field(default_factory=list[bool])
    calls: int = 0

    def see(self, event: dict[str, Any]) -> None:
        data = event["data"]
        if event["kind"] == "tool/started":
            arguments: dict[str, Any] = data.get("arguments") or {}
            self.commands[data["callId"]] = str(arguments.get("command", ""))
        elif event["kind"] == "tool/finished":
            self.calls += 1
            command = self.commands.get(data["callId"], "")
            if data["name"] == "terminal" and "unittest" in command:
                self.tests.append((data.get("text") or "").startswith("exit 0"))


class _Painter(RunPainter):
    def __init__(self, witness: Witness) -> None:
        super().__init__(output.stdout())
        self._witness = witness

    def show(self, event: dict[str, Any]) -> None:
        self._witness.see(event)
        super().show(event)


def examples() -> Path:
    """The folder of examples that ships with Journeyman."""
    import journeyman

    package = Path(journeyman.__file__).parent
    for place in (package.parents[1] / "examples", package / "examples"):
        if (place / "wordcount").is_dir():
            return place
    raise Failure(
        "not_found",
        "The demo's example project is not there.",
        hint="It comes with the repository: run `make run` in a clone of it.",
    )


def _insist(true: bool, otherwise: str) -> None:
    if not true:
        raise Failure("internal", otherwise, hint="This should not happen: please report what is above.")


def _head(number: int, text: str) -> None:
    console = output.stdout()
    console.print()
    console.rule(f"[bold]{number}. {text}", align="left")


async def tell(place: DemoPlace) -> int:
    """The demo from beginning to end; answers the exit code, raises `Failure` where a promise is broken."""
    from journeyman.cli.link import linked

    console = output.stdout()
    source = examples()
    started = time.monotonic()
    console.print("Journeyman, from beginning to end", style="bold")
    console.print(
        "The model's words come from a recording. The daemon, the workspace, the tools, the tests,\n"
        "the diff and the archive are real, and the demo fails if they do not do what it says."
    )
    async with linked(place.socket) as client:
        project = await client.request("project/create", {"name": "wordcount", "source": "folder"})
        try:
            facts = await _journey(client, source, project["id"])
        finally:
            # A container would outlive the demo's daemon.
            await client.request("project/delete", {"projectId": project["id"], "archives": True})
    facts.append(f"It took {time.monotonic() - started:.1f} s.")
    _head(6, "what was real")
    for fact in facts:
        console.print(f" ✓ {fact}", markup=False)
    console.print(" ○ Not real: what the model said and which tools it asked for. That was the recording.")
    return 0


async def _journey(client: Link, source: Path, project_id: str) -> list[str]:
    console = output.stdout()
    status = await client.request("daemon/status", {})
    sandbox = status.get("sandbox") or {"name": "none", "tier": ""}

    _head(1, "a folder goes into a workspace of its own")
    folder = Folder.at(source / "wordcount", Excludes())
    ref = {"projectId": project_id}
    await folder.send(client.request, project_id)
    opened = await client.request("workspace/status", ref)
    console.print(f"workspace {project_id}: {opened['state']}, in {sandbox['name']} ({sandbox['tier']})")

    _head(2, "the agent plans and works; its words are the recording")
    console.print(f"> {PROMPT}", style="italic")
    witness = Witness()
    first = await _run(client, project_id, PROMPT, source / "recordings" / "wordcount.jsonl", witness)
    _insist(first["status"] == "completed", f"The run ended as {first['status']}: {first['summary']}")
    _insist(len(witness.tests) >= 2, "The tests were not run before and after the repair.")
    _insist(not witness.tests[0], "The tests were green before anything was repaired.")
    _insist(witness.tests[-1], "The tests are still red.")

    _head(3, "what changed, compared with the folder")
    changes = await folder.compare(client.request, project_id)
    folder.show(changes)
    _insist(bool(changes), "Nothing changed in the workspace.")
    console.print("nothing was written to the folder: that needs --apply", style="dim")

    _head(4, "the workspace is archived, and gone")
    before = await _contents(client, project_id)
    archived = await watched(client, "workspace/archive", ref, "archiving")
    archive = archived["archive"]
    _insist(archived["verified"], "The archive was not verified.")
    gone = await client.request("workspace/status", ref)
    _insist(gone["state"] == "archived", f"The workspace is still there: {gone['state']}.")
    console.print(
        f"archive {archive['archiveId']}: {archive['files']} files, {output.size(archive['bytes'])}"
    )
    console.print(f"every object read back and verified; then the workspace was removed: {gone['state']}")

    _head(5, "and it comes back")
    restored = await watched(client, "workspace/restore", ref, "restoring")
    after = await _contents(client, project_id)
    _insist(restored["archive"]["digest"] == archive["digest"], "The restored tree has another digest.")
    _insist(after == before, "A restored file differs from what was archived.")
    console.print(f"{len(after)} files came back, every byte as before")
    console.print(f"> {AGAIN}", style="italic")
    again = Witness()
    recording = source / "recordings" / "restored.jsonl"
    second = await _run(client, project_id, AGAIN, recording, again, "execute")
    _insist(second["status"] == "completed", f"The run ended as {second['status']}: {second['summary']}")
    _insist(bool(again.tests) and again.tests[-1], "The tests of the restored workspace are red.")

    tests = witness.tests + again.tests
    green = sum(tests)
    red = len(tests) - green
    return [
        f"A workspace in {sandbox['name']} ({sandbox['tier']}); the tests ran in it, and nowhere else.",
        f"{witness.calls + again.calls} tool calls; tests red {_times(red)}, then green {_times(green)}.",
        f"{len(changes)} files changed by the agent's edits, compared by hash with the folder.",
        f"An archive of {archive['files']} files, read back and verified before anything was removed.",
        f"A restore with {len(after)} files equal byte for byte, and its tests green again.",
    ]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


async def _run(
    client: Link, project_id: str, prompt: str, recording: Path, witness: Witness, mode: str = "plan+execute"
) -> dict[str, Any]:
    from journeyman.cli.watching import watch_run

    chat = await client.request("chat/create", {"projectId": project_id, "title": prompt[:80]})
    params = {"chatId": chat["id"], "prompt": prompt, "model": f"replay/{recording}", "mode": mode}
    started = time.monotonic()
    with _Painter(witness) as painter:
        run = await watch_run(client, params, painter)
    print_result(output.stdout(), run, elapsed_s=time.monotonic() - started)
    return run


async def _contents(client: Link, project_id: str) -> dict[str, tuple[bytes, bool]]:
    """Every regular file of the workspace with its bytes and its executable bit."""
    listing = await client.request("workspace/files", {"projectId": project_id})
    _insist(len(listing["items"]) <= FILES_MAX, "There are more files than the example can have.")
    return {
        item["path"]: (
            await fetch(client.request, project_id, item["path"], item["sha256"]),
            bool(item.get("executable")),
        )
        for item in listing["items"]
    }
