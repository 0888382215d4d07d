"""Which archives stay: the last, the hourly, the daily, the named, and always the newest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from journeyman.workspace.archive.retention import Dated, Policy, kept

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def made(*ages: timedelta) -> list[Dated]:
    """Archives of these ages, the first one the newest; named by their age in minutes."""
    return [
        Dated(f"{int(age.total_seconds() // 60)}", 1000 - number, NOW - age)
        for number, age in enumerate(ages)
    ]


def minutes(*values: int) -> list[Dated]:
    return made(*(timedelta(minutes=value) for value in values))


def test_the_last_stay_and_of_an_hour_only_the_newest_beyond_them() -> None:
    archives = minutes(0, 1, 2, 3, 4, 5, 40, 45, 100)
    assert kept(archives, Policy(last=2, hourly=2, daily=0)) == {"0", "1", "40"}
    assert kept(archives, Policy(last=2, hourly=3, daily=0)) == {"0", "1", "40", "100"}


def test_days_count_when_there_is_an_archive_in_them() -> None:
    archives = made(*(timedelta(days=day) for day in (0, 3, 9, 40, 400)))
    stay = kept(archives, Policy(last=1, hourly=0, daily=4))
    assert len(stay) == 4
    assert archives[-1].archive_id not in stay


def test_a_named_one_stays_however_old() -> None:
    archives = minutes(0, 1, 10_000_000)
    assert kept(archives, Policy(1, 0, 0), named=["10000000", "unknown"]) == {"0", "10000000"}


def test_archives_of_one_tree_do_not_push_others_out() -> None:
    trees = {number: b"%d" % (number // 4) for number in range(20)}  # each four times
    archives = [replace(each, root=trees[int(each.archive_id)]) for each in minutes(*range(20))]
    assert kept(archives, Policy(last=3, hourly=0, daily=0)) == {"0", "1", "2", "4", "8"}


AGES = st.lists(st.integers(0, 60 * 24 * 40), unique=True, max_size=60).map(sorted)
POLICIES = st.builds(Policy, last=st.integers(1, 6), hourly=st.integers(0, 30), daily=st.integers(0, 20))


@given(AGES, POLICIES, st.integers(1, 9))
def test_whatever_there_is(ages: list[int], policy: Policy, trees: int) -> None:
    archives = [
        replace(each, root=b"%d" % (age % trees)) for each, age in zip(minutes(*ages), ages, strict=True)
    ]
    stay = kept(archives, policy)
    ordered = [each.archive_id for each in archives]
    assert set(ordered[: policy.last]) <= stay <= set(ordered)
    assert len(stay) <= 2 * policy.last + policy.hourly + policy.daily
    newest = list(dict.fromkeys(each.root for each in archives))
    assert set(newest[: policy.last]) <= {each.root for each in archives if each.archive_id in stay}
    left = [each for each in archives if each.archive_id in stay]
    assert kept(left, policy) == stay  # doing it again takes no more
