"""pip, npm, apt and git, as they are, in a real container without a network: through the default list only.

The hosts have their real names and a certificate of our own authority; the dialer leads them to servers
on loopback once everything about them was decided and checked.
"""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pip
import pytest

from components.authority import authority
from components.debian import ensure
from components.egress_kit import EgressKit, egress_kit
from components.git_server import repository
from components.package_servers import Shelf, shelf_served
from components.sandbox import Bench, kinds
from journeyman.guest.client import GuestClient
from journeyman.tasks import Supervisor

pytestmark = pytest.mark.parametrize("bench", kinds("docker"), indirect=True)

HOSTS = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "deb.debian.org", "github.com")
EVIL = "evil.example.com"
NO = f"{EVIL} is not on the list of hosts that workspaces reach"
INSIDE = "gitlab.com"
"""On the default list, and leads to a private address here."""
NOT_INSIDE = f"{INSIDE} leads to an address that is not public"
PIP = ("python3", "-m", "pip", "install", "--no-cache-dir", "--retries=1", "--target=/tmp/got")
APT = """
set -e
mkdir -p /tmp/apt/etc /tmp/apt/state/lists/partial /tmp/apt/cache/archives/partial
touch /tmp/apt/status
echo "deb [trusted=yes] http://$1 ./" > /tmp/apt/sources.list
apt() { apt-get -q -o Dir::Etc=/tmp/apt/etc -o Dir::Etc::SourceList=/tmp/apt/sources.list \
  -o Dir::State=/tmp/apt/state -o Dir::State::status=/tmp/apt/status -o Dir::Cache=/tmp/apt/cache \
  -o APT::Sandbox::User= -o Acquire::Retries=0 -o Dir::Log=/tmp/apt -o APT::Update::Error-Mode=any "$@"; }
apt update
cd /tmp
apt download hello
"""


@dataclass
class House:
    guest: GuestClient
    kit: EgressKit
    shelf: Shelf
    base: Path

    async def run(self, *argv: str) -> tuple[int, str]:
        authority = "/workspace/authority.pem"
        env = dict.fromkeys(("PIP_CERT", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "SSL_CERT_FILE"), authority)
        env |= {"PYTHONPATH": "/tmp/pip"}
        env |= {"npm_config_fetch_retries": "0", "npm_config_audit": "false", "npm_config_loglevel": "http"}
        done = await self.guest.run(argv, env=env, timeout_s=100)
        return done.code, done.output.decode()


def _pip() -> bytes:
    """The tests' own pip, packed: the workspace image has none."""
    packed, folder = io.BytesIO(), Path(pip.__file__).parent
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".pyc" or not path.is_file():
                continue
            archive.write(path, f"pip/{path.relative_to(folder)}")
    return packed.getvalue()


@pytest.fixture
async def house(bench: Bench, tmp_path: Path) -> AsyncIterator[House]:
    trust = authority(tmp_path, HOSTS)
    supervisor = Supervisor()
    with shelf_served(trust.context) as (shelf, ports):
        servers = {f"{host}:{port}": number for host in HOSTS for port, number in ports.items()}
        kit = egress_kit(supervisor, servers, allow=("default",), names={INSIDE: ["10.1.2.3", "fd00::1"]})
        _, guest = await bench.running()
        kit.egress.attend("p-1", guest)
        await guest.write("authority.pem", trust.certificate)
        try:
            yield House(guest, kit, shelf, tmp_path)
        finally:
            await supervisor.close()


async def test_pip(house: House) -> None:
    await house.guest.write("pip.zip", await asyncio.to_thread(_pip))
    assert await house.run("python3", "-m", "zipfile", "-e", "pip.zip", "/tmp/pip") == (0, "")
    house.shelf.python_package("hello", "1.0", "files.pythonhosted.org")
    code, said = await house.run(*PIP, "hello")
    assert code == 0, said
    assert await house.run("python3", "/tmp/got/hello.py") == (0, "hello 1.0\n")
    assert set(house.kit.dialer.resolved) == {"pypi.org", "files.pythonhosted.org"}
    assert house.kit.told == []
    # An index nobody listed, a private address, and a listed index that sends elsewhere.
    for index, why in ((EVIL, NO), (INSIDE, NOT_INSIDE)):
        code, said = await house.run(*PIP, "--index-url", f"https://{index}/simple", "hello")
        assert code != 0
        assert f"Tunnel connection failed: 403 {why}" in said
    house.shelf.python_package("moved", "1.0", EVIL)
    code, said = await house.run(*PIP, "moved")
    assert code != 0
    assert f"Tunnel connection failed: 403 {NO}" in said
    house.shelf.redirect("pypi.org/simple/redirected/", f"https://{EVIL}/simple/redirected/")
    code, said = await house.run(*PIP, "redirected")
    assert code != 0
    assert f"403 {NO}" in said


