"""All cases, by the idea they belong to."""

from __future__ import annotations

from hostile import compressed, identity, links, metadata, paths, projects, storage
from hostile.scene import Case

TABLES: dict[str, list[Case]] = {
    "paths": paths.CASES,
    "links": links.CASES,
    "metadata": metadata.CASES,
    "storage": storage.CASES,
    "compressed": compressed.CASES,
    "identity": identity.CASES,
    "projects": projects.CASES,
}
CASES: list[Case] = [case for table in TABLES.values() for case in table]
