"""The proxy inside, with the real guest: what connects there the daemon answers, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.server
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import pytest

from components.egress_kit import EgressKit, egress_kit
from components.sandbox import Bench, kinds
from journeyman.egress.proxy import Limits
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import Finished, ProcessSpec
from journeyman.tasks import Supervisor

isolated = pytest.mark.parametrize("bench", kinds("bubblewrap", "docker"), indirect=True)
once = pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)
SIZE = 3_000_000

FETCH = """
import hashlib, sys, urllib.error, urllib.request
for address in sys.argv[1:]:
    try:
        with urllib.request.urlopen(address, timeout=20) as got:
            data = got.read()
            print(got.status, len(data), hashlib.sha256(data).hexdigest()[:8])
    except urllib.error.HTTPError as error:
        print(error.code, error.reason, error.read().decode().strip())
    except OSError as error:
        print(error)
"""


class Large(http.server.BaseHTTPRequestHandler):
    """/large is SIZE bytes, /moved leads away, everything else says what was asked."""

    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", "http://" + self.path.removeprefix("/moved/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = bytes(SIZE) if self.path == "/large" else f"{self.headers['Host']}{self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        body = hashlib.sha256(data).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def web() -> Generator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Large)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def attended(bench: Bench, **options: object) -> AsyncGenerator[tuple[EgressKit, GuestClient]]:
    """A workspace whose way out leads to a server on loopback, as files.example.org."""
    supervisor = Supervisor()
    with web() as port:
        kit = egress_kit(supervisor, {"files.example.org:80": port}, **options)  # type: ignore[arg-type]
        _, guest = await bench.running()
        kit.egress.attend("p-1", guest)
        try:
            yield kit, guest
        finally:
            await supervisor.close()


async def python(guest: GuestClient, script: str, *arguments: str) -> Finished:
    return await guest.run(["python3", "-c", script, *arguments], timeout_s=60)


async def fetched(guest: GuestClient, *addresses: str) -> list[str]:
    return (await python(guest, FETCH, *addresses)).output.decode().splitlines()


@isolated
async def test_every_process_knows_the_proxy_and_it_is_the_only_way_out(bench: Bench) -> None:
    async with attended(bench) as (kit, guest):
        environment = dict(
            line.split("=", 1) for line in (await guest.run(["env"])).output.decode().splitlines()
        )
        proxy = environment["HTTP_PROXY"]
        assert proxy.startswith("http://127.0.0.1:")
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            assert environment[name] == environment[name.lower()] == proxy
        assert environment["NO_PROXY"] == environment["no_proxy"] == "localhost,127.0.0.1,::1"
        [said] = await fetched(guest, "http://files.example.org/x?y=1")
        assert said == f"200 23 {hashlib.sha256(b'files.example.org/x?y=1').hexdigest()[:8]}"
        assert kit.dialer.resolved == ["files.example.org"]


@once
async def test_much_goes_out_and_comes_in_whole(bench: Bench) -> None:
    post = """
import hashlib, sys, urllib.request
data = bytes(range(256)) * 8000
with urllib.request.urlopen(urllib.request.Request(sys.argv[1], data=data), timeout=20) as got:
    print(got.read().decode() == hashlib.sha256(data).hexdigest())
"""
    async with attended(bench) as (_, guest):
        wanted = f"200 {SIZE} {hashlib.sha256(bytes(SIZE)).hexdigest()[:8]}"
        assert await fetched(guest, *["http://files.example.org/large"] * 3) == [wanted] * 3
        assert (await python(guest, post, "http://files.example.org/")).output == b"True\n"


@isolated
async def test_a_refusal_reaches_the_program_and_whoever_watches(bench: Bench) -> None:
    async with attended(bench, names={"inside.example.org": ["10.0.0.1"]}, allow=["*.example.org"]) as (
        kit,
        guest,
    ):
        kit.run = "run-1"
        said = await fetched(
            guest,
            "http://evil.example.com/",
            "https://evil.example.com/",
            "http://inside.example.org/",
            "http://files.example.org/moved/evil.example.com/",
            "http://files.example.org/moved/169.254.169.254/latest/meta-data/",
        )
        no = "evil.example.com is not on the list of hosts that workspaces reach"
        assert said[0] == f"403 {no} {no}."
        assert "403 evil.example.com is not on the list" in said[1]
        assert "inside.example.org leads to an address that is not public" in said[2]
        assert said[3] == said[0], "where a redirect leads is decided anew"
        assert "169.254.169.254 is an address; only names on the list are reached" in said[4]
        assert set(kit.dialer.resolved) == {"inside.example.org", "files.example.org"}
        await kit.until_told(4)
        assert kit.told[0][:2] == ("p-1", f"A connection was refused: {no}.")
        assert "egress_allow" in kit.told[0][2]


@once
async def test_of_a_program_that_never_gives_up_little_is_told(bench: Bench) -> None:
    many = """
