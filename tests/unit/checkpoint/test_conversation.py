"""Going back in the conversation: nothing is deleted, nothing is left half said, and it can be undone."""

from __future__ import annotations

from journeyman.agent.conversation import open_calls
from journeyman.records import TodoItem
from unit.checkpoint.scene import Scene


async def restore(stage: Scene, n: int, scope: str = "conversation") -> None:
    checkpoint = (await stage.list())[n]
    await stage.checkpoints.restore(stage.chat.id, checkpoint.id, scope=scope, conflicts="keep")  # type: ignore[arg-type]


async def todos(stage: Scene) -> list[str]:
    return [item.content for item in (await stage.store.todos.get(stage.chat.id)).items]


async def plan(stage: Scene, *items: str) -> None:
    await stage.store.todos.replace(stage.chat.id, [TodoItem(each, each) for each in items], if_rev=None)


async def two_runs(stage: Scene) -> None:
    """Checkpoints: 0 start, 1 and 2 steps, 3 start, 4 step."""
    run = await stage.run(prompt="first")
    await plan(stage, "a", "b")
    await run.step("echo 1 > one")
    await run.step("echo 2 > two")
    await run.end()
    run = await stage.run(prompt="second")
    await plan(stage, "c")
    await run.step("echo 3 > three")
    await run.end()


EVERYTHING = ["first", "step 1", "done 1", "step 2", "done 2", "second", "step 3", "done 3"]


async def test_back_to_each_point_and_forward(stage: Scene) -> None:
    await two_runs(stage)
    expected = {
        0: ([], []),
        1: (EVERYTHING[:3], ["a", "b"]),
        2: (EVERYTHING[:5], ["a", "b"]),
        3: (EVERYTHING[:5], ["a", "b"]),
        4: (EVERYTHING, ["c"]),
    }
    files = stage.tree()
    for n in (4, 2, 0, 3, 1, 4, 1):
        await restore(stage, n)
        assert (await stage.texts(), await todos(stage)) == expected[n], n
        assert open_calls(await stage.store.messages.history(stage.chat.id)) == []
        assert stage.tree() == files
    page = await stage.store.messages.list(stage.chat.id, rewound=True)
    assert [message.text for message in page.items] == EVERYTHING
    assert [message.rewound for message in page.items] == [False] * 3 + [True] * 5


async def test_undo_brings_messages_and_todos_back(stage: Scene) -> None:
    await two_runs(stage)
    await restore(stage, 1, "both")
    assert await stage.texts() == EVERYTHING[:3]
    assert set(stage.tree()) == {"one"}
    report = await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert (report.turned.hidden, report.turned.shown) == (0, 5)
    assert await stage.texts() == EVERYTHING
    assert await todos(stage) == ["c"]
    assert set(stage.tree()) == {"one", "two", "three"}
    kinds = await stage.kinds()
    assert kinds.count("checkpoint/restored") == 2
    assert kinds[-1] == "todo/changed"


async def test_another_way_from_there_and_back_to_the_first(stage: Scene) -> None:
    await two_runs(stage)
    last = (await stage.list())[4]
    await restore(stage, 0, "both")
    run = await stage.run(prompt="another way")
    await run.step("echo 4 > four")
    await run.end()
    other = ["another way", "step 4", "done 4"]
    assert await stage.texts() == other
    await stage.checkpoints.restore(stage.chat.id, last.id, scope="both", conflicts="keep")
    assert await stage.texts() == EVERYTHING
    assert set(stage.tree()) == {"one", "two", "three"}
    await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert await stage.texts() == other
    assert set(stage.tree()) == {"four"}


async def test_a_step_with_several_calls_stays_whole(stage: Scene) -> None:
    from journeyman.records import ToolCall

    run = await stage.run(prompt="first")
    calls = tuple(ToolCall(f"c{number}", "terminal", {}) for number in range(3))
    ident = await stage.say(stage.chat, run.id, "assistant", "three", tool_calls=calls)
    await run.recorder.before_change()
    stage.write("f", "x")
    run.recorder.after_step(ident, "three", ())
    for call in calls:
        await stage.say(stage.chat, run.id, "tool", call.id, tool_call_id=call.id)
    await run.step("echo more > g")
    await run.end()
    await restore(stage, 1)
    assert await stage.texts() == ["first", "three", "c0", "c1", "c2"]


async def test_other_chats_are_left_alone(stage: Scene) -> None:
    await two_runs(stage)
    from journeyman.chat.service import ChatService

    chats = ChatService(stage.store, stage.parts.clock, stage.parts.ids)
    other = await chats.create(stage.chat.project_id)
    run = await stage.run(chat=other, prompt="elsewhere")
    await run.step("echo other >> one; echo x > theirs")
    await run.end()
    checkpoint = (await stage.list())[0]
    report = await stage.checkpoints.restore(stage.chat.id, checkpoint.id, scope="both", conflicts="keep")
    assert [(each.path, each.why) for each in report.kept] == [(b"one", "changed")]
    assert set(stage.tree()) == {"one", "theirs"}
    assert len(await stage.store.messages.history(other.id)) == 3
