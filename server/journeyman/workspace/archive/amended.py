"""An `Amendment` whose files were read, as the body of a manifest to store and the columns to remember."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from journeyman.guest.frames import RECORD_HEAD_BYTES
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive import bodytext, checks, codec, tree
from journeyman.workspace.archive.amending import Amendment
from journeyman.workspace.archive.chunker import CHUNKER
from journeyman.workspace.archive.columns import FILE, Columns
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import FORK_VERSION, Node, Summary, version_of
from journeyman.workspace.archive.packs import Content, Spot
from journeyman.workspace.archive.remembered import Note
from journeyman.workspace.archive.renumbering import Store
from journeyman.workspace.archive.spans import Run


class Amended(NamedTuple):
    summary: Summary
    body: bytes
    columns: Columns
    note: Note


class _Part(NamedTuple):
    """Some entries: a run of the tree before, or a single one."""

    run: Run | None
    node: Node | None
    lengths: array[int]
    told: bytes
    told_lengths: array[int]
    digests: bytes
    counts: array[int]
    chunks: array[int]
    """As the `Store` counts them."""


def amended(
    change: Amendment,
    summary: Summary,
    contents: Mapping[bytes, Content],
    catalog: Mapping[bytes, Spot],
    racy: Iterable[bytes],
    limits: Limits,
) -> Amended:
    """`summary` is without what is counted; `contents` by path, of `change.files`, all of it in `catalog`;
    `racy` are paths of such. Raises `MalformedError` for what a restore would refuse."""
    again = frozenset(racy)
    store = Store(change.columns, catalog)
    nodes = [_filled(node, contents, store) for node in tree.build(change.fresh).nodes]
    parts = list(_parts(change, nodes))
    tables = store.tables(_joined([part.chunks for part in parts]))
    told = b"".join([part.told for part in parts])
    content = None if change.note.content_project == summary.project_id else change.note.content_project
    summary = replace(
        summary, version=version_of(content, tables.packs), root=tree.root_of(told), **_counted(change)
    )
    added, chunks = store.added(), store.chunks(number for node in nodes for number in node.chunks)
    checks.check_changes(nodes, chunks, added.packs, added.frames, added.chunks, limits)
    checks.check_whole(summary, tables.packs, sum(tables.frames[2]), limits)
    columns = Columns(
        records=change.records,
        attributes=b"",
        lengths=_joined([part.lengths for part in parts]),
        racy=_places(parts, again),
        digests=b"".join([part.digests for part in parts]),
        counts=_joined([part.counts for part in parts]),
        numbers=tables.numbers,
        packs=tables.packs,
        frames=tables.frames,
        ids=tables.ids,
        chunks=tables.chunks,
        told=told,
        told_lengths=_joined([part.told_lengths for part in parts]),
    )
    body = bodytext.body_of(
        list(_rows(change, parts, tables.numbers)),
        chunker=CHUNKER,
        content=(content or summary.project_id) if summary.version == FORK_VERSION else None,
        packs=[codec.pack_row(pack) for pack in tables.packs],
        frames=tables.frames,
        ids=tables.ids,
        chunks=tables.chunks,
    )
    return Amended(summary, body, columns, _noted(change, again))


def _noted(change: Amendment, racy: frozenset[bytes]) -> Note:
    calm = [max(entry.mtime_ns, entry.ctime_ns) for entry in change.files if entry.path not in racy]
    return replace(
        change.note,
        newest_ns=max([change.note.newest_ns, *[entry.ctime_ns for entry in change.fresh]]),
        quiet_ns=max([change.note.quiet_ns, *calm]),
    )


def _filled(node: Node, contents: Mapping[bytes, Content], store: Store) -> Node:
    if node.kind != "file":
        return node
    content = contents[node.path]
    return node._replace(digest=content.digest, chunks=tuple(store.numbers(content.ids)))


def _parts(change: Amendment, nodes: Sequence[Node]) -> Iterator[_Part]:
    """`nodes`: one for each fresh entry, in their order."""
    before, fresh, known = change.columns, iter(nodes), (0, 0)
    for part in change.parts:
        if isinstance(part, Run):
            start = before.files_before(part.start, known)
            stop = before.files_before(part.stop, (part.start, start))
            known = (part.stop, stop)
            yield _Part(
                run=part,
                node=None,
                lengths=before.lengths[part.start : part.stop],
                told=before.told[before.told_offsets[part.start] : before.told_offsets[part.stop]],
                told_lengths=before.told_lengths[part.start : part.stop],
                digests=before.digests[32 * start : 32 * stop],
                counts=before.counts[start:stop],
                chunks=before.numbers[before.number_offsets[start] : before.number_offsets[stop]],
            )
        else:
            node = next(fresh)
            (told,), is_file = tree.told([node]), node.kind == "file"
            yield _Part(
                run=None,
                node=node,
                lengths=array("I", [_length(part.entry)]),
                told=told,
                told_lengths=array("I", [len(told)]),
                digests=node.digest,
                counts=array("I", [len(node.chunks)] if is_file else []),
                chunks=array("I", node.chunks),
            )


def _length(entry: TreeEntry) -> int:
    return RECORD_HEAD_BYTES + len(entry.path) + len(entry.target)


def _rows(change: Amendment, parts: Iterable[_Part], numbers: array[int]) -> Iterator[bytes]:
    """Of the manifest; `numbers`: of the chunks of all files, as they are listed now."""
    at = 0
    for part in parts:
        mine = numbers[at : at + len(part.chunks)]
        at += len(mine)
        if part.node is not None:
            yield bodytext.node_row(codec.node_row(part.node._replace(chunks=tuple(mine))))
        elif part.run is not None and mine == part.chunks:
            yield from change.rows[part.run.start : part.run.stop]
        elif part.run is not None:
            yield from _renumbered(change, part.run, part.counts, mine)


def _renumbered(change: Amendment, run: Run, counts: array[int], numbers: array[int]) -> Iterator[bytes]:
    """A hard link is a file of the scan, and has no chunks in the manifest."""
    at, chunks = 0, iter(counts)
    for row, kind in zip(
        change.rows[run.start : run.stop], change.columns.kinds[run.start : run.stop], strict=True
    ):
        if kind != FILE:
            yield row
            continue
        of = next(chunks)
        yield bodytext.with_chunks(row, numbers[at : at + of]) if bodytext.is_file(row) else row
        at += of


def _counted(change: Amendment) -> dict[str, int]:
    before, gone = change.counted, [change.columns.entry(number) for number in change.gone]
    lost, made = [entry for entry in gone if entry.kind == "file"], change.files
    return {
        "entries": before.entries + len(change.fresh) - len(gone),
        "files": before.files + len(made) - len(lost),
        "bytes": before.bytes + sum(entry.size for entry in made) - sum(entry.size for entry in lost),
    }


def _places(parts: Iterable[_Part], paths: frozenset[bytes]) -> array[int]:
    """Numbers of the entries at these paths, none of which is in a run."""
    found, number = array("I"), 0
    for part in parts:
        if part.node is not None and part.node.path in paths:
            found.append(number)
        number += len(part.lengths)
    return found


def _joined(arrays: Iterable[array[int]]) -> array[int]:
    whole = array("I")
    for each in arrays:
        whole.extend(each)
    return whole
