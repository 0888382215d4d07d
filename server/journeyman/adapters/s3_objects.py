"""Object storage in an S3 bucket, through boto3 in bounded threads.

Creates with `If-None-Match: *`, swaps with `If-Match`, and sends a CRC32 that the store verifies; `probe`
finds out whether it really does. boto3 is imported when the first call is made, and finds credentials its
usual way (environment, profile, instance role): none are ever passed in here.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from journeyman.adapters import s3_errors
from journeyman.adapters.object_keys import check_key, check_prefix, check_size, missing, taken
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectInfo, StoreFeatures

THREADS = 8
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
ATTEMPTS = 4
BODY_ATTEMPTS = 3
"""A body that breaks off is asked for again; boto does not repeat that part by itself."""

T = TypeVar("T")


class S3Objects:
    """`ports.objects.ObjectStore` over `s3://bucket/prefix`; every key gets the prefix in front."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._endpoint = endpoint
        self._region = region
        self._timeouts = (connect_timeout_s, read_timeout_s)
        self._attempts = attempts
        self._limiter = anyio.CapacityLimiter(THREADS)
        self._client_lock = threading.Lock()
        self._client: Any = None
        self._features = StoreFeatures(conditional_create=True, conditional_replace=True, checksums=True)

    @classmethod
    def from_url(cls, url: str, *, endpoint: str | None = None, region: str = "us-east-1") -> S3Objects:
        """From `s3://bucket/prefix`. Anything else raises `invalid`."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
            raise Failure(
                "invalid",
                "The place for archives is not of the form s3://bucket/prefix.",
                hint="Set JOURNEYMAN_OBJECTS to s3://BUCKET/PREFIX; credentials go into AWS_* variables.",
            )
        return cls(parts.netloc, parts.path, endpoint=endpoint, region=region)

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    async def _call(self, key: str, work: Callable[[Any], T]) -> T:
        def guarded() -> T:
            with s3_errors.typed(url=self.url, bucket=self._bucket, key=key):
                return work(self._connected())

        return await anyio.to_thread.run_sync(guarded, abandon_on_cancel=True, limiter=self._limiter)

    def _connected(self) -> Any:
        with self._client_lock:
            if self._client is None:
                from boto3.session import Session
                from botocore.config import Config

                connect, read = self._timeouts
                config = Config(
                    connect_timeout=connect,
                    read_timeout=read,
                    retries={"mode": "standard", "total_max_attempts": self._attempts},
                    max_pool_connections=THREADS,
                    s3={"addressing_style": "path" if self._endpoint else "auto"},
                    user_agent_extra="journeyman",
                )
                try:
                    session: Any = Session()
                    self._client = session.client(
                        "s3", endpoint_url=self._endpoint, region_name=self._region, config=config
                    )
                except ValueError as error:  # an endpoint that is no URL
                    raise s3_errors.refused(
                        self.url, str(error)[:200], "Set JOURNEYMAN_S3_ENDPOINT to an http(s) URL."
                    ) from error
            return self._client

    async def probe(self) -> StoreFeatures:
        key = f"probe-{secrets.token_hex(8)}"
        self._features = await self._call("", lambda client: self._probe(client, key))
        return self._features

    def _probe(self, client: Any, key: str) -> StoreFeatures:
        where = {"Bucket": self._bucket, "Key": self._prefix + key}
        client.head_bucket(Bucket=self._bucket)  # some servers make a missing bucket on the first write
        client.put_object(**where, Body=b"probe", ChecksumCRC32=_crc32(b"probe"))
        try:
            create = _rejects(lambda: client.put_object(**where, Body=b"second", IfNoneMatch="*"))
            replace = _rejects(lambda: client.put_object(**where, Body=b"third", IfMatch=f'"{"0" * 32}"'))
            checksums = _rejects(
                lambda: client.put_object(**where, Body=b"wrong", ChecksumCRC32=_crc32(b"right"))
            )
        finally:
            client.delete_object(**where)
        return StoreFeatures(conditional_create=create, conditional_replace=replace, checksums=checksums)

    async def create(self, key: str, data: bytes) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        if not self._features.conditional_create and await self.head(key) is not None:
            raise taken(key)
        return await self._call(key, lambda client: self._put(client, key, data, {"IfNoneMatch": "*"}))

    async def replace(self, key: str, data: bytes, *, etag: str | None) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        if not self._features.conditional_replace:
            present = await self.head(key)
            if (present.etag if present else None) != etag:
                raise taken(key)
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        return await self._call(key, lambda client: self._put(client, key, data, condition))

    def _put(self, client: Any, key: str, data: bytes, condition: dict[str, str]) -> ObjectInfo:
        from botocore.exceptions import ClientError

        where = {"Bucket": self._bucket, "Key": self._prefix + key}
        try:
            answer = client.put_object(**where, Body=data, ChecksumCRC32=_crc32(data), **condition)
        except ClientError as error:
            if s3_errors.is_conflict(error) and s3_errors.was_retried(error):
                # An earlier attempt may have arrived though its reply was lost: then this is our object.
                content, info = self._get(client, key, {})
                if content == data:
                    return info
            if (
                s3_errors.is_missing(error)
                and s3_errors.code_of(error) != "NoSuchBucket"
                and "IfMatch" in condition
            ):
                raise taken(key) from error
            raise
        return ObjectInfo(key, len(data), answer["ETag"], datetime.now(UTC))

    async def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        if length == 0:
            if await self.head(key) is None:
                raise missing(key)
            return b""
        wanted: dict[str, str] = {}
        if offset or length is not None:
            wanted["Range"] = f"bytes={offset}-" + ("" if length is None else str(offset + length - 1))
        content, _ = await self._call(key, lambda client: self._get(client, key, wanted))
        return content

    async def read_with_info(self, key: str, *, length: int | None = None) -> tuple[bytes, ObjectInfo]:
        check_key(key)
        wanted = {} if length is None else {"Range": f"bytes=0-{length - 1}"}
        return await self._call(key, lambda client: self._get(client, key, wanted))

    def _get(self, client: Any, key: str, wanted: dict[str, str]) -> tuple[bytes, ObjectInfo]:
        from botocore import exceptions as boto

        where = {"Bucket": self._bucket, "Key": self._prefix + key}
        for attempt in range(1, BODY_ATTEMPTS + 1):
            try:
                answer = client.get_object(**where, **wanted, ChecksumMode="ENABLED")
                # Entering the body itself would hand out the raw stream, without length and checksum.
                with contextlib.closing(answer["Body"]) as body:
                    content = body.read()
            except boto.ClientError as error:
                if s3_errors.code_of(error) in {"InvalidRange", "416"}:
                    return b"", ObjectInfo(key, 0, "", datetime.now(UTC))
                raise
            except (boto.IncompleteReadError, boto.ResponseStreamingError, boto.ReadTimeoutError):
                if attempt == BODY_ATTEMPTS:
                    raise
                continue
            if len(content) == answer["ContentLength"]:
                return content, ObjectInfo(key, len(content), answer["ETag"], answer["LastModified"])
        raise s3_errors.cut_short(key)

    async def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        return await self._call(key, lambda client: self._head(client, key))

    def _head(self, client: Any, key: str) -> ObjectInfo | None:
        from botocore.exceptions import ClientError

        try:
            answer = client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if s3_errors.is_missing(error):
                return None
            raise
        return ObjectInfo(key, answer["ContentLength"], answer["ETag"], answer["LastModified"])

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """In the order the store answers: key order on S3; some look-alikes go folder by folder."""
        check_prefix(prefix)
        token: dict[str, str] = {}
        while True:
            page = await self._call(
                "",
                lambda client, token=token: client.list_objects_v2(
                    Bucket=self._bucket, Prefix=self._prefix + prefix, **token
                ),
            )
            for row in page.get("Contents", []):
                key = row["Key"].removeprefix(self._prefix)
                yield ObjectInfo(key, row["Size"], row["ETag"], row["LastModified"])
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    async def delete(self, key: str) -> None:
        check_key(key)
        await self._call(
            key, lambda client: client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        )

    async def close(self) -> None:
        if self._client is not None:
            await anyio.to_thread.run_sync(self._client.close, limiter=self._limiter)


def _crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def _rejects(put: Callable[[], Any]) -> bool:
    """Whether the store refuses what it must refuse. A store that is busy or gone raises."""
    from botocore.exceptions import ClientError

    try:
        put()
    except ClientError as error:
        if s3_errors.status_of(error) < 500 or s3_errors.code_of(error) == "NotImplemented":
            return s3_errors.code_of(error) != "NotImplemented"
        raise
    return False
