"""The way out of a workspace: which connections leave it, decided and dialled by the daemon.

A workspace has only loopback. The guest offers a proxy there and understands nothing of what is said to it:
the bytes come here, are parsed here, and what was parsed is what is decided on, resolved, checked and
dialled. This room must not know which sandbox the guest runs in, how addresses are resolved, or who is told
of a refusal.
"""
