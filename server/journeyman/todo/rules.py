"""What a todo list must be, as one pure function from the present list and a wish to the next list.

Nothing here waits, stores or knows who listens. Whether a check really ran is known to the caller alone:
it hands in `evidence_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from journeyman.failures import Failure
from journeyman.records import Assignee, TodoItem, TodoStatus

ITEMS_MAX = 200
CONTENT_CHARS_MAX = 2000
CHECK_CHARS_MAX = 2000
ID_CHARS_MAX = 64
NOTE_CHARS_MAX = 2000
"""Evidence and reasons are cut here."""

EvidenceOf = Callable[[TodoItem], str | None]
"""What shows that an item's check passed, in a few words; None when nothing does."""

_OPEN = ("pending", "in_progress")


@dataclass(frozen=True, slots=True)
class Settled:
    """The list as the rules allow it, and a sentence for each thing that was changed on the way."""

    items: tuple[TodoItem, ...]
    notes: tuple[str, ...] = ()


def settle(
    present: Sequence[TodoItem],
    wanted: Sequence[TodoItem],
    *,
    by: Assignee,
    reason: str | None = None,
    evidence_of: EvidenceOf | None = None,
) -> Settled:
    """The whole `wanted` list, made to keep the rules, or `Failure("invalid")` saying what to do.

    An item without id gets the id of the present item with the same content, else a new one. Of several
    items in progress the first stays so. Dropping an open item, or leaving it out, needs a `reason`. An
    item that becomes done and has a check needs evidence: from `evidence_of` where that is given, else its
    own. A user's word is reason and evidence enough."""
    if len(wanted) > ITEMS_MAX:
        raise Failure(
            "invalid",
            f"A todo list has at most {ITEMS_MAX} items, this one has {len(wanted)}.",
            hint="Join small steps into larger ones.",
        )
    notes: list[str] = []
    before = {item.id: item for item in present}
    items = _with_ids(present, [_cleaned(item) for item in wanted])
    _refuse_broken_dependencies(items)
    items = _with_one_in_progress(items, notes)
    why = _cut(reason) or ("the user's decision" if by == "user" else None)
    _refuse_silent_dropping(before, items, why)
    settled: list[TodoItem] = []
    for item in items:
        if item.status == "dropped":
            settled.append(replace(item, evidence=item.evidence or _evidence_of(before.get(item.id)) or why))
        elif item.status == "done":
            settled.append(_done(item, before.get(item.id), by, evidence_of))
        else:
            settled.append(item)
    return Settled(tuple(settled), tuple(notes))


def _cleaned(item: TodoItem) -> TodoItem:
    content = item.content.strip()
    if not 1 <= len(content) <= CONTENT_CHARS_MAX:
        raise Failure(
            "invalid",
            f"An item's content has 1 to {CONTENT_CHARS_MAX} characters, {_name(item)} has {len(content)}.",
            hint="Say in one sentence what is to be done.",
        )
    if item.status not in get_args(TodoStatus):
        raise Failure(
            "invalid",
            f"{str(item.status)[:40]!r} is not a status ({_name(item)}).",
            hint=f"Use one of {', '.join(get_args(TodoStatus))}.",
        )
    if item.assignee not in get_args(Assignee):
        raise Failure(
            "invalid",
            f"{str(item.assignee)[:40]!r} cannot be given work ({_name(item)}).",
            hint=f"Use one of {', '.join(get_args(Assignee))}.",
        )
    ident = item.id.strip()
    if len(ident) > ID_CHARS_MAX or not ident.isprintable():
        raise Failure("invalid", f"The id {ident[:40]!r} is too long or not readable.", hint="Leave it out.")
    check = (item.check or "").strip() or None
    if check is not None and len(check) > CHECK_CHARS_MAX:
        raise Failure("invalid", f"The check of {_name(item)} has more than {CHECK_CHARS_MAX} characters.")
    depends_on = tuple(dict.fromkeys(other.strip() for other in item.depends_on))
    return replace(
        item, id=ident, content=content, check=check, depends_on=depends_on, evidence=_cut(item.evidence)
    )


