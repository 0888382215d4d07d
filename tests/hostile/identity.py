"""Whose archive it is, and which: the summary, HEAD, keys, versions, objects cut and extended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from blake3 import blake3

from components.archive_forgery import KEY, sealed
from hostile.scene import Case, Scene, edited
from journeyman.workspace.archive import codec, layout, strict
from journeyman.workspace.archive.model import Manifest

OTHER = "99999999-2222-4333-8444-555555555555"
CHECKSUM = "checksum does not match"


def summary(name: str, match: str, field: str, value: object) -> Case:
    return edited(name, match, lambda fields, _: fields.__setitem__(field, value))


def head(name: str, match: str, change: Callable[[Scene, dict[str, Any]], object]) -> Case:
    def forge(scene: Scene) -> None:
        fields = scene.head_fields()
        change(scene, fields)
        scene.plant_head(fields)

    return Case(name, forge, match)


def head_bytes(name: str, match: str, change: Callable[[bytes], bytes]) -> Case:
    def forge(scene: Scene) -> None:
        scene.objects[scene.head_key] = change(scene.objects[scene.head_key])

    return Case(name, forge, match)


def raw(name: str, match: str, change: Callable[[bytes], bytes]) -> Case:
    """The manifest's bytes changed, nothing sealed again; HEAD names what is there."""
    return Case(name, lambda s: s.plant_bytes(change(s.objects[s.manifest_key])), match)


def _resealed(data: bytes, key: bytes) -> bytes:
    return data[:8] + blake3(data[40:], key=key).digest() + data[40:]


