"""A part of an archive as an archive of its own: one file, or a directory and what is in it."""

from __future__ import annotations

from dataclasses import replace

from journeyman.failures import Failure
from journeyman.workspace.archive import tree
from journeyman.workspace.archive.model import Manifest, Node


def only(manifest: Manifest, path: bytes) -> Manifest:
    """The entry at `path`, what is below it, and the directories above it. A hard link whose file stays
    outside becomes a file. Raises `not_found`."""
    by_path = {node.path: node for node in manifest.nodes}
    if path not in by_path:
        raise Failure(
            "not_found",
            f"The archive has no {tree.shown(path)}.",
            hint="Give a path as `journeyman archive show --files` prints it.",
        )
    above = {path[:at] for at in range(len(path)) if path[at : at + 1] == b"/"}
    chosen = [
        node
        for node in manifest.nodes
        if node.path in above or node.path == path or node.path.startswith(path + b"/")
    ]
    inside = {node.path for node in chosen}
    joined: dict[bytes, bytes] = {}
    nodes: list[Node] = []
    for node in chosen:
        if node.kind == "hardlink" and node.target not in inside:
            first = joined.setdefault(node.target, node.path)
            file = by_path[node.target]
            node = file._replace(path=node.path) if first == node.path else node._replace(target=first)
        nodes.append(node)
    files = [node for node in nodes if node.kind == "file"]
    summary = replace(
        manifest.summary,
        root=tree.root_hash(nodes),
        entries=len(nodes),
        files=len(files),
        bytes=sum(node.size for node in files),
    )
    return replace(manifest, nodes=tuple(nodes), summary=summary)
