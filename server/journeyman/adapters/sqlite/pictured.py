"""What a row says of its images, as a column of JSON; NULL: it has none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from journeyman.adapters.sqlite.values import json_text
from journeyman.pictures import Picture


def pictures_text(pictures: Sequence[Picture]) -> str | None:
    return json_text([asdict(each) for each in pictures]) if pictures else None


def pictures_from(text: str | None) -> tuple[Picture, ...]:
    return () if text is None else tuple(Picture(**each) for each in json.loads(text))
