"""The pure judges: stuck detection, the gate, the ceilings, what counts as a question."""

from __future__ import annotations

import pytest

from journeyman.agent import gate
from journeyman.agent.limits import Limits, Meter, check_price
from journeyman.agent.state import RunState, shows_nothing
from journeyman.agent.stuck import ALTERNATIONS, EDITS_WITHOUT_CHECK_MAX, StuckDetector
from journeyman.agent.wording import is_question, is_small_edit
from journeyman.failures import Failure
from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Budget, Commands, TodoItem, TodoList

# -- stuck ----------------------------------------------------------------------------------------


def test_the_same_call_with_the_same_result_nudges_at_three_and_ends_at_five() -> None:
    stuck = StuckDetector()
    seen = [stuck.saw_call("terminal", {"command": "x"}, f"exit 1 in {n}.2s cwd=/w\nno") for n in range(5)]
    assert [each.what if each else None for each in seen] == [None, None, "nudge", None, "end"]


def test_another_result_starts_over() -> None:
    stuck = StuckDetector()
    assert not any(stuck.saw_call("terminal", {"id": 1}, f"running, {n} lines") for n in range(20))


def test_going_back_and_forth_is_noticed() -> None:
    stuck = StuckDetector()
    seen = [stuck.saw_call("read", {"path": "ab"[n % 2]}, "ab"[n % 2]) for n in range(2 * ALTERNATIONS)]
    assert not any(seen[:-1])
    assert seen[-1] is not None
    assert "back and forth" in seen[-1].message


def test_going_back_and_forth_for_ever_ends() -> None:
    stuck = StuckDetector()
    seen = [stuck.saw_call("read", {"path": "ab"[n % 2]}, "ab"[n % 2]) for n in range(4 * ALTERNATIONS)]
    assert [each.what for each in seen if each] == ["nudge", "end"]


def test_many_edits_of_one_file_without_a_passing_check() -> None:
    stuck = StuckDetector()
    assert not any(stuck.saw_edit("a") for _ in range(EDITS_WITHOUT_CHECK_MAX))
    stuck.saw_passing_check()
    assert not any(stuck.saw_edit("a") for _ in range(EDITS_WITHOUT_CHECK_MAX))
    assert stuck.saw_edit("a") is not None


def test_text_replies_are_counted_in_a_row() -> None:
    stuck = StuckDetector()
    assert [stuck.saw_text_reply().what for _ in range(2)] == ["nudge", "nudge"]
    stuck.saw_call("ls", {}, "")
    assert [stuck.saw_text_reply().what for _ in range(3)] == ["nudge", "nudge", "end"]


# -- gate -----------------------------------------------------------------------------------------


def _state(*, edits: int = 0, commands: Commands | None = None) -> RunState:
    return RunState("/w", "/w", "execute", commands or Commands(), edits=edits)


def _todos(*items: TodoItem) -> TodoList:
    return TodoList("c", 1, items)


def test_open_items_are_in_the_way() -> None:
    done = TodoItem("1", "one", "done", check="make  check")
    assert "1 todo items are open (2: two)" in (
        gate.refusal(_todos(done, TodoItem("2", "two")), _state()) or ""
    )
    assert gate.refusal(_todos(done, TodoItem("2", "two", "dropped")), _state()) is None


def test_an_edit_that_nothing_was_run_after_is_in_the_way() -> None:
    assert gate.refusal(_todos(), _state()) is None
    state = _state(edits=1)
    assert "nothing that was run since then" in (gate.refusal(_todos(), state) or "")
    state.ran("false", 1)
    assert gate.refusal(_todos(), state) is not None
    state.ran("git diff --stat", 0)
    assert gate.refusal(_todos(), state) is None
    state.edited("/w/a", "")
    assert gate.refusal(_todos(), state) is not None


def test_what_will_be_run_at_the_end_needs_no_run_before() -> None:
    done = TodoItem("1", "one", "done", check="make  check")
    assert gate.refusal(_todos(done), _state(edits=1)) is None
    assert gate.refusal(_todos(), _state(edits=1, commands=Commands(test="t"))) is None


def test_every_check_that_is_out_of_date_is_run_at_the_end() -> None:
    todos = _todos(
        TodoItem("1", "one", "done", check="make  check"),
        TodoItem("2", "two", "done", check="make lint"),
        TodoItem("3", "three", "done", check="make  check"),
        TodoItem("4", "four", "dropped", check="make never"),
        TodoItem("5", "five", "done", check="make test"),
        TodoItem("6", "six", "done"),
    )
    state = _state(edits=1, commands=Commands(test="make test"))
    assert gate.checks_to_run(todos, state) == ["make  check", "make lint"]
    state.ran("cd sub && make check", 0)
    assert gate.checks_to_run(todos, state) == ["make lint"]
    state.edited("/w/a", "")
    assert gate.checks_to_run(todos, state) == ["make  check", "make lint"]


@pytest.mark.parametrize(
    ("command", "nothing"),
    [
        ("true", True),
        (" : ", True),
        ("exit 0", True),
        ("echo all tests passed", True),
        ("printf ok", True),
        ("ls -la src", True),
        ("pwd", True),
        ("sleep 5", True),
        ("", True),
        ("true && make check", False),
        ("echo $(make check)", False),
        ("ls src | grep main", False),
        ("ls missing || exit 1", False),
        ("test -f a.txt", False),
        ("python3 -m pytest", False),
        ("lsof -i", False),
        ("trueish", False),
    ],
)
def test_a_check_that_cannot_fail_shows_nothing(command: str, nothing: bool) -> None:
    assert shows_nothing(command) is nothing


