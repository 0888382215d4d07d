"""What a chat's steps did to the files, kept so that it can be taken back, file by file and for good or not.

`service.Checkpoints` is the face of this room; `recorder.Recorder` is what a run holds. Content is kept in
packs of the archive's format, below the data directory; what changed is in the database. Nothing here knows
a sandbox, the wire or a model.
"""
