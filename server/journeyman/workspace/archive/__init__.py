"""Putting a whole workspace away in object storage, and bringing it back.

`engine.ArchiveEngine` is the face of this room. The format is written down in the docstrings of `layout`,
`codec`, `packs`, `pointer` and `tree`. Nothing here knows which store or which sandbox it works with.
"""
