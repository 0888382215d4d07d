"""Fetching a manifest and refusing one that is damaged, lies, or belongs to something else."""

from __future__ import annotations

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import checks, codec, layout, pointer
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import Manifest
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers


async def load_manifest(
    objects: ObjectStore,
    workers: Workers,
    project_id: str,
    key: str,
    limits: Limits,
    *,
    digest: bytes | None = None,
) -> Manifest:
    """The manifest at `key`, read, checked against `digest` (BLAKE3 of the object) where given, and
    found to be one that may be restored. Otherwise `archive_corrupt`."""
    return (await load(objects, workers, project_id, key, limits, digest=digest))[0]


async def load(
    objects: ObjectStore,
    workers: Workers,
    project_id: str,
    key: str,
    limits: Limits,
    *,
    digest: bytes | None = None,
) -> tuple[Manifest, bytes]:
    """As `load_manifest`, and the digest of the object."""
    try:
        data = await objects.read(key, length=limits.object_bytes + 1)
    except Failure as failure:
        if failure.kind != "not_found":
            raise
        raise corrupt(key, "it is not there") from failure
    try:
        manifest = await workers.run(lambda: parse_manifest(data, project_id, limits, digest))
    except MalformedError as error:
        raise corrupt(key, str(error)) from error
    summary = manifest.summary
    if layout.parse_manifest_key(key) != (summary.seq, summary.archive_id):
        raise corrupt(key, "it is of another archive")
    return manifest, blake3(data).digest()


def parse_manifest(data: bytes, project_id: str, limits: Limits, digest: bytes | None = None) -> Manifest:
    """Everything about it that can be known without its packs. Raises `MalformedError`."""
    if len(data) > limits.object_bytes:
        raise MalformedError("it is larger than any object that is written")
    if digest is not None and blake3(data).digest() != digest:
        raise MalformedError("its checksum does not match")
    manifest = codec.decode(data, layout.content_key(project_id), limits)
    if manifest.summary.project_id != project_id:
        raise MalformedError("it is of another project")
    checks.check(manifest, limits)
    return manifest


async def find(objects: ObjectStore, project_id: str, archive_id: str | None) -> tuple[str, bytes | None]:
    """The key of an archive's manifest, and its digest where HEAD names it. None stands for the newest.
    No such archive: `not_found`."""
    if archive_id is None:
        found = await pointer.read(objects, project_id)
        if found is None:
            raise Failure(
                "not_found",
                f"Project {project_id} has no archive.",
                hint="Archive its workspace first.",
            )
        return found[0].manifest_key, found[0].manifest_digest
    async for info in objects.list(layout.manifests_prefix(project_id)):
        parsed = layout.parse_manifest_key(info.key)
        if parsed is not None and parsed[1] == archive_id:
            return info.key, None
    raise no_archive(project_id, archive_id)


def no_archive(project_id: str, archive_id: str) -> Failure:
    return Failure(
        "not_found",
        f"Project {project_id} has no archive {archive_id!r}.",
        hint="List what there is with workspace/archives.",
    )


def corrupt(what: str, why: str) -> Failure:
    return Failure(
        "archive_corrupt",
        f"The archive cannot be trusted: {what}: {why}.",
        hint="Nothing was changed. Restore an earlier archive, and verify this one with its data.",
    )
