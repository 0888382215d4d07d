"""The Agent Client Protocol as the Python package's own client speaks it, with real workspaces and files."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from acp.client.connection import ClientSideConnection
from acp.schema import (
    AgentMessageChunk,
    AgentPlanUpdate,
    AllowedOutcome,
    AvailableCommandsUpdate,
    FileEditToolCallContent,
    NewSessionResponse,
    RequestPermissionResponse,
    SessionInfoUpdate,
    ToolCallProgress,
    ToolCallStart,
)

from acp import RequestError, connect_to_agent, spawn_agent_process, text_block
from e2e.acp_folders import RECORDING, daemon, port_of, sleeps, token_of, wordcount, writes
from e2e.daemons import Place, wait_until

pytestmark = pytest.mark.bubblewrap


class Editor:
    """The package's `Client`: notes what it is told, by session."""

    def __init__(self) -> None:
        self.told: dict[str, list[Any]] = {}
        self.choose: str | None = None
        """The option to take when asked; None: it cannot be asked."""
        self.meanwhile: Path | None = None
        """A file its user makes while they are asked."""

    async def session_update(self, session_id: str, update: Any, **kwargs: Any) -> None:
        self.told.setdefault(session_id, []).append(update)

    async def request_permission(self, *args: Any, **kwargs: Any) -> Any:
        if self.choose is None:
            raise RequestError.method_not_found("session/request_permission")
        if self.meanwhile is not None:
            self.meanwhile.write_text("mine")
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=self.choose))

    def on_connect(self, conn: Any) -> None:
        pass

    def of(self, session: str, kind: type[Any]) -> list[Any]:
        return [update for update in self.told.get(session, []) if isinstance(update, kind)]

    def text(self, session: str) -> str:
        return "".join(chunk.content.text for chunk in self.of(session, AgentMessageChunk))


Opened = tuple[ClientSideConnection, Editor]


@contextlib.asynccontextmanager
async def over_stdio(here: Place) -> AsyncGenerator[Opened]:
    editor = Editor()
    program, *arguments = here.command("acp")
    async with spawn_agent_process(
        editor,  # type: ignore[arg-type]
        program,
        *arguments,
        env=here.env,
        transport_kwargs={"limit": 2**24},
        use_unstable_protocol=True,
    ) as (connection, process):
        await connection.initialize(protocol_version=1)
        yield connection, editor
        assert process.returncode is None


@contextlib.asynccontextmanager
async def over_tcp(here: Place, *, late: bool = False) -> AsyncGenerator[Opened]:
    """`late`: the token comes with authenticate."""
    editor = Editor()
    token: dict[str, Any] = {"journeyman": {"token": token_of(here)}}
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(here), limit=2**24)
    connection = connect_to_agent(editor, writer, reader, use_unstable_protocol=True)  # type: ignore[arg-type]
    async with connection:
        answer = await connection.initialize(protocol_version=1, **({} if late else token))
        assert [method.id for method in answer.auth_methods or []] == (["token"] if late else [])
        if late:
            await connection.authenticate("token", **token)
        yield connection, editor
    writer.close()


@pytest.fixture(scope="module")
def here() -> Generator[Place]:
    with daemon("--tcp", "127.0.0.1:0", "--auth", "initialize") as found:
        yield found


async def begun(
    connection: ClientSideConnection, cwd: Path, model: str, **meta: Any
) -> tuple[str, NewSessionResponse]:
    made = await connection.new_session(cwd=str(cwd), mcp_servers=[], **meta)
    await connection.set_config_option(config_id="model", session_id=made.session_id, value=model)
    return made.session_id, made


