"""What `journeyman doctor` looks at: everything the daemon needs, each thing on its own.

Needs no daemon and disturbs none: the database is opened only when no daemon owns it.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from importlib import metadata

from journeyman import paths
from journeyman.adapters import otlp
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.docker_presence import docker_presence
from journeyman.adapters.generations import workspace_uid
from journeyman.adapters.linux_host import LinuxHost
from journeyman.adapters.sealed_objects import MARKER
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.app import sandboxes
from journeyman.app.build import DATABASE, marks, object_store, registry
from journeyman.app.egress import policy
from journeyman.app.keys import open_to_others
from journeyman.config import Settings
from journeyman.failures import Failure
from journeyman.model.reachable import answers
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.diagnosis import Finding
from journeyman.redaction import redact

FREE_BYTES_WANTED = 2 << 30
VERSIONS = ("pygls", "lsprotocol", "docker", "boto3", "litellm", "aiosqlite", "pydantic")
POISONED_LITELLM = ("1.82.7", "1.82.8")
LOOK_S = 30.0
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


async def diagnose(settings: Settings) -> list[Finding]:
    """Look at everything; what cannot be looked at in time is a finding too."""
    looks: tuple[tuple[str, Callable[[Settings], Awaitable[list[Finding]]]], ...] = (
        ("versions", _versions),
        ("data directory", _data_directory),
        ("runtime directory", _runtime_directory),
        ("daemon", _daemon),
        ("sandbox", _sandboxes),
        ("egress", _egress),
        ("archives", _objects),
        ("models", _models),
        ("traces", _traces),
    )
    findings: list[Finding] = []
    for name, look in looks:
        try:
            async with asyncio.timeout(LOOK_S):
                findings += await look(settings)
        except TimeoutError:
            findings.append(Finding(name, False, f"Did not answer within {LOOK_S:.0f} s."))
        except Failure as failure:
            findings.append(Finding(name, False, failure.message, failure.hint))
        except OSError as error:
            findings.append(Finding(name, False, str(error)))
    return findings


async def _versions(settings: Settings) -> list[Finding]:
    found = {name: metadata.version(name) for name in VERSIONS}
    text = ", ".join(f"{name} {version}" for name, version in found.items())
    if found["litellm"] in POISONED_LITELLM:
        return [
            Finding("versions", False, text, "This litellm steals credentials: reinstall, change your keys.")
        ]
    return [Finding("versions", True, text)]


async def _data_directory(settings: Settings) -> list[Finding]:
    def look() -> Finding:
        place = settings.data_dir
        existing = next(folder for folder in (place, *place.parents) if folder.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            return Finding("data directory", False, f"{place} cannot be written.", "Set JOURNEYMAN_DATA_DIR.")
        free = shutil.disk_usage(existing).free
        detail = f"{place}, {free / (1 << 30):.1f} GiB free"
        if free < (settings.disk_floor_mb << 20):
            hint = "Free some space: no workspace is made or restored (disk_floor_mb)."
            return Finding("data directory", False, detail, hint)
        if free < max(FREE_BYTES_WANTED, settings.disk_low_mb << 20):
            hint = "Free some space: idle workspaces are put away early (disk_low_mb)."
            return Finding("data directory", None, detail, hint)
        return Finding("data directory", True, detail)

    return [await asyncio.to_thread(look), *await _memory(settings)]


async def _memory(settings: Settings) -> list[Finding]:
    seen = await LinuxHost(()).look()
    if seen.memory_free is None:
        return []
    stalled = "" if seen.memory_stalled is None else f", {seen.memory_stalled:.0f} % of the time waited for"
    detail = f"{seen.memory_free / (1 << 30):.1f} GiB available{stalled}"
    if marks(settings).memory_short(seen):
        hint = "Idle workspaces are put away early (memory_low_mb, memory_stalled_percent)."
        return [Finding("memory", None, detail, hint)]
    return [Finding("memory", True, detail)]


async def _runtime_directory(settings: Settings) -> list[Finding]:
    def look() -> Finding:
        place = settings.runtime_dir
        if len(os.fsencode(str(settings.socket))) > paths.SOCKET_PATH_BYTES_MAX:
            hint = "Set JOURNEYMAN_RUNTIME_DIR to a shorter path."
            return Finding("runtime directory", False, f"{place} is too long for a socket.", hint)
        if place.exists() and (place.stat().st_mode & 0o077 or place.stat().st_uid != os.getuid()):
            return Finding("runtime directory", False, f"{place} is open to others.", f"chmod 700 {place}")
        return Finding("runtime directory", True, str(place))

    return [await asyncio.to_thread(look)]


async def _daemon(settings: Settings) -> list[Finding]:
    try:
        _, writer = await asyncio.open_unix_connection(str(settings.socket))
    except OSError:
        return [
            Finding("daemon", True, "Not running; the first client starts it."),
            await _database(settings),
        ]
    writer.close()
    return [
        Finding("daemon", True, f"Running, at {settings.socket}"),
        Finding("database", None, "In use by the daemon, so not looked into."),
    ]


async def _database(settings: Settings) -> Finding:
    path = settings.data_dir / DATABASE
    if not path.exists():
        return Finding("database", True, f"Not made yet; SQLite {sqlite3.sqlite_version}")
    store = await SqliteStore.open(path, clock=SystemClock())
    try:
        facts = await store.check()
    finally:
        await store.close()
    sound = facts.get("integrity") == "ok"
    detail = ", ".join(f"{name} {value}" for name, value in facts.items() if name != "path")
    return Finding("database", sound, detail, "" if sound else f"Keep a copy of {path} and report this.")


async def _sandboxes(settings: Settings) -> list[Finding]:
    presence = await docker_presence(settings.image)
    embedded = BubblewrapSandbox(settings.data_dir, uid=workspace_uid(settings.workspace_uid))
    small = await embedded.probe()
    findings: list[Finding] = []
    if presence.engine:
        engine = sandboxes.docker(settings, ids=SystemIds())
        try:
            report = await engine.probe()
        finally:
            await engine.close()
        findings.append(
            Finding(
                "docker",
                report.available or None,
                report.tier if report.available else report.why,
                report.hint,
            )
        )
        hint = "" if presence.image else "Run `journeyman image build`."
        detail = settings.image if presence.image else f"{settings.image} is not there."
        findings.append(Finding("image", presence.image or None, detail, hint))
    else:
        findings.append(
            Finding("docker", None, "No engine answers.", "Start Docker for the stronger isolation.")
        )
    if small.available:
        gaps = f"; not covered: {'; '.join(small.gaps)}" if small.gaps else ""
        findings.append(Finding("bubblewrap", True, f"{small.tier}{gaps}"))
    else:
        needed = not (presence.engine and presence.image)
        findings.append(Finding("bubblewrap", False if needed else None, small.why, small.hint))
    return findings


async def _egress(settings: Settings) -> list[Finding]:
    found = policy(settings)
    detail = {
        "none": "none: workspaces reach no host",
        "open": "open: workspaces reach every public address",
    }.get(found.mode, f"allowlist: workspaces reach {len(found.rules)} hosts by name")
    if any(os.environ.get(name) for name in PROXIES):
        hint = "Workspaces dial directly; where only a proxy leads out of this machine, they reach nothing."
        return [Finding("egress", None, f"{detail}; this machine's own proxy is not used", hint)]
    return [Finding("egress", found.mode != "open" or None, detail)]


async def _objects(settings: Settings) -> list[Finding]:
    objects = object_store(settings)
    try:
        features = await objects.probe()
        if settings.archive_key_file is None and await objects.head(MARKER) is not None:
            hint = "Point `archive_key_file` to the key file the store was begun with."
            return [Finding("archives", False, f"{objects.url} is encrypted, and no key is set.", hint)]
    finally:
        await objects.close()
    sealed = "encrypted" if settings.archive_key_file else "not encrypted on this machine"
    needed = (
        ("create-only writes", features.conditional_create),
        ("compare-and-swap", features.conditional_replace),
        ("checksums", features.checksums),
    )
    told = [*needed, ("uploads in parts (not needed)", features.multipart)]
    found = ", ".join(f"{what}: {'yes' if there else 'no'}" for what, there in told if there is not None)
    detail = f"{objects.url}, {sealed}; {found}"
    if (key := settings.archive_key_file) and (told := open_to_others(key.expanduser())):
        return [Finding("archives", None, f"{detail}. {told}", f"chmod 600 {shlex.quote(str(key))}")]
    if missing := [words for words, there in needed if not there]:
        hint = "Use it from one machine only: the database's lease stands in for what is missing."
        return [Finding("archives", None, f"{detail}; without {' and '.join(missing)}", hint)]
    return [Finding("archives", True, detail)]


async def _models(settings: Settings) -> list[Finding]:
    models = registry(settings, {})
    try:
        await models.refresh()
        usable = [info.id for info in models.list() if info.available]
        try:
            default = models.default_model(settings.model)
        except Failure as failure:
            return [Finding("models", None, failure.message, failure.hint)]
        return [Finding("models", True, f"{len(usable)} usable, default {default}")]
    finally:
        await models.close()


async def _traces(settings: Settings) -> list[Finding]:
    url = otlp.traces_url(settings.otel_endpoint)
    if url is None:
        return [Finding("traces", True, "Sent nowhere (otel_endpoint).")]
    if (problem := otlp.missing()) is not None:
        return [Finding("traces", None, problem.message, problem.hint)]
    if not await answers(url):
        return [Finding("traces", None, f"Nothing answers at {redact(url)}.", "Start the collector.")]
    return [Finding("traces", True, f"Sent to {redact(url)}.")]
