"""How the thoughts of an answer are written into a column and read again, to the letter."""

from __future__ import annotations

import json

from journeyman.adapters.sqlite.values import json_text
from journeyman.thoughts import Thoughts, fields_of, thought_from


def thoughts_text(thoughts: Thoughts | None) -> str | None:
    if thoughts is None:
        return None
    items = [fields_of(each) for each in thoughts.items]
    return json_text({"model": thoughts.model, "under": thoughts.under, "items": items})


def thoughts_from(text: str | None) -> Thoughts | None:
    if text is None:
        return None
    row = json.loads(text)
    return Thoughts(row["model"], row["under"], tuple(thought_from(each) for each in row["items"]))
