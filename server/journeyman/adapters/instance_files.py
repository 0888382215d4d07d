"""What a sandbox without an engine remembers of its instances: one small JSON file each, so that a daemon
that starts again finds what it had (then stopped: such instances end with their daemon)."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from journeyman.failures import Failure
from journeyman.ports.sandbox import InstanceSpec, Limits


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    id: str
    spec: InstanceSpec
    created_at: datetime
    started: bool = False
    """Whether it was ever started: `created` and `stopped` differ by that."""


class InstanceFiles:
    """`<directory>/<name>.json`. Blocking; two records of one name are a `conflict`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self) -> list[InstanceRecord]:
        """Every readable record; a file that was cut by a crash is left alone."""
        found: list[InstanceRecord] = []
        for file in sorted(self._directory.glob("*.json")) if self._directory.is_dir() else ():
            try:
                found.append(_decode(json.loads(file.read_text())))
            except (ValueError, KeyError, TypeError, OSError):
                continue
        return found

    def add(self, record: InstanceRecord) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._file(record).exists():
            raise Failure("conflict", f"A workspace named {record.spec.name} is already there.")
        self.save(record)

    def save(self, record: InstanceRecord) -> None:
        file = self._file(record)
        temporary = file.with_suffix(".new")
        with temporary.open("w") as sink:
            json.dump(_encode(record), sink)
            sink.flush()
            os.fsync(sink.fileno())
        os.replace(temporary, file)

    def remove(self, record: InstanceRecord) -> None:
        self._file(record).unlink(missing_ok=True)

    def _file(self, record: InstanceRecord) -> Path:
        return self._directory / f"{record.spec.name}.json"


def _encode(record: InstanceRecord) -> dict[str, Any]:
    value = asdict(record)
    value["spec"]["files"] = str(record.spec.files)
    value["created_at"] = record.created_at.isoformat()
    return value


def _decode(value: dict[str, Any]) -> InstanceRecord:
    spec = dict(value["spec"])
    spec["files"] = Path(spec["files"])
    spec["limits"] = Limits(**spec["limits"])
    created = datetime.fromisoformat(value["created_at"])
    return InstanceRecord(str(value["id"]), InstanceSpec(**spec), created, bool(value["started"]))
