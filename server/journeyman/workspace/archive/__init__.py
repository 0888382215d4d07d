"""Putting a whole workspace away in object storage, and bringing it back.

`engine.ArchiveEngine` is the face of this room; `docs/archive-format.md`-worthy details live in the
docstrings of `model`, `packs` and `codec`. Nothing here knows which store or which sandbox it works with.
"""