def _length(value: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        rest = value.to_bytes(4, "little") + data[44:]
        return data[:8] + blake3(rest, key=KEY).digest() + rest

    return change


def _by_id(name: str, match: str, forge: Callable[[Scene], object], kind: str = "archive_corrupt") -> Case:
    return Case(name, forge, match, kind=kind, archive_id="older")


def _under(scene: Scene, seq: int, archive_id: str, data: bytes) -> None:
    scene.objects[layout.manifest_key(scene.manifest.summary.project_id, seq, archive_id)] = data


def _renamed(scene: Scene, **change: Any) -> bytes:
    manifest: Manifest = scene.manifest
    return codec.encode(replace(manifest, summary=replace(manifest.summary, **change)), KEY)


def _other_project(scene: Scene) -> None:
    """Another project's manifest, whole and by its own key, in the place of ours."""
    manifest = replace(scene.manifest, summary=replace(scene.manifest.summary, project_id=OTHER))
    scene.plant_bytes(codec.encode(manifest, layout.content_key(OTHER)))


def _old_epoch(scene: Scene) -> None:
    scene.plant(replace(scene.manifest, summary=replace(scene.manifest.summary, epoch=0)))


def _many_fields(scene: Scene) -> None:
    fields = {**scene.head_fields(), **{f"x{n}": n for n in range(2000)}}
    scene.plant_head(fields)


def _swapped_manifest(scene: Scene) -> None:
    """A true manifest of this very project, but not the one HEAD's digest was made of."""
    good = scene.objects[scene.head_key]
    scene.plant_bytes(_renamed(scene, tool="other"))
    scene.objects[scene.head_key] = good


SUMMARY = [
    summary("a later version", "number", "version", 3),
    summary("version zero", "number", "version", 0),
    summary("a version that is text", "number", "version", "1"),
    summary("a version that is true", "number", "version", True),
    summary("another project", "another project", "project_id", OTHER),
    summary("this project in capitals", "another project", "project_id", "X" * 36),
    summary("sequence zero", "number", "seq", 0),
    summary("another sequence", "another archive", "seq", 77),
    summary("a sequence of thirteen digits", "number", "seq", 10**12),
    summary("another archive", "another archive", "archive_id", "other"),
    summary("an archive that leads elsewhere", "another archive", "archive_id", "../../x"),
    summary("a negative epoch", "number", "epoch", -1),
    summary("an epoch beyond 64 bits", "number", "epoch", 2**64),
    summary("a parent that is a number", "text", "parent", 5),
    summary("no time", "time", "created_at", "yesterday"),
    summary("a time without a zone", "zone", "created_at", "2026-01-01T00:00:00"),
    summary("a time beyond the calendar", "calendar", "created_at", "9999-12-31T23:59:59-23:59"),
    summary("a time before the calendar", "calendar", "created_at", "0001-01-01T00:00:00+23:59"),
    summary("a very long tool", "text", "tool", "t" * 300),
    summary("a root that is too short", "hash", "root", "ab"),
    summary("the root of something else", "root", "root", "ab" * 32),
    summary("another count of entries", "counts other", "entries", 0),
    summary("another count of files", "counts other", "files", 2**62),
    summary("another count of bytes", "counts other", "bytes", 1),
    summary("a field too many", "other fields", "admin", True),
    summary("a summary larger than summaries are", "not a manifest", "tool", "t" * 5000),
    edited("a field too few", "other fields", lambda fields, _: fields.pop("parent") and None),
    edited("a body without its tree", "other fields", lambda _, body: body.pop("nodes") and None),
    edited("a body with more", "other fields", lambda _, body: body.__setitem__("extra", 1)),
]

OBJECT = [
    raw("another mark", CHECKSUM, lambda data: b"JMMANI02" + data[8:]),
    raw("a pack where a manifest belongs", CHECKSUM, lambda data: b"JMPACK01" + data[8:]),
    raw("nothing at all", CHECKSUM, lambda _: b""),
    raw("only the mark", CHECKSUM, lambda data: data[:8]),
    raw("only the head", CHECKSUM, lambda data: data[:44]),
    raw("cut by one byte", CHECKSUM, lambda data: data[:-1]),
    raw("longer by one byte", CHECKSUM, lambda data: data + b"\0"),
    raw("twice over", CHECKSUM, lambda data: data * 2),
    raw("sixty-five megabytes", "larger than any object", lambda data: data + bytes(65 * 2**20)),
    raw(
        "sealed with the hash without a key",
        CHECKSUM,
        lambda data: data[:8] + blake3(data[40:]).digest() + data[40:],
    ),
    raw(
        "sealed with another project's key", CHECKSUM, lambda data: _resealed(data, layout.content_key(OTHER))
    ),
    raw("sealed with a key of zeros", CHECKSUM, lambda data: _resealed(data, bytes(32))),
    raw("a summary of no bytes", JSON_OR := "canonical JSON|other fields|not a manifest", _length(0)),
    raw("a summary of four gigabytes", "not a manifest", _length(2**32 - 1)),
    raw("a summary that reaches into the body", JSON_OR, _length(4096)),
    raw("a summary a byte too short", JSON_OR, lambda d: _length(int.from_bytes(d[40:44], "little") - 1)(d)),
    Case("another project's manifest", _other_project, CHECKSUM),
    Case("a true manifest that HEAD does not mean", _swapped_manifest, CHECKSUM),
    Case("a manifest of an older epoch", _old_epoch),
    Case("a manifest that is gone", lambda s: s.objects.pop(s.manifest_key), "not there"),
    Case(
        "two summaries",
        lambda s: s.plant_bytes(sealed(strict.dump(s.json()[0]) * 2, b"")),
        "canonical JSON|not a manifest",
    ),
]

HEAD = [
    head_bytes("HEAD of no bytes", CHECKSUM, lambda _: b""),
    head_bytes("HEAD without its hash", CHECKSUM, lambda data: data.split(b"\n")[0] + b"\n"),
    head_bytes(
        "HEAD with a wrong hash", CHECKSUM, lambda data: data.split(b"\n")[0] + b"\n" + b"0" * 64 + b"\n"
    ),
    head_bytes("HEAD without its last line end", CHECKSUM, lambda data: data[:-1]),
    head_bytes("HEAD twice", CHECKSUM, lambda data: data * 2),
    head_bytes("HEAD with line ends of another system", CHECKSUM, lambda data: data.replace(b"\n", b"\r\n")),
    head_bytes("HEAD of a hundred megabytes", CHECKSUM, lambda data: data + bytes(100 * 2**20)),
    head_bytes("HEAD that is a manifest", CHECKSUM, lambda _: b"JMMANI01" + bytes(100)),
    Case("HEAD that is a list", lambda s: s.plant_head([]), "other fields"),
    Case("HEAD in deep lists", lambda s: s.plant_head(b"[" * 60_000), "canonical JSON"),
    Case("HEAD with a key twice", lambda s: s.plant_head(b'{"seq":1,"seq":2}'), "twice"),
    Case("HEAD with very many fields", _many_fields, "other fields"),
    head("HEAD of a later version", "another version", lambda _, f: f.__setitem__("version", 2)),
    head("HEAD of version zero", "another version", lambda _, f: f.__setitem__("version", 0)),
    head("HEAD of another project", "something else", lambda _, f: f.__setitem__("project_id", OTHER)),
    head(
        "HEAD that names another project's manifest",
        "something else",
        lambda s, f: f.__setitem__("manifest_key", s.manifest_key.replace(f["project_id"], OTHER)),
    ),
    head(
        "HEAD that leads up",
        "something else",
        lambda s, f: f.__setitem__("manifest_key", s.manifest_key.replace(f["project_id"], "..")),
    ),
    head("HEAD that names a pack", "something else", lambda s, f: f.__setitem__("manifest_key", s.pack_key)),
    head("HEAD that names itself", "something else", lambda s, f: f.__setitem__("manifest_key", s.head_key)),
    head(
        "HEAD that names a file of the system",
        "something else",
        lambda _, f: f.__setitem__("manifest_key", "/etc/passwd"),
    ),
    head("HEAD that counts another sequence", "something else", lambda _, f: f.__setitem__("seq", 9)),
    head(
        "HEAD with other digits",
        "something else",
        lambda s, f: f.__setitem__(
            "manifest_key", s.manifest_key.replace("000000000001", "\u0660" * 11 + "\u0661")
        ),
    ),
    head("HEAD with a negative epoch", "number", lambda _, f: f.__setitem__("epoch", -1)),
    head("HEAD with a digest of nothing", "hash", lambda _, f: f.__setitem__("manifest_digest", "")),
    head(
        "HEAD with a digest of something else",
        CHECKSUM,
        lambda _, f: f.__setitem__("manifest_digest", "0" * 64),
    ),
    head(
        "HEAD with a time beyond the calendar",
        "calendar",
        lambda _, f: f.__setitem__("created_at", "9999-12-31T23:59:59-23:59"),
    ),
    head("HEAD that counts other files", "", lambda _, f: f.__setitem__("files", 10**9)),
    Case("no HEAD at all", lambda s: s.objects.pop(s.head_key), "has no archive", kind="not_found"),
]

CHOSEN = [
    _by_id("an older archive that is not there", "has no archive", lambda _: None, "not_found"),
    _by_id(
        "an older archive that is another one",
        "another archive",
        lambda s: _under(s, 5, "older", s.objects[s.manifest_key]),
    ),
    _by_id(
        "an older archive under another sequence",
        "another archive",
        lambda s: _under(s, 5, "older", _renamed(s, archive_id="older", seq=6)),
    ),
    _by_id("an older archive of no bytes", CHECKSUM, lambda s: _under(s, 5, "older", b"")),
    _by_id(
        "an older archive by another key",
        CHECKSUM,
        lambda s: _under(s, 5, "older", _resealed(_renamed(s, archive_id="older", seq=5), bytes(32))),
    ),
    Case("an id that is a path", lambda _: None, "has no archive", kind="not_found", archive_id="../../HEAD"),
    Case("an id that is a wildcard", lambda _: None, "has no archive", kind="not_found", archive_id="*"),
]

CASES = SUMMARY + OBJECT + HEAD + CHOSEN