async def test_the_main_job(here: Place, tmp_path: Path) -> None:
    folder = wordcount(tmp_path)
    async with over_stdio(here) as (connection, editor):
        session, made = await begun(connection, folder, RECORDING)
        assert made.modes is not None
        assert made.modes.current_mode_id == "plan+execute"
        assert [option.id for option in made.config_options or []] == ["mode", "model", "effort"]
        done = await connection.prompt(session, [text_block("The tests fail. Repair it.")])
        assert done.stop_reason == "end_turn"
        facts = (done.field_meta or {})["journeyman"]
        assert facts["changes"]["files"] == ["wordcount/stats.py", "wordcount/text.py"]
        plans = editor.of(session, AgentPlanUpdate)
        assert {entry.status for entry in plans[-1].entries} == {"completed"}
        started = editor.of(session, ToolCallStart)
        ended = {
            update.tool_call_id: update.status
            for update in editor.of(session, ToolCallProgress)
            if update.status
        }
        assert set(ended) == {call.tool_call_id for call in started}
        assert {"read", "edit", "execute"} <= {call.kind for call in started}
        diffs = [
            content
            for call in started
            for content in call.content or []
            if isinstance(content, FileEditToolCallContent)
        ]
        assert {Path(diff.path).relative_to(folder).as_posix() for diff in diffs} == {
            "wordcount/stats.py",
            "wordcount/text.py",
        }
        places = [place.path for call in started for place in call.locations or []]
        assert places
        assert all(Path(path).is_relative_to(folder) for path in places)
        assert editor.of(session, AvailableCommandsUpdate)
        assert editor.of(session, SessionInfoUpdate)[-1].title == "The tests fail. Repair it."
        assert facts["summary"] in editor.text(session)


async def test_a_session_is_found_again_and_taken_away(here: Place, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    model = writes(tmp_path.parent / f"{tmp_path.name}.jsonl", "nonce")
    async with over_stdio(here) as (connection, editor):
        session, _ = await begun(connection, tmp_path, model)
        await connection.prompt(session, [text_block("/do write it")])
        said = editor.text(session)
        await connection.close_session(session)
        with pytest.raises(RequestError) as caught:
            await connection.prompt(session, [text_block("x")])
        assert caught.value.code == -32002
        again, _ = await begun(connection, tmp_path, model)
        listed = await connection.list_sessions(cwd=str(tmp_path))
        assert [info.session_id for info in listed.sessions] == [again, session]
        assert listed.sessions[1].title == "write it"
    async with over_stdio(here) as (connection, editor):
        loaded = await connection.load_session(cwd=str(tmp_path), session_id=session)
        assert loaded.modes is not None
        assert loaded.modes.current_mode_id == "execute"
        assert "I write nonce." in said
        assert "I write nonce." in editor.text(session)
        assert [call.kind for call in editor.of(session, ToolCallStart)] == ["edit", "execute", "other"]
        resumed = await connection.resume_session(cwd=str(tmp_path), session_id=again)
        assert resumed.config_options
        deleted = await connection._conn.send_request("session/delete", {"sessionId": session})
        assert deleted == {}
        listed = await connection.list_sessions(cwd=str(tmp_path))
        assert [info.session_id for info in listed.sessions] == [again]
        with pytest.raises(RequestError):
            await connection.load_session(cwd=str(tmp_path), session_id=session)


async def test_cancel_stops_what_runs(here: Place, tmp_path: Path) -> None:
    nap = f"4322.{os.getpid()}"
    model = sleeps(tmp_path.parent / f"{tmp_path.name}.jsonl", nap)
    async with over_stdio(here) as (connection, editor):
        session, _ = await begun(connection, tmp_path, model)
        prompt = asyncio.create_task(connection.prompt(session, [text_block("/do wait")]))
        await asyncio.to_thread(wait_until, lambda: editor.of(session, ToolCallStart))
        await asyncio.to_thread(wait_until, lambda: sleeping(nap))
        await connection.cancel(session)
        assert (await prompt).stop_reason == "cancelled"
        assert not sleeping(nap)


def sleeping(nap: str) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if nap.encode() in (entry / "cmdline").read_bytes().split(b"\0")[1:2]:
                    return True
    return False


@pytest.mark.parametrize("late", [False, True], ids=["token in initialize", "token in authenticate"])
async def test_over_tcp(here: Place, tmp_path: Path, late: bool) -> None:
    """A folder the daemon cannot be asked to read is a name: the workspace begins empty."""
    model = writes(tmp_path / "m.jsonl", "far")
    async with over_tcp(here, late=late) as (connection, editor):
        session, made = await begun(connection, Path(f"/elsewhere/{tmp_path.name}"), model)
        notices = (made.field_meta or {})["journeyman"]["notices"]
        assert "another machine" in notices[0]
        done = await connection.prompt(session, [text_block("/do write it")])
        assert done.stop_reason == "end_turn"
        (diff,) = [
            content
            for call in editor.of(session, ToolCallStart)
            for content in call.content or []
            if isinstance(content, FileEditToolCallContent)
        ]
        assert (diff.path, diff.new_text) == (f"/elsewhere/{tmp_path.name}/far.txt", "far")


async def test_a_wrong_token_gets_nowhere(here: Place) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(here))
    connection = connect_to_agent(Editor(), writer, reader)  # type: ignore[arg-type]
    async with connection:
        with pytest.raises(RequestError) as caught:
            await connection.initialize(protocol_version=1, journeyman={"token": "x" * 43})
        assert caught.value.code == -32000
        with pytest.raises((ConnectionError, RequestError)):
            await connection.new_session(cwd="/tmp", mcp_servers=[])
    writer.close()


