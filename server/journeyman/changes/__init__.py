"""What a chat's agent changed, hunk by hunk: shown, accepted, rejected, and carried to the user's folder.

`service.Changes` is the face of this room. There is one baseline for each path: what was there
before the agent first touched it, or what was accepted since. Nothing here knows the wire.
"""
