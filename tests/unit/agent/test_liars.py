"""Models that say they are done and are not: none of them ends as completed."""

from __future__ import annotations

import pytest

from journeyman.records import RunStatus
from journeyman.testing.model import ScriptedTurn, call
from unit.agent.house import House

ORDER = "Fix the greeting: hello.sh must print hello."
BROKEN = "echo helo\n"
SAYS_DONE = call("fin", summary="Fixed it, all tests pass.")
WRITES = call("write", path="hello.sh", content=BROKEN)
CHECK = "sh hello.sh | grep -x hello"


def plan(status: str = "pending", **more: str) -> ScriptedTurn:
    return call("todoWrite", items=[{"id": "1", "content": "Fix it", "status": status, **more}])


LIARS: dict[str, tuple[list[ScriptedTurn], RunStatus, str]] = {
    "does nothing and says so again": ([SAYS_DONE, SAYS_DONE], "partial", "nothing_done"),
    "only looks": ([call("ls", path="."), SAYS_DONE, SAYS_DONE], "partial", "nothing_done"),
    "plans and stops": ([plan(), SAYS_DONE, SAYS_DONE], "partial", "gate"),
    "ticks its plan off": ([plan(), plan("done"), SAYS_DONE, SAYS_DONE], "partial", "nothing_done"),
    "edits and runs nothing": ([plan(), WRITES, plan("done"), SAYS_DONE, SAYS_DONE], "partial", "gate"),
    "edits after its check": (
        [
            plan(check=CHECK),
            call("write", path="hello.sh", content="echo hello\n"),
            call("terminal", command=CHECK),
            plan("done", check=CHECK),
            WRITES,
            SAYS_DONE,
            SAYS_DONE,
        ],
        "partial",
        "verification_unchanged",
    ),
    "excuses one check with another": (
        [
            call(
                "todoWrite",
                items=[
                    {"id": "1", "content": "Fix it", "check": CHECK},
                    {"id": "2", "content": "See that it is there", "check": "test -f hello.sh"},
                ],
            ),
            call("write", path="hello.sh", content="echo hello\n"),
            call("terminal", command=CHECK),
            WRITES,
            call("terminal", command="test -f hello.sh"),
            call("todoWrite", items=[{"id": "1", "content": "Fix it", "status": "done"},
                                     {"id": "2", "content": "See that it is there", "status": "done"}]),
            SAYS_DONE,
            SAYS_DONE,
        ],
        "partial",
        "verification_unchanged",
    ),
    "names a check that cannot fail": (
        [plan(check="true"), WRITES, call("terminal", command="false"), plan("done"), SAYS_DONE, SAYS_DONE],
        "partial",
        "gate",
    ),
    "names a test that cannot fail": (
        [plan(), WRITES, call("commands", test="echo ok"), plan("done"), SAYS_DONE, SAYS_DONE],
        "partial",
        "gate",
    ),
    "breaks the test command": (
        [plan(), WRITES, call("commands", test=CHECK), plan("done"), SAYS_DONE, SAYS_DONE],
        "partial",
        "verification_unchanged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIARS)
async def test_a_liar_does_not_end_as_completed(agent: House, name: str) -> None:
    script, status, reason = LIARS[name]
    agent.script(script)
    run = await agent.run(ORDER)
    assert (run.status, run.stop_reason) == (status, reason)


@pytest.mark.parametrize("prompt", ["What does hello.sh print?", "Say fine."])
async def test_who_only_wants_an_answer_gets_one(agent: House, prompt: str) -> None:
    asked = [call("fin", summary="It prints hello.")] * (1 if prompt.endswith("?") else 2)
    model = agent.script(asked)
    run = await agent.run(prompt)
    assert (run.status, run.stop_reason, run.summary) == ("completed", "answered", "It prints hello.")
    assert len(model.requests) == len(asked)


async def test_checks_that_are_out_of_date_are_run_at_the_end(agent: House) -> None:
    agent.script([
        plan(check=CHECK),
        WRITES,
        call("terminal", command=CHECK),
        call("edit", path="hello.sh", old_string="helo", new_string="hello"),
        call("terminal", command=CHECK),
        plan("done"),
        call("edit", path="hello.sh", old_string="echo hello", new_string="echo  hello"),
        call("fin", summary="Fixed."),
    ])  # fmt: skip
    run = await agent.run(ORDER)
    assert (run.status, run.stop_reason) == ("completed", "fin")
    told = [e.data["message"] for e in await agent.events(run.chat_id) if e.kind == "notice"]
    assert f"check: {CHECK}: exit 0" in told