async def test_two_clients_at_once_each_get_their_own(here: Place, tmp_path: Path) -> None:
    """One over stdio and one over TCP, working at the same time in the same project and apart."""

    async def work(opened: Opened, cwd: Path, nonce: str, **meta: Any) -> None:
        connection, editor = opened
        session, _ = await begun(connection, cwd, writes(tmp_path / f"{nonce}.jsonl", nonce), **meta)
        done = await connection.prompt(session, [text_block(f"/do write {nonce}")])
        assert done.stop_reason == "end_turn"
        assert f"Wrote {nonce}." in editor.text(session)
        others = {session_id for session_id in editor.told if session_id != session}
        assert all("Wrote" not in editor.text(other) for other in others)

    folder = tmp_path / "project"
    folder.mkdir()
    async with over_stdio(here) as one, over_tcp(here) as two, over_stdio(here) as three:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work(one, folder, "alpha"))
            tasks.create_task(work(three, folder, "gamma"))
            tasks.create_task(work(two, tmp_path / "far", "beta"))
        listed = await one[0].list_sessions(cwd=str(folder))
        assert len(listed.sessions) == 2, "two sessions of one project"


async def test_one_session_watched_by_two(here: Place, tmp_path: Path) -> None:
    async with over_stdio(here) as (mine, my_editor), over_tcp(here) as (other, other_editor):
        model = writes(tmp_path.parent / f"{tmp_path.name}.jsonl", "shared")
        session, _ = await begun(mine, tmp_path, model)
        await other.resume_session(cwd="/over/there", session_id=session)
        await mine.prompt(session, [text_block("/do write it")])
        await asyncio.to_thread(wait_until, lambda: "Wrote shared." in other_editor.text(session))
        assert "Wrote shared." in my_editor.text(session)
        mine_at, *_ = [call.locations for call in my_editor.of(session, ToolCallStart) if call.kind == "edit"]
        over, *_ = [call.locations for call in other_editor.of(session, ToolCallStart) if call.kind == "edit"]
        assert mine_at[0].path == f"{tmp_path}/shared.txt"
        assert over[0].path == "/over/there/shared.txt"


async def written(here: Place, folder: Path, nonce: str, choose: str | None) -> tuple[Any, str]:
    """One run that writes a file, and the last words about bringing it back."""
    model = writes(folder.parent / f"{nonce}.jsonl", nonce)
    async with over_stdio(here) as (connection, editor):
        editor.choose = choose
        session, _ = await begun(connection, folder, model)
        if choose == "meanwhile":
            editor.choose, editor.meanwhile = "write", folder / f"{nonce}.txt"
        done = await connection.prompt(session, [text_block(f"/do write {nonce}")])
        assert done.stop_reason == "end_turn"
        (shown,) = [
            call for call in editor.of(session, ToolCallStart) if call.tool_call_id.endswith("/folder")
        ]
        assert [place.path for place in shown.locations] == [f"{folder}/{nonce}.txt"]
        ended = [
            update
            for update in editor.of(session, ToolCallProgress)
            if update.tool_call_id == shown.tool_call_id
        ]
        return (done.field_meta or {})["journeyman"].get("folder"), ended[-1].content[-1].content.text


async def test_what_was_changed_comes_back_where_the_user_says_so(here: Place, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    facts, said = await written(here, folder, "yes", "write")
    assert (folder / "yes.txt").read_text() == "yes"
    assert said == "written yes.txt"
    assert facts == [{"path": "yes.txt", "outcome": "written"}]


@pytest.mark.parametrize("choose", ["leave", None], ids=["no", "an editor that cannot be asked"])
async def test_and_nowhere_else(here: Place, tmp_path: Path, choose: str | None) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    _, said = await written(here, folder, "no", choose)
    assert list(folder.iterdir()) == []
    assert said == "left no.txt"


async def test_what_the_user_made_meanwhile_stays(here: Place, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    _, said = await written(here, folder, "meanwhile", "meanwhile")
    assert (folder / "meanwhile.txt").read_text() == "mine"
    assert said.startswith("refused meanwhile.txt: ")
