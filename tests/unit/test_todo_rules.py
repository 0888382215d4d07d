"""The rules of a todo list, case by case."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.records import Assignee, TodoItem, TodoStatus
from journeyman.todo.rules import CONTENT_CHARS_MAX, ITEMS_MAX, settle


def item(ident: str = "", content: str = "", status: Any = "pending", **more: Any) -> TodoItem:
    return TodoItem(ident, content or f"do {ident or 'it'}", status, **more)


def settled(
    wanted: list[TodoItem], present: list[TodoItem] | None = None, by: Assignee = "executor", **more: Any
) -> list[TodoItem]:
    return list(settle(present or [], wanted, by=by, **more).items)


def refusal(
    wanted: list[TodoItem], present: list[TodoItem] | None = None, by: Assignee = "executor", **more: Any
) -> Failure:
    with pytest.raises(Failure) as caught:
        settle(present or [], wanted, by=by, **more)
    assert caught.value.kind == "invalid"
    return caught.value


REFUSED: dict[str, tuple[list[TodoItem], str]] = {
    "too many": ([item(content=str(n)) for n in range(ITEMS_MAX + 1)], "200"),
    "no content": ([item("1", " \n ")], "1 to 2000"),
    "too much content": ([item("1", "x" * (CONTENT_CHARS_MAX + 1))], "1 to 2000"),
    "a status nobody knows": ([item("1", status="finished")], "status"),
    "an assignee nobody knows": ([item("1", assignee="somebody")], "work"),
    "the same id twice": ([item("1"), item("1")], "Two items"),
    "an id too long": ([item("x" * 65)], "id"),
    "an id with a line break": ([item("a\nb")], "id"),
    "a dependency that is not there": ([item("1", depends_on=("2",))], "not in the list"),
    "an item that waits for itself": ([item("1", depends_on=("1",))], "wait for each other"),
    "two that wait for each other": (
        [item("1", depends_on=("2",)), item("2", depends_on=("1",)), item("3", depends_on=("1",))],
        "1, 2",
    ),
    "a long circle": ([item(str(n), depends_on=(str((n + 1) % 50),)) for n in range(50)], "wait"),
    "a check too long": ([item("1", check="x" * 2001)], "check"),
}


@pytest.mark.parametrize(("wanted", "says"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("by", ["planner", "executor", "user"])
def test_a_list_that_breaks_a_rule_is_refused(wanted: list[TodoItem], says: str, by: Assignee) -> None:
    failure = refusal(wanted, by=by)
    assert says in failure.message


def test_the_largest_list_is_taken() -> None:
    wanted = [item("", "x" * CONTENT_CHARS_MAX) for _ in range(ITEMS_MAX)]
    assert len({one.id for one in settled(wanted)}) == ITEMS_MAX


def test_missing_ids_are_given_after_the_highest_number() -> None:
    present = [item("7"), item("x")]
    wanted = [item(content="a"), item("3"), item(content="b"), item("7"), item("x")]
    assert [one.id for one in settled(wanted, present)] == ["8", "3", "9", "7", "x"]
    assert [one.id for one in settled([item(content="a"), item(content="b")])] == ["1", "2"]


def test_the_same_content_keeps_its_id() -> None:
    present = [item("1", "a"), item("2", "b"), item("3", "a")]
    wanted = [item("", "b"), item("", "a"), item("", "new"), item("", "a")]
    assert [one.id for one in settled(wanted, present)] == ["2", "1", "4", "3"]


def test_an_id_that_is_asked_for_is_not_given_to_another() -> None:
    assert [one.id for one in settled([item("", "a"), item("1", "b")], [item("1", "a")])] == ["2", "1"]


def test_of_several_in_progress_the_first_stays() -> None:
    wanted = [
        item("1"),
        item("2", status="in_progress"),
        item("3", status="in_progress"),
        item("4", status="in_progress"),
    ]
    answer = settle([], wanted, by="executor")
    assert [one.status for one in answer.items] == ["pending", "in_progress", "pending", "pending"]
    assert len(answer.notes) == 2
    assert "Item 3" in answer.notes[0]


DROPPING: dict[str, list[TodoItem]] = {
    "marked as dropped": [item("1", status="dropped"), item("2")],
    "left out": [item("2")],
}


@pytest.mark.parametrize("wanted", DROPPING.values(), ids=DROPPING.keys())
@pytest.mark.parametrize("status", ["pending", "in_progress"])
def test_dropping_open_work_needs_a_reason(wanted: list[TodoItem], status: TodoStatus) -> None:
    present = [item("1", status=status), item("2")]
    assert refusal(wanted, present).data == {"itemId": "1"}
    assert refusal(wanted, present, reason="  ").data == {"itemId": "1"}
    assert settled(wanted, present, reason="not needed")[-1].id == "2"
    assert settled(wanted, present, by="user")[-1].id == "2"


def test_the_reason_is_kept_as_evidence() -> None:
    dropped = settled([item("1", status="dropped")], [item("1")], reason="not needed")
    assert dropped[0].evidence == "not needed"
    later = settled([item("1", status="dropped"), item("2")], dropped, reason="something else")
    assert later[0].evidence == "not needed"


@pytest.mark.parametrize("status", ["done", "dropped"])
def test_closed_work_may_be_left_out(status: TodoStatus) -> None:
    assert settled([], [item("1", status=status)]) == []


def test_done_with_a_check_needs_evidence() -> None:
    wanted = [item("1", status="done", check="make test")]
    failure = refusal(wanted, [item("1", check="make test")])
    assert "make test" in failure.hint
    assert refusal([replace(wanted[0], evidence="  ")]).data == {"itemId": "1"}
    assert settled([replace(wanted[0], evidence="exit 0")])[0].evidence == "exit 0"
    assert settled(wanted, by="user")[0].evidence == "the user says so"
    assert settled([item("1", status="done")])[0].evidence is None


def test_the_hook_decides_over_what_the_list_says() -> None:
    wanted = [item("1", status="done", check="make test", evidence="trust me")]
    refusal(wanted, evidence_of=lambda one: None)
    assert settled(wanted, evidence_of=lambda one: f"{one.check}: exit 0")[0].evidence == "make test: exit 0"


def test_what_was_done_stays_done_unless_its_check_changes() -> None:
    present = [item("1", status="done", check="a", evidence="exit 0")]
    again = settled([item("1", status="done", check="a")], present, evidence_of=lambda one: None)
    assert again == present
    refusal([item("1", status="done", check="b")], present, evidence_of=lambda one: None)


def test_text_is_trimmed() -> None:
    one = settled([item(" 1 ", "  a  ", check="  ", depends_on=()), item("2", depends_on=("1 ", "1"))])
    assert (one[0].id, one[0].content, one[0].check, one[1].depends_on) == ("1", "a", None, ("1",))


def test_any_sequence_of_wishes_leaves_a_list_that_keeps_the_rules() -> None:
    rng = random.Random(20260301)
    present: list[TodoItem] = []
    accepted = 0
    for _ in range(3000):
        ids = ["", *(one.id for one in present), "9", "x"]
        wanted = [
            item(
                rng.choice(ids),
                f"step {rng.randrange(6)}",
                rng.choice(["pending", "in_progress", "done", "dropped"]),
                check=rng.choice([None, None, "make"]),
                depends_on=tuple(rng.sample(ids, rng.choice((0, 0, 1)))),
                evidence=rng.choice([None, "seen"]),
            )
            for _ in range(rng.randrange(5))
        ]
        try:
            answer = settle(present, wanted, by="executor", reason=rng.choice([None, "why"]))
        except Failure as failure:
            if failure.kind != "invalid":
                raise
            continue
        accepted += 1
        present = list(answer.items)
        names = [one.id for one in present]
        assert len(set(names)) == len(names)
        assert all(names)
        assert sum(one.status == "in_progress" for one in present) <= 1
        assert all(set(one.depends_on) <= set(names) for one in present)
        assert all(one.evidence for one in present if one.status == "done" and one.check)
        assert settle(present, present, by="executor").items == answer.items
    assert accepted > 300