def test_a_check_that_fails_later_is_no_evidence_any_more() -> None:
    state = _state()
    state.ran("make check", 0)
    state.ran("make check", 2)
    assert not state.passes("make check")


@pytest.mark.parametrize("command", ["false && make check", "make check || true", "echo make check"])
def test_only_the_check_itself_is_evidence(command: str) -> None:
    state = _state()
    state.ran(command, 0 if command != "false && make check" else 1)
    assert not state.passes("make check")


# -- ceilings -------------------------------------------------------------------------------------

UNPRICED = ModelInfo("n", "p", "n", None, True)
PRICED = ModelInfo("m", "p", "m", None, True, input_usd_per_million=1.0, output_usd_per_million=2.0)


def test_a_budget_only_lowers() -> None:
    lowered = Limits(tokens=100, usd=1.0, seconds=10.0).lowered(
        Budget(steps=3, tokens=1_000, usd=0.5, seconds=99)
    )
    assert (lowered.steps, lowered.tokens, lowered.usd, lowered.seconds) == (3, 100, 0.5, 10.0)


def test_segments_open_with_verified_progress_until_they_are_used_up() -> None:
    meter = Meter(Limits(steps_per_segment=2, segments_max=2))
    for _ in range(2):
        meter.add(None)
    assert meter.reached(0) is not None
    meter.progressed()
    assert meter.reached(0) is None
    for _ in range(2):
        meter.add(None)
    meter.progressed()
    reached = meter.reached(0)
    assert reached is not None
    assert reached.ceiling == "steps"


def test_money_is_counted_where_the_price_is_known() -> None:
    meter = Meter(Limits(usd=1.0))
    meter.add(UsageDelta(500_000, 200_000), PRICED)
    assert meter.usage.cost_usd == pytest.approx(0.9)
    assert meter.warning(0) is not None
    assert meter.warning(0) is None
    meter.add(UsageDelta(100_000, 0), PRICED)
    reached = meter.reached(0)
    assert reached is not None
    assert reached.message == "The run reached its ceiling of 1 US dollars."


def test_tokens_nobody_counted_are_estimated_for_the_ceiling_and_not_reported() -> None:
    meter = Meter(Limits(tokens=100))
    meter.add(None, sent=400, received=100)
    assert meter.usage.input_tokens is None
    reached = meter.reached(0)
    assert reached is not None
    assert reached.ceiling == "tokens"


def test_cost_nobody_said_is_estimated_for_the_ceiling_and_not_reported() -> None:
    meter = Meter(Limits(usd=0.001))
    meter.add(None, PRICED, sent=4_000, received=0)
    assert (meter.usage.cost_usd, meter.usage.at_least.cost_usd) == (None, 0.0)
    reached = meter.reached(0)
    assert reached is not None
    assert reached.ceiling == "usd"


@pytest.mark.parametrize(
    ("limits", "sent", "ceiling"),
    [
        (Limits(usd=1.0), 4_000, None),
        (Limits(usd=0.9019), 4_000, "usd"),
        (Limits(tokens=702_000), 4_000, None),
        (Limits(tokens=702_000), 40_000, "tokens"),
        (Limits(usd=0.9001), 0, None),
    ],
)
def test_what_the_next_call_may_need_is_reserved(limits: Limits, sent: int, ceiling: str | None) -> None:
    meter = Meter(limits)
    meter.add(UsageDelta(500_000, 200_000), PRICED)  # 0.9 dollars
    reached = meter.reached(0, PRICED, sent=sent)
    assert (reached.ceiling if reached else None) == ceiling


def test_an_answer_is_no_longer_than_what_is_left_pays_for() -> None:
    meter = Meter(Limits(usd=0.01, tokens=100_000))
    assert meter.answer_tokens_max(PRICED, sent=4_000) == 4_500  # (0.01 - 0.001) / 2 dollars a million
    assert meter.answer_tokens_max(UNPRICED, sent=4_000) is None
    assert Meter(Limits(tokens=2_000)).answer_tokens_max(UNPRICED, sent=4_000) == 1_000
    assert Meter(Limits()).answer_tokens_max(PRICED, sent=4_000) is None


def test_a_ceiling_in_dollars_needs_a_price() -> None:
    check_price(Budget(usd=1.0), PRICED)
    check_price(Budget(tokens=1), UNPRICED)
    with pytest.raises(Failure) as caught:
        check_price(Budget(usd=1.0), UNPRICED)
    assert caught.value.kind == "invalid"
    assert "budget.tokens" in caught.value.hint


# -- prompts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "question", "small"),
    [
        ("What does main.py do?", True, False),
        ("Where is the parser", True, False),
        ("Can you fix the parser?", False, False),
        ("Why does it fail? Fix it.", False, False),
        ("Rename foo to bar in a.py", False, True),
        ("Fix the typo in README.md", False, True),
        ("Rename foo to bar, then add tests and update the docs", False, False),
        ("Make the tests pass", False, False),
        ("Do the dishes in kitchen.py.", False, False),
        ("Do you see a bug in a.py?", True, False),
    ],
)
def test_what_kind_of_prompt(prompt: str, question: bool, small: bool) -> None:
    assert is_question(prompt) is question
    assert is_small_edit(prompt) is small
