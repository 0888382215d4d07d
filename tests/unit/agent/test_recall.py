"""Which thoughts a model is shown: its own, and marked once something before them has changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from journeyman.agent.masking import Masking, tokens
from journeyman.agent.recall import Recall
from journeyman.agent.sizes import characters
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import ModelInfo, ToolSpec
from journeyman.records import Message, ToolCall
from journeyman.testing.clock import START
from journeyman.thoughts import Thought, Thoughts

MINE, OTHER = (ModelInfo(f"scripted/{name}", "scripted", name, None, True) for name in ("mine", "other"))
TOOLS = (ToolSpec("ls", "List", {"type": "object"}),)
SIGNED = (Thought("thought", "s", "Hm."),)


def answered(number: int, thoughts: Thoughts | None) -> list[Message]:
    made = ToolCall(f"c{number}", "read", {"path": f"{number}.py"})
    return [
        Message(f"a{number}", "c", "r", "assistant", "", START, tool_calls=(made,), thoughts=thoughts),
        Message(f"t{number}", "c", "r", "tool", "x" * 2_000, START, tool_call_id=made.id, tool_name="read"),
    ]


def made(recall: Recall, info: ModelInfo = MINE, tools: tuple[ToolSpec, ...] = TOOLS) -> Thoughts:
    recall.shown((), info, "Be brief.", tools)
    thoughts = recall.made(ModelTurn("", "", (), None, "tool_calls", thoughts=SIGNED))
    assert thoughts is not None
    return thoughts


def test_a_model_is_shown_its_own_and_they_are_the_same_each_time() -> None:
    recall = Recall()
    messages = (*answered(0, made(recall)), *answered(1, made(recall, OTHER)), *answered(2, None))
    shown = recall.shown(messages, MINE, "Be brief.", TOOLS)
    assert all(one is other for one, other in zip(shown, messages, strict=True) if other.id != "a1")
    assert shown[2] == replace(messages[2], thoughts=None)
    again = recall.shown((*messages, *answered(3, None)), MINE, "Be brief.", TOOLS)
    assert all(one is other for one, other in zip(shown, again, strict=False))
    theirs = recall.shown(messages, OTHER, "Be brief.", TOOLS)
    assert [each.thoughts and each.thoughts.model for each in theirs][::2] == [None, OTHER.id, None]


def test_other_rules_or_tools_make_them_stale() -> None:
    recall = Recall()
    messages = tuple(answered(0, made(recall)))
    for system, tools in (("Be long.", TOOLS), ("Be brief.", ())):
        shown = recall.shown(messages, MINE, system, tools)[0].thoughts
        assert shown == replace(made(Recall()), stale=True)
    assert recall.shown(messages, MINE, "Be brief.", TOOLS) == messages
    assert Recall().shown(messages, MINE, "Be brief.", TOOLS) == messages, "another run knows them, too"


def test_an_answer_without_any_has_none() -> None:
    assert Recall().made(ModelTurn("So.", "", (), None, "stop")) is None


def test_what_is_cleared_makes_all_before_it_stale_and_a_restart_knows_it() -> None:
    thoughts = made(Recall())
    messages: list[Message] = [Message("u", "c", "r", "user", "Do it.", START)]
    live = Masking(window=6_000)
    views: list[tuple[Message, ...]] = []
    for number in range(24):
        views.append(live.view(messages))
        messages += answered(number, thoughts)
    fresh = [[each.thoughts.stale for each in view if each.thoughts] for view in views]
    counts = [len(each) - sum(each) for each in fresh]
    assert all(each == sorted(each, reverse=True) for each in fresh), "the stale ones come first"
    assert all(now in (before + 1, 0) for before, now in pairwise(counts))
    assert 2 <= counts[1:].count(0) < 12, "it was cleared now and then"
    carried_on = Masking(window=6_000)
    carried_on.replay(messages)
    assert carried_on.view(messages) == live.view(messages)
    assert messages[1].thoughts == thoughts, "the history itself is untouched"


def test_what_is_sent_again_counts() -> None:
    plain, thought = answered(0, None)[0], answered(0, made(Recall()))[0]
    long = replace(thought, thoughts=replace(made(Recall()), items=(Thought("thought", "s", "x" * 400),)))
    assert characters(long) - characters(plain) == 400
    assert tokens(long) - tokens(plain) == 100
    assert long.thoughts is not None
    assert characters(replace(long, thoughts=replace(long.thoughts, stale=True))) == characters(plain)
