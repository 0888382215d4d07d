"""What people decide while a run is at work reaches files and model between two steps, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from journeyman.agent.runs import RunService, StartRun
from journeyman.changed import Decision, HunkDecision
from journeyman.failures import Failure
from journeyman.ports.clock import SystemClock
from journeyman.ports.guest import Guest
from journeyman.testing.model import call
from unit.agent.house import House


@dataclass
class Deciding:
    """Somebody rejects when the first call has written its file."""

    queue: list[HunkDecision] = field(default_factory=list[HunkDecision])
    settled: int = 0
    fails: bool = False

    def decide(self, decision: Decision, note: str) -> None:
        self.queue.append(HunkDecision(note, b"a", decision, SystemClock().now(), note))

    async def waiting(self, chat_id: str) -> Sequence[HunkDecision]:
        return tuple(self.queue)

    async def settle(self, chat_id: str, guest: Guest) -> None:
        self.settled += 1
        if self.fails:
            raise Failure("workspace_failed", "No.")
        await guest.write("a", b"taken back\n")
        self.queue = [replace(each, decision="rejected") for each in self.queue]

    async def told(self, chat_id: str, decisions: Sequence[HunkDecision]) -> None:
        self.queue = [each for each in self.queue if each not in decisions]


async def after_one_step(agent: House, deciding: Deciding) -> list[tuple[str, str]]:
    """Role and text of what the model was sent last, after a step in which somebody decided."""

    def second(request: object) -> object:
        return call("fin", summary="Done.", status="partial")

    def first(request: object) -> object:
        deciding.decide("rejecting", "The user took back your change to a.")
        return call("write", path="a", content="mine\n")

    model = agent.script([first, second])  # type: ignore[list-item]
    runs = RunService(replace(agent.services, review=deciding))
    chat = await agent.chat()
    started = await runs.start(StartRun("Write a.", chat_id=chat.id, mode="execute"))
    run = await runs.wait(started.id)
    assert run.status == "partial", run
    return [(message.role, message.text) for message in model.requests[-1].messages]


async def test_taken_back_and_told_before_the_next_call_of_the_model(agent: House) -> None:
    deciding = Deciding()
    sent = await after_one_step(agent, deciding)
    assert sent[-1] == ("user", "The user took back your change to a.")
    assert sent[-2][0] == "tool"
    assert deciding.queue == []
    assert deciding.settled == 1
    (folder,) = agent.workspaces.files.values()
    assert (folder / "a").read_text() == "taken back\n"


async def test_what_cannot_be_taken_back_now_waits_and_does_not_end_the_run(agent: House) -> None:
    deciding = Deciding(fails=True)
    sent = await after_one_step(agent, deciding)
    assert sent[-1][0] == "tool"
    assert [each.decision for each in deciding.queue] == ["rejecting"]


async def test_what_was_said_between_two_runs_is_told_at_the_first_step(agent: House) -> None:
    deciding = Deciding()
    deciding.decide("rejected", "The user took back your change to b.")
    sent = await after_one_step(agent, deciding)
    assert ("user", "The user took back your change to b.") in sent
