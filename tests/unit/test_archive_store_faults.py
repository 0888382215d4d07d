"""How the two real object stores fail: typed, with something to do, and never by hanging."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components import s3_server as _s3
from components.s3_server import S3Server
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.s3_objects import S3Objects
from journeyman.adapters.s3_patience import Patience
from journeyman.failures import Failure
from journeyman.ports.objects import StoreFeatures

s3_server = _s3.s3_server  # the fixture
FAST: dict[str, Any] = {
    "patience": Patience(connect_s=10.0, answer_s=10.0, attempts=2, pause_s=0.0),
    "features": StoreFeatures(conditional_create=True, conditional_replace=True, checksums=True),
}
IMPATIENT: dict[str, Any] = {
    **FAST,
    "patience": Patience(connect_s=1.0, answer_s=1.0, attempts=2, pause_s=0.0),
}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")


async def _fails(store: S3Objects | LocalObjects, name: str) -> Failure:
    calls = {
        "probe": store.probe,
        "create": lambda: store.create("k", b"data"),
        "replace": lambda: store.replace("k", b"data", etag=None),
        "read": lambda: store.read("k"),
        "head": lambda: store.head("k"),
        "delete": lambda: store.delete("k"),
        "list": lambda: _drain(store),
    }
    with pytest.raises(Failure) as caught:
        await calls[name]()
    assert caught.value.hint
    return caught.value


async def _drain(store: S3Objects | LocalObjects) -> None:
    async for _ in store.list(""):
        pass


CALLS = ["probe", "create", "replace", "read", "head", "delete", "list"]


@contextmanager
def _canned(*replies: bytes) -> Generator[str]:
    """A server that answers each request with the next reply (the last one for ever) and closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    left = list(replies)

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(5)
                peer.recv(65536)
                reply = left.pop(0) if len(left) > 1 else left[0]
                peer.sendall(reply)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass  # closed with something unread, the connection would be reset, the reply lost

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def _error(status: int, code: str) -> bytes:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>".encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nContent-Type: application/xml\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


def _object(body: bytes, *, promised: int | None = None, crc32: str = "") -> bytes:
    length = len(body) if promised is None else promised
    head = f'HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nETag: "e"\r\nConnection: close\r\n'
    if crc32:
        head += f"x-amz-checksum-crc32: {crc32}\r\n"
    return head.encode() + b"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n" + body


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", CALLS)
async def test_nobody_listens(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = await _fails(S3Objects("bucket", endpoint=f"http://127.0.0.1:{port}", **FAST), name)
    assert failure.kind == "store_unavailable"
    assert failure.retryable


@pytest.mark.usefixtures("keys")
async def test_a_server_that_never_answers_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        failure = await _fails(S3Objects("bucket", endpoint=endpoint, **IMPATIENT), "create")
    assert failure.kind == "store_unavailable"
    assert failure.retryable


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (503, "SlowDown", "store_unavailable", True),
        (503, "ServiceUnavailable", "store_unavailable", True),
        (500, "InternalError", "store_unavailable", True),
        (429, "TooManyRequests", "store_unavailable", True),
        (403, "AccessDenied", "store_refused", False),
        (403, "SignatureDoesNotMatch", "store_refused", False),
        (400, "ExpiredToken", "store_refused", False),
        (401, "Unauthorized", "store_refused", False),
        (404, "NoSuchBucket", "store_refused", False),
        (404, "NoSuchKey", "not_found", False),
        (412, "PreconditionFailed", "conflict", False),
        (409, "ConditionalRequestConflict", "conflict", True),
        (400, "BadDigest", "store_unavailable", True),
        (403, "RequestTimeTooSkewed", "store_refused", False),
        (507, "InsufficientStorage", "disk_full", True),
        (400, "EntityTooLarge", "store_refused", False),
    ],
)
async def test_every_answer_has_its_failure(status: int, code: str, kind: str, retryable: bool) -> None:
    with _canned(_error(status, code)) as endpoint:
        failure = await _fails(S3Objects("bucket", endpoint=endpoint, **FAST), "create")
    assert (failure.kind, failure.retryable) == (kind, retryable)


@pytest.mark.usefixtures("keys")
async def test_a_body_that_stays_short_is_corrupt() -> None:
    with _canned(_object(b"only this", promised=500)) as endpoint:
        failure = await _fails(S3Objects("bucket", endpoint=endpoint, **FAST), "read")
    assert failure.kind == "archive_corrupt"


