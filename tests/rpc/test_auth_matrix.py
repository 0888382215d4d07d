"""Who gets in, as a product: three ways to connect, two ways to show a token, eight things to show."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from journeyman.rpc import jsonbody
from journeyman.rpc.sockets import bind_unix
from journeyman.rpc.transport import Tls
from rpc.harness import World
from rpc.test_auth import PING, TOKEN, Listening, initialize, said

WAYS = ("unix", "tcp", "tls")
MODES = ("header", "initialize")
SHOWN = {
    "the token in the header": initialize(header=f"Authorization: Bearer {TOKEN}\r\n"),
    "the token in the options": initialize(TOKEN),
    "nothing": initialize(),
    "an empty one": initialize("", header="Authorization: Bearer \r\n"),
    "another in the header": initialize(TOKEN, header=f"Authorization: Bearer {'x' * 43}\r\n"),
    "another in the options": initialize("x" * 43),
    "its beginning": initialize(TOKEN[:-1], header=f"Authorization: Bearer {TOKEN[:-1]}\r\n"),
    "more than it": initialize(TOKEN + "t", header=f"Authorization: Bearer {TOKEN}t\r\n"),
}
IN = {("header", "the token in the header"), ("initialize", "the token in the header"),
      ("initialize", "the token in the options")}  # fmt: skip
READ_OF_NOTHING = {"nothing": 1, "another in the options": 1}
"""Bodies that are parsed of who shows no header where the options may hold the token."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """Self-signed, for 127.0.0.1."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = Tls(folder / "cert.pem", folder / "key.pem")
    files.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.mark.parametrize(("way", "mode", "shown"), list(product(WAYS, MODES, SHOWN)))
async def test_cell(
    world: World,
    tmp_path: Path,
    certificate: Tls,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    mode: Any,
    shown: str,
) -> None:
    parsed: list[bytes] = []
    parse = jsonbody.parse
    monkeypatch.setattr(jsonbody, "parse", lambda body, **more: (parsed.append(body), parse(body, **more))[1])
    listening = Listening(world)
    if way == "unix":
        path = tmp_path / "run" / "daemon.sock"
        await listening.server.listen_unix(bind_unix(path))
        streams = await asyncio.open_unix_connection(str(path))
    else:
        tls = certificate if way == "tls" else None
        port = await listening.server.listen_tcp("127.0.0.1", 0, token=TOKEN, mode=mode, tls=tls)
        trust = None
        if tls is not None:
            trust = ssl.create_default_context(cafile=str(tls.certificate))
            trust.check_hostname = False
        streams = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    answers = await said(*streams, SHOWN[shown] + PING)
    if way == "unix" or (mode, shown) in IN:
        assert [each["id"] for each in answers if "result" in each] == [1, 99]
        assert listening.handled == ["daemon/ping"]
    else:
        assert [each for each in answers if "result" in each] == []
        assert {each["error"]["data"]["kind"] for each in answers} <= {"unauthorized"}
        assert listening.handled == []
        assert len(parsed) == (READ_OF_NOTHING.get(shown, 0) if mode == "initialize" else 0)
        assert TOKEN not in str(answers)
    await listening.server.close()


async def test_who_speaks_no_tls_gets_nothing(world: World, certificate: Tls) -> None:
    listening = Listening(world)
    port = await listening.server.listen_tcp("127.0.0.1", 0, token=TOKEN, tls=certificate)
    streams = await asyncio.open_connection("127.0.0.1", port)
    assert await said(*streams, SHOWN["the token in the header"] + PING) == []
    assert listening.handled == []
    await listening.server.close()


def test_there_are_48_cells() -> None:
    assert len(list(product(WAYS, MODES, SHOWN))) == 48
