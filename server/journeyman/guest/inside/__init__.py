"""The guest: the one program of ours that runs inside a workspace, and serves the daemon from there.

Standard library only, Python 3.8 or newer, relative imports only, so that any image with a Python can
run it from a directory that is mounted read-only (see `journeyman.guest.delivery`). It listens on a Unix
socket in a private directory shared with the daemon and speaks the frames of `wire`. It must not know the
daemon: no settings, no project ids, no archive format.
"""