def _with_ids(present: Sequence[TodoItem], items: list[TodoItem]) -> list[TodoItem]:
    taken: set[str] = set()
    for item in items:
        if item.id and item.id in taken:
            raise Failure(
                "invalid", f"Two items have the id {item.id!r}.", hint="Leave the id of new items out."
            )
        taken.add(item.id)
    known: dict[str, list[str]] = {}
    for item in present:
        if item.id not in taken:
            known.setdefault(item.content, []).append(item.id)
    numbers = [int(name) for name in taken | {item.id for item in present} if _is_number(name)]
    following = max(numbers, default=0) + 1
    result: list[TodoItem] = []
    for item in items:
        ident = item.id
        if not ident and known.get(item.content):
            ident = known[item.content].pop(0)
        if not ident:
            ident = str(following)
            following += 1
        result.append(replace(item, id=ident))
    return result


def _refuse_broken_dependencies(items: list[TodoItem]) -> None:
    edges = {item.id: item.depends_on for item in items}
    for item in items:
        for other in item.depends_on:
            if other not in edges:
                raise Failure(
                    "invalid",
                    f"Item {item.id!r} depends on {other[:40]!r}, which is not in the list.",
                    hint="Depend on ids of this list only.",
                )
    # Take away what depends on nothing that is left; what remains goes round in a circle.
    left = dict(edges)
    while free := [name for name, others in left.items() if not any(other in left for other in others)]:
        for name in free:
            del left[name]
    if left:
        raise Failure(
            "invalid",
            f"These items wait for each other: {', '.join(sorted(left)[:10])}.",
            hint="Remove one of the dependencies between them.",
        )


def _with_one_in_progress(items: list[TodoItem], notes: list[str]) -> list[TodoItem]:
    result: list[TodoItem] = []
    current: str | None = None
    for item in items:
        if item.status != "in_progress":
            result.append(item)
        elif current is None:
            current = item.id
            result.append(item)
        else:
            notes.append(
                f"Item {item.id} is pending: item {current} is in progress, and one at a time may be."
            )
            result.append(replace(item, status="pending"))
    return result


def _refuse_silent_dropping(before: dict[str, TodoItem], items: Iterable[TodoItem], why: str | None) -> None:
    after = {item.id: item for item in items}
    for ident, old in before.items():
        new = after.get(ident)
        dropped = new is None or (new.status == "dropped" and not new.evidence)
        if old.status in _OPEN and dropped and why is None:
            raise Failure(
                "invalid",
                f"Item {ident!r} is open and would be dropped without a reason.",
                hint="Keep it in the list, or say why it is dropped.",
                data={"itemId": ident},
            )


def _done(item: TodoItem, old: TodoItem | None, by: Assignee, evidence_of: EvidenceOf | None) -> TodoItem:
    if old is not None and old.status == "done" and old.check == item.check:
        return replace(item, evidence=item.evidence or old.evidence)
    if item.check is None:
        return item
    if by == "user":
        return replace(item, evidence=item.evidence or "the user says so")
    evidence = _cut(evidence_of(item)) if evidence_of is not None else item.evidence
    if evidence is None:
        raise Failure(
            "invalid",
            f"Item {item.id!r} cannot be done: nothing shows that its check passed.",
            hint=f"Run its check first: {item.check[:200]}",
            data={"itemId": item.id},
        )
    return replace(item, evidence=evidence)


def _evidence_of(item: TodoItem | None) -> str | None:
    return None if item is None else item.evidence


def _is_number(ident: str) -> bool:
    return ident.isascii() and ident.isdecimal() and len(ident) < 10


def _cut(text: str | None) -> str | None:
    return (text or "").strip()[:NOTE_CHARS_MAX] or None


def _name(item: TodoItem) -> str:
    return f"item {item.id!r}" if item.id else f"the item {item.content.strip()[:40]!r}"
