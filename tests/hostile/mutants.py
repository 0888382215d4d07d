"""Archives changed at random in one to three places, every checksum made right again where that can be."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from components.archive_forgery import KEY, fitting, sealed
from components.archive_kit import PROJECT
from hostile.scene import Case, Scene
from journeyman.workspace.archive import codec, layout, strict
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.model import Manifest
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.zstd import compress

if TYPE_CHECKING:
    from hostile.stage import Stage

ODD_TEXT = ["", "/", "..", "../", "\0", "\xff", "0", "./", "\ud800", "\n", "a" * 300]
ODD_NUMBERS = [0, 1, -1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**30]
Way = Callable[[random.Random, Scene], None]


def mutated(chance: random.Random, value: Any) -> Any:
    """`value` (JSON) with one thing somewhere in it changed."""
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        roll = chance.random()
        if roll < 0.08:
            return value[:at] + value[at + 1 :]
        if roll < 0.16:
            return [*value, value[at]]
        if roll < 0.24:
            other = chance.randrange(len(value))
            return [
                value[other] if n == at else value[at] if n == other else each for n, each in enumerate(value)
            ]
        return [*value[:at], mutated(chance, value[at]), *value[at + 1 :]]
    if isinstance(value, dict) and value and chance.random() < 0.95:
        name = chance.choice(sorted(value))
        return {**value, name: mutated(chance, value[name])}
    if isinstance(value, str) and value and chance.random() < 0.7:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice(ODD_TEXT) + value[at + 1 :]
    if isinstance(value, int) and chance.random() < 0.7:
        return chance.choice([value + 1, value - 1, -value, value ^ 1, *ODD_NUMBERS])
    return chance.choice([None, True, 0, -1, "", "..", "/", [], {}, "\0", 10**30])


def bytes_mutated(chance: random.Random, data: bytes) -> bytes:
    if not data:
        return b"x"
    at, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
    end = min(end, at + 64)
    roll = chance.randrange(6)
    if roll == 0:
        at = min(at, len(data) - 1)
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if roll == 1:
        return data[:at]
    if roll == 2:
        return data[:at] + data[end:]
    if roll == 3:
        return data[:at] + data[at:end] + data[at:]
    if roll == 4:
        return data[:at] + chance.randbytes(end - at) + data[end:]
    return data + chance.randbytes(chance.randrange(1, 40))


def body(chance: random.Random, scene: Scene) -> None:
    """The JSON of the tree and its tables, sealed again."""
    summary, fields = scene.json()
    for _ in range(chance.choice([1, 1, 2, 3])):
        fields = mutated(chance, fields)
    scene.plant_bytes(sealed(strict.dump(summary), compress(strict.dump(fields))))


def fitted(chance: random.Random, scene: Scene) -> None:
    """One entry or one row of a table, and counts and root hash made to fit: what passes is what it says."""
    summary, fields = scene.json()
    table = chance.choice(["nodes", "nodes", "nodes", "chunks", "frames", "packs"])
    rows: Any = list(fields[table])
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(len(rows))
        rows[at] = mutated(chance, rows[at])
    fields = {**fields, table: rows}
    data = sealed(strict.dump(summary), compress(strict.dump(fields)))
    try:
        manifest = fitting(codec.decode(data, KEY, LIMITS))
    except (MalformedError, UnicodeEncodeError):
        scene.plant_bytes(data)
    else:
        scene.plant(manifest)


def summary(chance: random.Random, scene: Scene) -> None:
    fields, tree = scene.json()
    data = sealed(strict.dump(mutated(chance, fields)), compress(strict.dump(tree)))
    scene.plant_bytes(data)


def text(chance: random.Random, scene: Scene) -> None:
    """The characters of the JSON."""
    fields, tree = scene.json()
    scene.plant_bytes(sealed(strict.dump(fields), compress(bytes_mutated(chance, strict.dump(tree)))))


def frame(chance: random.Random, scene: Scene) -> None:
    """The compressed body."""
    fields, tree = scene.json()
    scene.plant_bytes(sealed(strict.dump(fields), bytes_mutated(chance, compress(strict.dump(tree)))))


def raw(chance: random.Random, scene: Scene) -> None:
    """The manifest's bytes, its own hash left wrong or not."""
    data = bytes_mutated(chance, scene.objects[scene.manifest_key])
    if chance.random() < 0.5:
        data = data[:8] + blake3(data[40:], key=KEY).digest() + data[40:]
    scene.plant_bytes(data)


def head(chance: random.Random, scene: Scene) -> None:
    if chance.random() < 0.3:
        scene.objects[scene.head_key] = bytes_mutated(chance, scene.objects[scene.head_key])
    else:
        scene.plant_head(mutated(chance, scene.head_fields()))


def pack(chance: random.Random, scene: Scene) -> None:
    """The pack's bytes, under its name or under the name they now have."""
    data = bytes_mutated(chance, scene.objects[scene.pack_key])
    if chance.random() < 0.5:
        scene.objects[scene.pack_key] = data
        return
    name = blake3(data).hexdigest()
    scene.objects[layout.pack_key(PROJECT, name)] = data
    packs = (replace(scene.pack, name=name, size=len(data)), *scene.manifest.packs[1:])
    scene.plant(replace(scene.manifest, packs=packs))


def shuffled(chance: random.Random, scene: Scene) -> None:
    """The entries in another order, or some left out: parents without children, children without parents."""
    nodes = list(scene.manifest.nodes)
    if chance.random() < 0.5:
        chance.shuffle(nodes)
    else:
        nodes = [node for node in nodes if chance.random() < 0.8]
    manifest: Manifest = fitting(replace(scene.manifest, nodes=tuple(nodes)))
    scene.plant(manifest)


WAYS: list[tuple[Way, int]] = [
    (body, 25),
    (fitted, 30),
    (summary, 6),
    (text, 8),
    (frame, 6),
    (raw, 5),
    (head, 6),
    (pack, 10),
    (shuffled, 4),
]


def mutants(stage: Stage, seed: int, count: int) -> Iterator[Case]:
    """`count` cases; the same for the same seed. Their names say how to make each of them again."""
    weights = [weight for _, weight in WAYS]
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        way = chance.choices([way for way, _ in WAYS], weights)[0]
        yield Case(
            f"{way.__name__} {seed}/{number}", lambda scene, way=way, chance=chance: way(chance, scene)
        )