import concurrent.futures, os, socket, sys
host, port = os.environ["HTTP_PROXY"][7:].split(":")
def ask(number):
    with socket.create_connection((host, int(port))) as sock:
        sock.sendall(b"CONNECT h%d.example.com:443 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" % (number % 200))
        return sock.recv(100)[:13]
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    print(sorted(set(pool.map(ask, range(int(sys.argv[1]))))))
"""
    count = 1000
    async with attended(bench) as (kit, guest):
        assert (await python(guest, many, str(count))).output == b"[b'HTTP/1.1 403 ']\n"
        await kit.until_told(21)
        assert len(kit.told) == 21
        assert kit.told[-1][1].startswith("More connections of other kinds were refused")
        kit.run = "run-2"
        await fetched(guest, "http://h0.example.com/")
        await kit.until_told(22)
        assert "h0.example.com" in kit.told[-1][1], "another run is told anew"


@once
async def test_more_connections_than_there_may_be_are_turned_away(bench: Bench) -> None:
    many = """
import os, socket, time
host, port = os.environ["HTTP_PROXY"][7:].split(":")
open_ones = [socket.create_connection((host, int(port))) for _ in range(4)]
for sock in open_ones:
    sock.sendall(b"CONNECT ")
def ask():
    one = socket.create_connection((host, int(port)))
    one.sendall(b"CONNECT files.example.org:80 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    return one.recv(1000).split(b"\\r\\n")[0]
print(ask())
for sock in open_ones:
    sock.close()
until = time.monotonic() + 90
while b"200" not in (said := ask()) and time.monotonic() < until:
    time.sleep(0.05)
print(said)
"""
    async with attended(bench, limits=Limits(connections=4, linger_s=0.1)) as (kit, guest):
        done = await python(guest, many)
        assert done.output.splitlines() == [
            b"b'HTTP/1.1 503 The workspace has too many connections open'",
            b"b'HTTP/1.1 200 Connection established'",
        ]
        assert "which is the most" in kit.told[0][1]


@isolated
async def test_who_attends_last_answers_and_a_lost_connection_loses_no_request(bench: Bench) -> None:
    async with attended(bench) as (first, guest):
        supervisor = Supervisor()
        second = egress_kit(supervisor, {}, mode="none")
        [instance] = await bench.sandbox.list()
        other = await bench.attach(instance.id)
        assert (await fetched(guest, "http://files.example.org/"))[0].startswith("200")
        # Somebody in the middle of a download keeps whom he has.
        slow = await guest.spawn(ProcessSpec(("python3", "-c", SLOW), stdin=True))
        output = slow.output()
        assert await anext(output) == b"begun\n"
        second.egress.attend("p-1", other)
        said = ["200"]
        while said[0].startswith("200"):
            said = await fetched(guest, "http://files.example.org/")
        assert "Workspaces reach no host at all (egress is none)" in said[0]
        asked = len(first.dialer.resolved)
        assert "none" in (await fetched(guest, "http://files.example.org/"))[0]
        assert len(first.dialer.resolved) == asked, "two never answer the same workspace"
        await slow.write(b"go on\n")
        await slow.close_stdin()
        assert b"".join([data async for data in output]) == str(SIZE).encode() + b"\n"
        # The second one goes, and a request that comes meanwhile waits for the first to come again.
        await other.close()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(fetched(guest, "http://files.example.org/"))
            await asyncio.sleep(0)
            first.egress.attend("p-1", guest)
        assert waiting.result()[0].startswith("200")
        await supervisor.close()


SLOW = """
import os, sys, urllib.request
with urllib.request.urlopen("http://files.example.org/large", timeout=20) as got:
    size = len(got.read(1000))
    print("begun", flush=True)
    sys.stdin.readline()
    print(size + len(got.read()))
"""


@isolated
async def test_frozen_and_thawed_it_goes_on(bench: Bench) -> None:
    async with attended(bench) as (_, guest):
        assert (await fetched(guest, "http://files.example.org/"))[0].startswith("200")
        [instance] = await bench.sandbox.list()
        await bench.sandbox.pause(instance.id)
        await bench.sandbox.resume(instance.id)
        assert (await fetched(guest, "http://files.example.org/"))[0].startswith("200")


@once
async def test_what_a_hostile_guest_says_ends_only_its_own_connection(bench: Bench) -> None:
    async with attended(bench) as (kit, guest):
        way_out = await guest.way_out()
        for _ in range(2):
            for note in ({"connection": 99}, {"connection": 10**30}):
                way_out._noted(note)
        knocks = way_out.knocks()
        for _ in range(4):
            knock = await anext(knocks)
            knock.turn_away()
            with contextlib.suppress(Exception):
                await knock.accept()
        for number in range(1024):
            way_out._noted({"connection": number})
        with pytest.raises(ValueError):
            way_out._noted({"connection": 1})
        await guest.ping()
        assert kit.told == []
