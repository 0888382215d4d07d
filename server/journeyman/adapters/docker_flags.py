"""How a workspace container is locked in, what the engine can do, and how its answers read as instances.

The flags here are the boundary between a workspace and this machine; `tests/contract/test_container_audit.py`
looks at each of them from inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journeyman.guest import delivery
from journeyman.ports.sandbox import Instance, InstanceSpec, InstanceState, SandboxReport

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "journeyman"
PROGRAM = "/run/guest"
RUNTIME = "/run/journeyman"
STATES: dict[str, InstanceState] = {"created": "created", "running": "running", "paused": "paused"}


@dataclass(frozen=True, slots=True)
class EngineFacts:
    version: str
    cpus: int
    local: bool
    rootless: bool
    user_namespaces: bool
    seccomp: bool
    memory: bool
    pids: bool
    runtimes: frozenset[str]


def engine_facts(client: DockerClient) -> EngineFacts:
    info: dict[str, Any] = client.info()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    options = " ".join(info.get("SecurityOptions") or ())
    return EngineFacts(
        version=str(info.get("ServerVersion", "")),
        cpus=int(info.get("NCPU") or 1),
        local=client.api.base_url.startswith(("http+docker://localhost", "http+docker://localunixsocket")),
        rootless="rootless" in options,
        user_namespaces="name=userns" in options,
        seccomp="seccomp" in options,
        memory=bool(info.get("MemoryLimit")),
        pids=bool(info.get("PidsLimit")),
        runtimes=frozenset(info.get("Runtimes") or {}),
    )


def report_of(facts: EngineFacts, oci_runtime: str | None) -> SandboxReport:
    if not facts.local:
        why = "The Docker engine is on another machine."
        return SandboxReport(False, "none", why, "Unset DOCKER_HOST to use the engine of this machine.")
    tier = "rootless container" if facts.rootless else "container"
    gaps: list[str] = []
    if oci_runtime:
        tier += f" under {oci_runtime}"
    else:
        gaps.append("the workspace shares this machine's kernel")
    if facts.user_namespaces:
        gaps.append("the engine's user namespaces are not used: the files belong to the workspace user")
    for there, what in (
        (facts.seccomp, "seccomp"),
        (facts.memory, "memory limits"),
        (facts.pids, "pid limits"),
    ):
        if not there:
            gaps.append(f"the engine has no {what}")
    gaps.append("the size of a workspace on disk is not limited")
    return SandboxReport(True, tier, why=f"engine {facts.version}", gaps=tuple(gaps))


def container_options(
    spec: InstanceSpec,
    facts: EngineFacts,
    *,
    uid: int,
    owner: str,
    program: Path,
    runtime: Path,
    extra_mounts: Mapping[str, str],
    oci_runtime: str | None,
) -> dict[str, Any]:
    """Arguments of docker-py's `containers.create`. In a rootless engine the caller's own user is root
    inside, and so the owner of the files; it has no capability there either."""
    user = 0 if facts.rootless else uid
    memory = f"{spec.limits.memory_mb}m"
    binds = {
        str(spec.files): {"bind": "/workspace", "mode": "rw"},
        str(runtime): {"bind": RUNTIME, "mode": "rw"},
        str(program): {"bind": PROGRAM, "mode": "ro"},
        **{host: {"bind": inside, "mode": "ro"} for host, inside in extra_mounts.items()},
    }
    options: dict[str, Any] = {
        "image": spec.image,
        "name": spec.name,
        "entrypoint": [],
        "command": delivery.command(
            "python3", PROGRAM, f"{RUNTIME}/guest.sock", root="/workspace", home="/tmp/home"
        ),
        "labels": labels_of(spec, owner, runtime.name),
        "user": f"{user}:{user}",
        "working_dir": "/workspace",
        "hostname": "workspace",
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "privileged": False,
        "read_only": True,
        "tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={max(64, spec.limits.memory_mb // 2)}m"},
        "shm_size": "64m",
        "ipc_mode": "private",
        "init": True,
        "pids_limit": spec.limits.pids,
        "mem_limit": memory,
        "memswap_limit": memory,
        "nano_cpus": int(min(spec.limits.cpus, facts.cpus) * 1_000_000_000),
        "volumes": binds,
        "log_config": {"type": "json-file", "config": {"max-size": "1m", "max-file": "1"}},
        "restart_policy": {"Name": "no"},
    }
    if facts.user_namespaces and not facts.rootless:
        options["userns_mode"] = "host"
    if oci_runtime:
        options["runtime"] = oci_runtime
    return options


def labels_of(spec: InstanceSpec, owner: str, runtime: str) -> dict[str, str]:
    return {
        f"{LABEL}.managed-by": "journeyman",
        f"{LABEL}.data": owner,
        f"{LABEL}.project": spec.project_id,
        f"{LABEL}.name": spec.name,
        f"{LABEL}.generation": str(spec.generation),
        f"{LABEL}.epoch": str(spec.epoch),
        f"{LABEL}.runtime": runtime,
    }


def files_of(entry: Mapping[str, Any]) -> Path | None:
    """Where an instance's /workspace is on this machine; None where it is no directory of it."""
    mounts: list[Mapping[str, Any]] = entry.get("Mounts") or []
    for each in mounts:
        if (each.get("Type"), each.get("Destination")) == ("bind", "/workspace"):
            return Path(str(each["Source"]))
    return None


def instance_from(entry: Mapping[str, Any]) -> Instance:
    """An entry of the engine's list, which carries our labels."""
    labels: Mapping[str, str] = entry["Labels"]
    return Instance(
        id=str(entry["Id"]),
        name=labels[f"{LABEL}.name"],
        project_id=labels[f"{LABEL}.project"],
        generation=int(labels[f"{LABEL}.generation"]),
        epoch=int(labels[f"{LABEL}.epoch"]),
        state=STATES.get(str(entry["State"]), "stopped"),
        created_at=datetime.fromtimestamp(int(entry["Created"]), UTC),
    )
