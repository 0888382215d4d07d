"""A question from asking to use: the first answer, expiry on the injected clock, once, and for its effect."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.failures import Failure
from journeyman.permission.answers import Admission
from journeyman.permission.effect import Effect
from journeyman.permission.policy import Policy
from journeyman.permission.questions import PENDING_MAX
from unit.permission.desk import PUSH, TIMEOUT_S, Desk, desk


async def refused(call: object) -> Failure:
    with pytest.raises(Failure) as caught:
        await call  # type: ignore[misc]
    return caught.value


async def test_ordinary_effects_are_not_asked_about(house: Desk) -> None:
    assert await house.admit(Effect("command", "ls", "/workspace", command="ls")) == Admission(allowed=True)
    assert (await house.permissions.list()).items == ()
    assert await house.kinds() == []


async def test_allowed_once_is_used_once_and_told(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit())
        asked = await house.question()
        assert (asked.state, asked.subject["argv"]) == ("pending", ["push", "origin", "main"])
        assert await house.permissions.pending("c1") == (asked,)
        decided = await house.permissions.reply(asked.id, "allow", feedback="Go ahead", by="vim")
    assert call.result() == Admission(allowed=True, text="note: the user allowed this and said: Go ahead")
    assert (decided.state, decided.option_id, decided.decided_by) == ("allowed", "allow", "vim")
    assert (await house.permissions.get(asked.id)).used_at is not None
    assert await house.kinds() == ["permission/requested", "permission/resolved"]
    events = await house.events.read("c1", after=0)
    assert [(event.data["id"], event.data["state"]) for event in events] == [
        (asked.id, "pending"),
        (asked.id, "allowed"),
    ]
    assert house.shown.resolved_ == [decided]


async def test_the_same_effect_again_is_asked_again(house: Desk) -> None:
    for number in (1, 2):
        async with asyncio.TaskGroup() as tasks:
            call = tasks.create_task(house.admit(call=f"call-{number}"))
            await house.permissions.reply((await house.question(number)).id, "allow")
        assert call.result().allowed


async def test_denied_with_what_the_user_said(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit())
        asked = await house.question()
        await house.permissions.reply(asked.id, "deny", feedback="Use a branch.", by="vim")
    assert not call.result().allowed
    assert call.result().text == "the user denied this: nothing was done\nThe user said: Use a branch."
    assert (await house.permissions.get(asked.id)).used_at is None


async def test_the_first_answer_counts_and_later_ones_hear_who_decided(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.admit())
        asked = await house.question()
        first = await house.permissions.reply(asked.id, "deny", by="Visual Studio Code")
        again = await house.permissions.reply(asked.id, "deny", by="vim")
        other = await refused(house.permissions.reply(asked.id, "allow", by="vim"))
    assert again == first
    assert other.kind == "conflict"
    assert "Visual Studio Code answered first: denied" in other.message
    assert other.data["current"]["state"] == "denied"  # type: ignore[index]
    assert await house.kinds() == ["permission/requested", "permission/resolved"]


async def test_nobody_answers_and_the_answer_is_no(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit())
        asked = await house.question()
        await house.clock.advance(TIMEOUT_S - 1)
        assert (await house.permissions.get(asked.id)).state == "pending"
        assert not call.done()
        await house.clock.advance(1)
    assert not call.result().allowed
    assert "did not answer within 60 s" in call.result().text
    assert (await house.permissions.get(asked.id)).state == "expired"
    late = await refused(house.permissions.reply(asked.id, "allow", by="vim"))
    assert (late.kind, "Nobody answered in time" in late.message) == ("conflict", True)


async def test_an_answer_after_its_time_comes_too_late_though_nobody_has_noticed(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit())
        asked = await house.question()
        house.clock._elapsed_s += TIMEOUT_S  # the sleeper was not woken yet
        assert (await refused(house.permissions.reply(asked.id, "allow"))).kind == "conflict"
    assert not call.result().allowed


async def test_what_changed_meanwhile_is_not_what_was_allowed(house: Desk) -> None:
    meant = [PUSH]
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit(lambda: meant[-1]))
        asked = await house.question()
        meant.append(replace(PUSH, cwd="/workspace/elsewhere"))
        await house.permissions.reply(asked.id, "allow")
    assert not call.result().allowed
    assert "not what was allowed" in call.result().text
    assert (await house.permissions.get(asked.id)).used_at is None


async def test_allowed_for_this_run_covers_its_rules_and_this_run(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.admit())
        await house.permissions.reply((await house.question()).id, "allow-run", by="vim")
    again = await house.admit(replace(PUSH, argv=("push", "origin", "topic")), call="call-2")
    assert again.allowed
    assert len(house.shown.requested_) == 1
    newest = (await house.permissions.list()).items[0]
    assert (newest.decided_by, newest.call_id) == ("allowed for this run", "call-2")
    assert newest.used_at is not None
    for effect, run in ((replace(PUSH, argv=("push", "-f")), "r1"), (PUSH, "r2")):
        async with asyncio.TaskGroup() as tasks:
            other = tasks.create_task(house.admit(effect, run=run, call="call-3"))
            asked = await house.question(len(house.shown.requested_) + 1)
            await house.permissions.reply(asked.id, "deny")
        assert not other.result().allowed


async def test_the_settings_may_forbid(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=Policy(git="deny")) as house:
        answer = await house.admit()
        assert not answer.allowed
        assert "permission_git" in answer.text
        assert (await house.permissions.list()).items == ()


async def test_a_run_that_ends_takes_its_questions_back(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        mine = tasks.create_task(house.admit())
        others = tasks.create_task(house.admit(run="r2"))
        first = await house.question(2)
        mine.cancel()
        await asyncio.wait({mine})
        await house.permissions.take_back("r1")
        left = await house.permissions.pending()
        assert [each.run_id for each in left] == ["r2"]
        gone = next(each for each in house.shown.requested_ if each.run_id == "r1")
        error = await refused(house.permissions.reply(gone.id, "allow"))
        assert "taken back before anybody answered" in error.message
        await house.permissions.reply(left[0].id, "allow")
    assert others.result().allowed
    assert first is not None


async def test_what_a_dead_daemon_asked_is_withdrawn_at_the_next_start(tmp_path: Path) -> None:
    async with desk(tmp_path) as house:
        call = asyncio.create_task(house.admit())
        asked = await house.question()
        call.cancel()
        await asyncio.wait({call})
    async with desk(tmp_path) as house:
        assert await house.permissions.pending() == (asked,)
        assert [each.id for each in await house.permissions.recover()] == [asked.id]
        assert await house.permissions.pending() == ()
        assert await house.kinds() == ["permission/requested", "permission/resolved"]
        assert await house.store.permissions.unused_calls("r1") == {"call-1"}


async def test_a_client_that_answers_and_leaves_has_answered(house: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit())
        asked = await house.question()
        answer = tasks.create_task(house.permissions.reply(asked.id, "allow"))
        await asyncio.sleep(0)
        await house.permissions.get(asked.id)  # the database goes on with the answer behind this
        answer.cancel()
    assert call.result().allowed
    assert await house.kinds() == ["permission/requested", "permission/resolved"]


async def test_questions_of_a_run_are_bounded(house: Desk) -> None:
    calls = [asyncio.create_task(house.admit(call=f"call-{n}")) for n in range(PENDING_MAX)]
    await house.question(PENDING_MAX)
    more = await house.admit(call="one too many")
    assert not more.allowed
    assert f"{PENDING_MAX} questions" in more.text
    await house.clock.advance(TIMEOUT_S)
    assert not any(admission.allowed for admission in await asyncio.gather(*calls))


@pytest.mark.parametrize(("option", "feedback"), [("maybe", ""), ("allow", "x" * 4001)])
async def test_bad_answers_decide_nothing(house: Desk, option: str, feedback: str) -> None:
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit())
        asked = await house.question()
        error = await refused(house.permissions.reply(asked.id, option, feedback=feedback))
        assert error.kind == "invalid"
        assert (await house.permissions.get(asked.id)).state == "pending"
        await house.permissions.reply(asked.id, "allow")
    assert call.result().allowed
    assert (await refused(house.permissions.reply("unknown", "allow"))).kind == "not_found"


async def test_secrets_are_taken_out_and_still_bind(house: Desk) -> None:
    secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
    effect = replace(PUSH, title=f"git push {secret}", argv=("push", secret))
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.admit(effect))
        asked = await house.question()
        assert secret not in str(asked.subject)
        assert asked.effect_hash == effect.hash
        await house.permissions.reply(asked.id, "allow")
    assert call.result().allowed


@pytest.mark.parametrize(
    ("option", "feedback", "told"),
    [
        ("2", "", "the user chose: MIT"),
        ("1", "the old one", "the user chose: GPL\nand said: the old one"),
        ("deny", "BSD", "the user said: BSD"),
        ("deny", "", "the user leaves it to you: decide yourself"),
        (None, "", "the user did not answer within 60 s: decide yourself, and say what you took for granted"),
    ],
)
async def test_a_question_of_the_agents_own(
    house: Desk, option: str | None, feedback: str, told: str
) -> None:
    ask = house.permissions.question(
        "Which licence?", ("GPL", "MIT"), chat_id="c1", run_id="r1", call_id="call-1"
    )
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(ask)
        asked = await house.question()
        assert [(each.id, each.title) for each in asked.options] == [
            ("1", "GPL"),
            ("2", "MIT"),
            ("deny", "You decide"),
        ]
        if option is None:
            await house.clock.advance(TIMEOUT_S)
        else:
            await house.permissions.reply(asked.id, option, feedback=feedback)
    assert call.result() == told


async def test_nobody_there_is_no_reason_to_wait(house: Desk) -> None:
    house.shown.somebody = False
    where = {"chat_id": "c1", "run_id": "r1", "call_id": "call-1"}
    assert await house.permissions.question("Which licence?", (), **where) is None
    assert (await house.permissions.list()).items == ()
