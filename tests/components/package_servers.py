"""Small stand-ins, on loopback, for the hosts that packages and repositories come from.

Each is what the real tool asks for and no more: a Python index with a wheel, an npm registry with a
tarball, a Debian repository with a package, git's smart protocol through git's own `http-backend`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import ssl
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], bytes]


def wheel(name: str, version: str) -> bytes:
    """A package of one module that says its name."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f'print("{name} {version}")\n'.encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{info}/RECORD,,"]
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, data in {**files, f"{info}/RECORD": "\n".join(lines).encode() + b"\n"}.items():
            archive.writestr(path, data)
    return packed.getvalue()


def npm_tarball(name: str, version: str) -> bytes:
    packed = io.BytesIO()
    files = {
        "package/package.json": json.dumps({"name": name, "version": version, "main": "index.js"}).encode(),
        "package/index.js": f'console.log("{name} {version}")\n'.encode(),
    }
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


class Shelf:
    """What each address answers, and what was asked for. Hosts are apart."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        """By `host/path`."""
        self.repositories: dict[str, Path] = {}
        """By host: a directory of bare repositories."""
        self.asked: list[str] = []

    def put(self, address: str, body: bytes, kind: str = "application/octet-stream") -> None:
        self.pages[address] = (200, {"Content-Type": kind, "Last-Modified": formatdate(0, usegmt=True)}, body)

    def redirect(self, address: str, target: str) -> None:
        self.pages[address] = (302, {"Location": target}, b"")

    def python_package(self, name: str, version: str, files: str) -> None:
        """On pypi.org, with the wheel at `files`."""
        data, file = wheel(name, version), f"{name}-{version}-py3-none-any.whl"
        digest = hashlib.sha256(data).hexdigest()
        page = f'<!doctype html><a href="https://{files}/{file}#sha256={digest}">{file}</a>'
        self.put(f"pypi.org/simple/{name}/", page.encode(), "text/html")
        self.put(f"{files}/{file}", data)

    def npm_package(self, name: str, version: str) -> None:
        data = npm_tarball(name, version)
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        file = f"registry.npmjs.org/{name}/-/{name}-{version}.tgz"
        dist = {"tarball": f"https://{file}", "integrity": integrity}
        document = {
            "name": name,
            "dist-tags": {"latest": version},
            "versions": {version: {"name": name, "version": version, "dist": dist}},
        }
        self.put(f"registry.npmjs.org/{name}", json.dumps(document).encode(), "application/json")
        self.put(file, data)

    def debian_package(self, name: str, version: str, place: str) -> bytes:
        """In a flat repository at `place`; answers what a download must hold."""
        data = b"!<arch>\n" + os.urandom(200_000)
        packages = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Ada\n"
            f"Filename: ./{name}.deb\n"
            f"Size: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\nDescription: small\n\n"
        ).encode()
        zipped = gzip.compress(packages, mtime=0)
        lines = "".join(
            f" {hashlib.sha256(body).hexdigest()} {len(body)} {file}\n"
            for file, body in (("Packages", packages), ("Packages.gz", zipped))
        )
        release = f"Origin: test\nSuite: test\nDate: {formatdate(0, usegmt=True)}\nSHA256:\n{lines}"
        for file, body in (
            ("Release", release.encode()),
            ("Packages", packages),
            ("Packages.gz", zipped),
            (f"{name}.deb", data),
        ):
            self.put(f"{place}/./{file}", body)
            self.put(f"{place}/{file}", body)
        return data


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shelf: Shelf

    def do_GET(self) -> None:
        self._answer(b"")

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        host = self.headers["Host"].partition(":")[0]
        asked = urlsplit(self.path)
        self.shelf.asked.append(f"{self.command} {host}{asked.path}")
        folder = self.shelf.repositories.get(host)
        known = self.shelf.pages.get(host + asked.path)
        if known is not None:
            status, headers, data = known
        elif folder is not None:
            status, headers, data = self._git(folder, asked.path, asked.query, body)
        else:
            status, headers, data = 404, {}, b"not here"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _git(self, folder: Path, path: str, query: str, body: bytes) -> Answer:
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "http-backend"],
            input=body,
            env=environment,
            capture_output=True,
            check=False,
        )
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        return status, headers, data

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is none of a test's business."""


@contextmanager
def plain_shelf() -> Generator[tuple[Shelf, int]]:
    """A shelf, and the port on loopback that stands for port 80 of its hosts."""
    with shelf_served(None) as (shelf, ports):
        yield shelf, ports[80]


@contextmanager
def shelf_served(context: ssl.SSLContext | None) -> Generator[tuple[Shelf, Mapping[int, int]]]:
    """A shelf, and the ports on loopback that stand for ports 80 and 443 of its hosts."""
    shelf = Shelf()
    handler = type("Handler", (_Handler,), {"shelf": shelf})
    servers = {number: _Server(("127.0.0.1", 0), handler) for number in (80, 443)}
    if context is not None:
        servers[443].socket = context.wrap_socket(
            servers[443].socket, server_side=True, do_handshake_on_connect=False
        )
    threads = [threading.Thread(target=each.serve_forever, daemon=True) for each in servers.values()]
    for thread in threads:
        thread.start()
    try:
        yield shelf, {number: server.server_address[1] for number, server in servers.items()}
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
