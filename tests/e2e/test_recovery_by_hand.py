"""A workspace is recovered from a folder and from a bucket by a reader that knows only the format's page."""

from __future__ import annotations

import ast
import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from components import independent_reader
from components.archive_kit import PROJECT, Kit, fill, snapshot
from components.s3_server import S3Server
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.s3_objects import S3Objects

READER = Path(independent_reader.__file__)


def grow(folder: Path) -> None:
    fill(folder)
    (folder / "large.bin").write_bytes(random.Random(3).randbytes(6_000_000) + bytes(3_000_000))
    (folder / "many").mkdir()
    for number in range(300):
        (folder / "many" / f"{number}.txt").write_text(f"file {number}\n" * (number % 7))
    (folder / os.fsdecode(b"not \xff utf-8")).write_bytes(b"name")
    (folder / "many" / "7.txt").chmod(0o400)
    (folder / "sticky").mkdir()
    (folder / "sticky").chmod(0o1777)
    with contextlib.suppress(OSError):
        os.setxattr(folder / "large.bin", "user.origin", b"\x00\xfftest")


def test_the_reader_is_independent_and_short() -> None:
    source = READER.read_text()
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    ours = imported - set(sys.stdlib_module_names)
    assert ours == {"blake3", "zstandard"}
    assert len(source.splitlines()) <= 150


async def test_from_a_folder(tmp_path: Path) -> None:
    kit = Kit(tmp_path, LocalObjects(tmp_path / "objects"))
    grow(kit.source)
    first, before = await kit.archive(), snapshot(kit.source)
    (kit.source / "src" / "main.py").write_text("changed\n")
    with (kit.source / "large.bin").open("r+b") as file:
        file.seek(2_000_000)
        file.write(b"in the middle")
    await kit.archive()
    run = [sys.executable, READER, tmp_path / "objects", PROJECT]
    subprocess.run([*run, tmp_path / "newest"], check=True, timeout=60)
    assert snapshot(tmp_path / "newest") == snapshot(kit.source)
    subprocess.run([*run, tmp_path / "older", first.archive_id], check=True, timeout=60)
    assert snapshot(tmp_path / "older") == before


async def test_damage_is_refused(tmp_path: Path) -> None:
    kit = Kit(tmp_path, LocalObjects(tmp_path / "objects"))
    grow(kit.source)
    await kit.archive()
    pack = next((tmp_path / "objects" / "p" / PROJECT / "packs").iterdir())
    data = bytearray(pack.read_bytes())
    data[len(data) // 3] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises((independent_reader.RefusedError, independent_reader.zstandard.ZstdError)):
        independent_reader.recover(*independent_reader.folder(tmp_path / "objects"), PROJECT, target)


@pytest.mark.s3
async def test_from_a_bucket(tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    objects = S3Objects(s3_server.bucket, "by-hand", endpoint=s3_server.endpoint)
    try:
        kit = Kit(tmp_path, objects)
        grow(kit.source)
        await kit.archive()
    finally:
        await objects.close()
    client: Any = boto3.client("s3", endpoint_url=s3_server.endpoint, region_name="us-east-1")
    listed = client.list_objects_v2(Bucket=s3_server.bucket, Prefix="by-hand/")["Contents"]
    keys = [each["Key"].removeprefix("by-hand/") for each in listed]

    def fetch(key: str) -> bytes:
        return client.get_object(Bucket=s3_server.bucket, Key=f"by-hand/{key}")["Body"].read()

    target = tmp_path / "target"
    target.mkdir()
    independent_reader.recover(fetch, keys, PROJECT, target)
    assert snapshot(target) == snapshot(kit.source)
