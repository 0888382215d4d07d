"""A person's own folder on this machine: read and written with care, and only with their word.

Nothing below it is followed, nothing in it is overwritten that somebody changed meanwhile, and what a machine
runs by itself is not written unasked. Knows no workspace and no wire.
"""