async def test_npm(house: House) -> None:
    ensure("npm", "npm", "/usr/bin")
    house.shelf.npm_package("hello-there", "1.0.0")
    code, said = await house.run("npm", "install", "hello-there")
    assert code == 0, said
    assert await house.run("node", "node_modules/hello-there") == (0, "hello-there 1.0.0\n")
    assert set(house.kit.dialer.resolved) == {"registry.npmjs.org"}
    assert house.kit.told == []
    for registry, why in ((f"http://{EVIL}", NO), (f"http://{INSIDE}", NOT_INSIDE)):
        code, said = await house.run("npm", "install", "--registry", registry, "other")
        assert code != 0
        assert f"403 {why}" in said, said
        assert house.kit.told[-1][1].startswith(f"A connection was refused: {why}")
    house.shelf.redirect("registry.npmjs.org/moved", f"https://{EVIL}/moved")
    code, said = await house.run("npm", "install", "moved")
    assert code != 0
    assert "403" in said


async def test_apt(house: House) -> None:
    data = house.shelf.debian_package("hello", "1.0", "deb.debian.org/debian")
    code, said = await house.run("bash", "-c", APT, "apt", "deb.debian.org/debian")
    assert code == 0, said
    got = await house.guest.run(["cat", "/tmp/hello_1.0_all.deb"])
    assert got.output == data
    assert set(house.kit.dialer.resolved) == {"deb.debian.org"}
    assert house.kit.told == []
    for place, why in ((EVIL, NO), (INSIDE, NOT_INSIDE)):
        code, said = await house.run("bash", "-c", APT, "apt", f"{place}/debian")
        assert code != 0
        assert f"403  {why}" in said
    house.shelf.debian_package("hello", "2.0", "deb.debian.org/moved")
    for path in ("moved/./hello.deb", "moved/hello.deb"):
        house.shelf.redirect(f"deb.debian.org/{path}", f"http://{EVIL}/hello.deb")
    code, said = await house.run("bash", "-c", APT, "apt", "deb.debian.org/moved")
    assert code != 0, said
    assert f"403  {NO}" in said


async def test_git(house: House) -> None:
    files = {"main.py": b"print(1)\n", "large": os.urandom(3_000_000)}
    await asyncio.to_thread(repository, house.base / "git", files)
    house.shelf.repositories["github.com"] = house.base / "git"
    code, said = await house.run("git", "clone", "https://github.com/work.git", "/tmp/one")
    assert code == 0, said
    assert (await house.guest.run(["cat", "/tmp/one/large"], output_bytes_max=4_000_000)).output == files[
        "large"
    ]
    assert "POST github.com/work.git/git-upload-pack" in house.shelf.asked, "the smart protocol"
    code, said = await house.run("git", "-C", "/tmp/one", "fetch", "http://github.com/work.git", "other")
    assert code == 0, said
    assert set(house.kit.dialer.resolved) == {"github.com"}
    assert house.kit.told == []
    for host, why in ((EVIL, NO), (INSIDE, NOT_INSIDE)):
        code, said = await house.run("git", "clone", f"http://{host}/work.git", "/tmp/two")
        assert code != 0
        assert f"remote: {why}" in said
        code, said = await house.run("git", "clone", f"https://{host}/work.git", "/tmp/two")
        assert code != 0
        assert "403" in said
    house.shelf.redirect("github.com/moved.git/info/refs", f"http://{EVIL}/work.git/info/refs")
    code, said = await house.run("git", "clone", "http://github.com/moved.git", "/tmp/two")
    assert code != 0
    assert f"remote: {NO}" in said