@pytest.mark.usefixtures("keys")
async def test_a_body_that_was_short_once_is_asked_for_again() -> None:
    with _canned(_object(b"only this", promised=500), _object(b"all of it")) as endpoint:
        assert await S3Objects("bucket", endpoint=endpoint, **FAST).read("k") == b"all of it"


@pytest.mark.usefixtures("keys")
async def test_a_body_with_another_checksum_is_corrupt() -> None:
    with _canned(_object(b"flipped", crc32="AAAAAA==")) as endpoint:
        failure = await _fails(S3Objects("bucket", endpoint=endpoint, **FAST), "read")
    assert failure.kind == "archive_corrupt"


@pytest.mark.usefixtures("keys")
async def test_our_own_write_that_arrived_without_a_reply_counts() -> None:
    taken = _error(412, "PreconditionFailed")
    with _canned(_error(503, "SlowDown"), taken, _object(b"data")) as endpoint:
        info = await S3Objects("bucket", endpoint=endpoint, **FAST).create("k", b"data")
    assert info.etag == '"e"'


@pytest.mark.usefixtures("keys")
async def test_somebody_elses_write_during_a_retry_is_a_conflict() -> None:
    taken = _error(412, "PreconditionFailed")
    with _canned(_error(503, "SlowDown"), taken, _object(b"theirs")) as endpoint:
        failure = await _fails(S3Objects("bucket", endpoint=endpoint, **FAST), "create")
    assert failure.kind == "conflict"


@pytest.mark.s3
@pytest.mark.parametrize("name", CALLS)
async def test_wrong_secret(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not the secret")
    failure = await _fails(S3Objects(s3_server.bucket, endpoint=s3_server.endpoint, **FAST), name)
    assert failure.kind == "store_refused"
    assert "secret" not in failure.message


@pytest.mark.s3
async def test_missing_bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in s3_server.environment().items():
        monkeypatch.setenv(variable, value)
    failure = await _fails(S3Objects("no-such-bucket", endpoint=s3_server.endpoint, **FAST), "probe")
    assert failure.kind == "store_refused"
    assert "no-such-bucket" in failure.message


async def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    failure = await _fails(S3Objects("bucket", endpoint="http://127.0.0.1:9", **FAST), "create")
    assert failure.kind == "store_refused"
    assert "AWS_ACCESS_KEY_ID" in failure.hint


@pytest.mark.parametrize("url", ["http://x", "s3://", "s3://key:secret@bucket/x", "s3://b/x?y=1", "local"])
def test_a_place_that_is_no_bucket(url: str) -> None:
    with pytest.raises(Failure) as caught:
        S3Objects.from_url(url)
    assert caught.value.kind == "invalid"
    assert "secret" not in caught.value.message + caught.value.hint


def test_a_place_that_is_a_bucket() -> None:
    assert S3Objects.from_url("s3://bucket/some/where/").url == "s3://bucket/some/where"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EACCES, "store_refused"),
        (errno.EROFS, "store_refused"),
        (errno.EIO, "store_unavailable"),
    ],
)
async def test_the_disk_says_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: str
) -> None:
    store = LocalObjects(tmp_path)
    await store.replace("HEAD", b"before", etag=None)

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    assert (await _fails(store, "create")).kind == kind
    monkeypatch.undo()
    assert await store.head("k") is None
    assert await store.read("HEAD") == b"before"
    assert [path.name for path in (tmp_path / ".journeyman").glob("new-*")] == []


async def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failure = await _fails(LocalObjects(tmp_path / "file"), "create")
    assert failure.kind == "store_refused"


async def test_without_hard_links_creation_is_still_exclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = LocalObjects(tmp_path)
    await store.create("a/b", b"1")
    assert (await store.read("a/b")) == b"1"
    with pytest.raises(Failure, match="somebody else"):
        await store.create("a/b", b"2")


async def test_what_a_crash_left_half_written_is_swept_after_a_day(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    await store.probe()
    old, fresh = tmp_path / ".journeyman" / "new-1-a", tmp_path / ".journeyman" / "new-2-b"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(old, (0, 0))
    await store.probe()
    assert (old.exists(), fresh.exists()) == (False, True)
