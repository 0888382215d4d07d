"""Manifests that name other projects: whose packs, whose key, and in which version they may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.archive_forgery import sealed
from components.archive_kit import PROJECT
from hostile.scene import Case, Scene, edited
from journeyman.workspace.archive import layout, strict
from journeyman.workspace.archive.zstd import compress

OTHER = "99999999-2222-4333-8444-555555555555"


def forked(name: str, match: str, change: Callable[[dict[str, Any]], object], *, begun: bool = False) -> Case:
    """Version 2, and the body after `change`."""

    def forge(scene: Scene) -> None:
        summary, body = scene.json()
        summary["version"], body["content"] = 2, PROJECT
        change(body)
        scene.plant_bytes(sealed(strict.dump(summary), compress(strict.dump(body))))

    return Case(name, forge, match, begun=begun)


def owner(name: str, match: str, who: object, *, begun: bool = False) -> Case:
    return forked(name, match, lambda body: body["packs"][0].append(who), begun=begun)


def _in_its_place(scene: Scene) -> None:
    """The pack really is the other project's."""
    name = scene.pack.name
    scene.objects[layout.pack_key(OTHER, name)] = scene.objects.pop(scene.pack_key)
    owner("", "", OTHER).forge(scene)


CASES = [
    edited("version 2 without a key's project", "other fields", lambda fields, _: fields.update(version=2)),
    edited("version 1 with a key's project", "other fields", lambda _, body: body.update(content=PROJECT)),
    edited("version 1 with a pack's owner", "more than 2|3 fields", lambda _, b: b["packs"][0].append(OTHER)),
    edited("version 3", "number", lambda fields, _: fields.update(version=3)),
    forked("version 2 that needs nobody", "", lambda _: None),
    forked("a key of nobody", "project that is none", lambda body: body.update(content="")),
    forked("a key that leads up", "project that is none", lambda body: body.update(content="../x")),
    forked("a key that is a number", "text", lambda body: body.update(content=1)),
    forked("another project's key", "chunk does not match", lambda b: b.update(content=OTHER), begun=True),
    owner("its own pack as another's", "its own project", PROJECT),
    owner("a pack of nobody", "project that is none", ""),
    owner("a pack that leads up", "project that is none", "../" + OTHER),
    owner("a pack of a folder", "project that is none", OTHER + "/packs"),
    owner("a pack of a number", "text", 7),
    owner("a pack of nothing", "text", None),
    owner("a pack another project does not have", "not there", OTHER, begun=True),
    forked("a pack with two owners", "more than 3", lambda body: body["packs"][0].extend([OTHER, OTHER])),
    forked(
        "one name as its own and as another's",
        "",
        lambda body: body["packs"].append([*body["packs"][0], OTHER]),
    ),
    Case("a pack of another project, which is there", _in_its_place),
]
