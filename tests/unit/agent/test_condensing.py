"""Past 85 % of the window old exchanges become a summary: what is pinned stays word for word."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.agent.condensing import EXCHANGES_KEPT
from journeyman.agent.masking import SUMMARISE_ABOVE, Masking, tokens
from journeyman.records import Message, ToolCall
from journeyman.testing.clock import START

WINDOW = 10_000


def user(ident: str, text: str, context: str = "") -> Message:
    return Message(ident, "chat", "run", "user", text, START, context=context)


def exchange(number: int, size: int, name: str = "read", words: str = "") -> list[Message]:
    made = ToolCall(f"c{number}", name, {"path": f"src/{number}.py"})
    said = Message(f"a{number}", "chat", "run", "assistant", words, START, tool_calls=(made,))
    text = f"src/{number}.py lines 1-9\n" + "x" * size
    result = Message(
        f"t{number}", "chat", "run", "tool", text, START, tool_call_id=made.id, tool_name=name, ok=True
    )
    return [said, result]


def conversation() -> list[Message]:
    messages = [user("u0", "Build a clock.", "<environment>\nold surroundings\n</environment>")]
    for number in range(10):
        messages += exchange(number, 10, words=f"Step {number}. " + "y" * 600)
    messages.append(user("u1", "It must strike.", "<environment>\nrules of the project\n</environment>"))
    todo = exchange(10, 0, "todo_write")
    messages += [todo[0], Message("t10", "chat", "run", "tool", "todo list: 1 open\n[>] 1 Strike", START,
                                  tool_call_id="c10", tool_name="todo_write", ok=True)]  # fmt: skip
    for number in range(11, 60):
        messages += exchange(number, 10, words=f"Step {number}. " + "y" * 600)
        if number == 30:
            messages.append(user("u2", "At noon, too.", "It was said in between."))
    return messages


def grown(masking: Masking, messages: list[Message]) -> tuple[Message, ...]:
    """The view before the newest message, after a view before every answer."""
    for index, message in enumerate(messages):
        if message.role == "assistant":
            masking.view(messages[:index])
    return masking.view(messages)


def test_pins_stay_and_the_rest_is_one_line_each() -> None:
    messages = conversation()
    view = grown(Masking(WINDOW), messages)
    assert sum(map(tokens, view)) <= SUMMARISE_ABOVE * WINDOW
    assert [m.text for m in view[:3]] == ["Build a clock.", "It must strike.", "At noon, too."]
    assert "old surroundings" not in view[0].for_model
    assert "rules of the project" in view[1].for_model
    assert "said in between" in view[2].for_model
    (summary,) = [m for m in view if m.text.startswith("<summary>")]
    assert view.index(summary) == 3
    assert "The todo list as last written:\ntodo list: 1 open\n[>] 1 Strike\n" in summary.text
    assert "- read src/25.py: src/25.py lines 1-9" in summary.text
    assert "- you said: Step 25. yyy" in summary.text
    assert view[-2 * EXCHANGES_KEPT :] == tuple(messages[-2 * EXCHANGES_KEPT :])


def test_clearing_comes_first() -> None:
    messages = [user("u", "Do it.")]
    for number in range(40):
        messages += exchange(number, 2_000)
    view = grown(Masking(WINDOW), messages)
    assert any(m.text.startswith("[cleared: ") for m in view)
    assert not any(m.text.startswith("<summary>") for m in view)


def test_much_that_users_said_keeps_its_newest_part() -> None:
    messages = [user(f"u{n}", f"Wish {n}: " + "w" * 30_000) for n in range(5)]
    for number in range(60):
        messages += exchange(number, 10, words="y" * 4_000)
    view = grown(Masking(60_000), messages)
    said = [m.text for m in view if m.text.startswith("Wish")]
    assert [len(text) > 30_000 for text in said] == [False, False, False, True, True]
    assert said[0].startswith("Wish 0: www")


_steps = st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 1_500), st.booleans()), max_size=60)


@settings(deadline=None)
@given(_steps, st.integers(2_000, 20_000))
def test_every_view_is_well_formed_and_carrying_on_sends_the_same(
    steps: list[tuple[int, int, bool]], window: int
) -> None:
    masking, messages = Masking(window), [user("first", "Do it.")]
    for number, (size, spoken, interrupted) in enumerate(steps):
        view = masking.view(messages)
        calls = [call.id for m in view for call in m.tool_calls]
        answers = [m.tool_call_id for m in view if m.role == "tool"]
        assert calls == answers, "every call has its result, in order"
        words = [m.text for m in messages if m.role == "user"]
        assert [m.text for m in view if m.role == "user" and not m.text.startswith("<summary>")] == words
        resumed = Masking(window)
        resumed.replay(messages)
        assert resumed.view(messages) == view
        messages += exchange(number, size, words="w" * spoken)
        if interrupted:
            messages.append(user(f"u{number}", f"And {number}."))
