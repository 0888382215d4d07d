"""Opens an encrypted store with nothing but docs/archive-format.md. Imports nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

Fetch = Callable[[str], bytes]


def unsealed(fetch: Fetch, key_file: Path) -> Fetch:
    """What `independent_reader.recover` takes, from a fetch of encrypted objects and a key file."""
    word, digits = key_file.read_text().split()
    assert word == "journeyman-key-v1"
    marker = json.loads(fetch("SEALED"))
    assert marker["version"] == 1
    user = bytes.fromhex(digits) + bytes.fromhex(marker["salt"])
    secret = blake3(user, derive_key_context="journeyman sealed store v1").digest()
    check = blake3(secret, derive_key_context="journeyman sealed store check v1")
    assert check.hexdigest() == marker["check"], "another key"
    names = AESSIV(blake3(secret, derive_key_context="journeyman sealed store names v1").digest(64))

    def opened(key: str) -> bytes:
        folder, slash, name = key.rpartition("/")
        stored = key
        if folder.endswith("/packs"):
            digest, dash, suffix = name.partition("-")
            hidden = names.encrypt(bytes.fromhex(digest), [(folder + slash).encode()]).hex()
            stored = folder + slash + hidden + dash + suffix
        data = fetch(stored)
        assert data[:8] == b"JMSEAL01"
        own = blake3(secret + data[8:40] + key.encode(), derive_key_context="journeyman sealed object v1")
        cipher = AESGCM(own.digest())
        segments = [data[at : at + 65552] for at in range(40, max(len(data), 41), 65552)]
        return b"".join(
            cipher.decrypt(number.to_bytes(11, "big") + bytes([number == len(segments) - 1]), segment, None)
            for number, segment in enumerate(segments)
        )

    return opened
