"""Object storage in an S3 bucket, through boto3 in bounded threads.

Creates with `If-None-Match: *`, swaps with `If-Match`, and sends a CRC32 that the store verifies. What the
store really enforces is found out before the first write; where it is not conditional writes, the present
state is looked at instead, and the lease in the database is what keeps two writers apart.

Every object is sent in one request. None is larger than 64 MiB, which is held in memory anyway, and a single
PUT is whole or not there, conditional on every store that knows conditions, and checked as one. Uploads in
parts would leave parts behind, and many stores take no condition when they are completed.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from journeyman.adapters import s3_errors, s3_probe
from journeyman.adapters.object_keys import check_key, check_prefix, check_size, missing, taken
from journeyman.adapters.s3_body import Body
from journeyman.adapters.s3_calls import S3Calls, Told
from journeyman.adapters.s3_patience import Patience
from journeyman.failures import Failure
from journeyman.ports.objects import Data, Made, ObjectInfo, StoreFeatures, whole


class S3Objects:
    """`ports.objects.ObjectStore` over `s3://bucket/prefix`; every key gets the prefix in front."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        patience: Patience | None = None,
        features: StoreFeatures | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`features`: what the store enforces, where that is known already; `sleep` waits between
        attempts."""
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._calls = S3Calls(
            bucket,
            self.url,
            endpoint=endpoint,
            region=region,
            patience=patience or Patience(),
            sleep=sleep,
        )
        self._features = features
        self._probing = asyncio.Lock()

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

    async def probe(self) -> StoreFeatures:
        features = await self._enforced()
        prefix, key, now = f"{self._prefix}probe-", self._probe_key(), datetime.now(UTC)
        parts = await self._calls.run(
            "", lambda client, _: s3_probe.multipart(client, self._bucket, prefix, key, now=now)
        )
        return replace(features, multipart=parts)

    async def _known(self) -> StoreFeatures:
        async with self._probing:
            return self._features or await self._enforced()

    async def _enforced(self) -> StoreFeatures:
        """What must be known before the first write."""
        key = self._probe_key()
        self._features = await self._calls.run(
            "", lambda client, _: s3_probe.probe(client, self._bucket, key)
        )
        return self._features

    def _probe_key(self) -> str:
        return f"{self._prefix}probe-{secrets.token_hex(8)}"

    async def create(self, key: str, data: Data | Made) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        condition = {"IfNoneMatch": "*"}
        if not (await self._known()).conditional_create:
            condition = {}
            if await self.head(key) is not None:
                raise taken(key)
        return await self._put(key, data, condition)

    async def replace(self, key: str, data: bytes, *, etag: str | None) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        if not (await self._known()).conditional_replace:
            condition = {}
            present = await self.head(key)
            if (present.etag if present else None) != etag:
                raise taken(key)
        return await self._put(key, data, condition)

    async def _put(self, key: str, data: Data | Made, condition: dict[str, str]) -> ObjectInfo:
        from botocore.exceptions import ClientError

        where = {"Bucket": self._bucket, "Key": self._prefix + key, **condition}
        sent = 0

        def put(client: Any, told: Told) -> ObjectInfo:
            nonlocal sent
            sent += 1
            content = whole(data)
            body = Body(content) if isinstance(content, memoryview) else content
            try:
                answer = client.put_object(**where, Body=body, ChecksumCRC32=s3_probe.crc32(content))
            except ClientError as error:
                # An earlier attempt may have arrived though its reply was lost: then this is our object.
                if sent > 1 and s3_errors.is_conflict(error):
                    found = self._found(client, key, told)
                    if found is not None and found[0] == bytes(content):
                        return found[1]
                if (
                    s3_errors.is_missing(error)
                    and s3_errors.code_of(error) != "NoSuchBucket"
                    and "IfMatch" in condition
                ):
                    raise taken(key) from error
                raise
            return ObjectInfo(key, len(data), answer["ETag"], datetime.now(UTC))

        return await self._calls.run(key, put, size=len(data), conditional=bool(condition))

    def _found(self, client: Any, key: str, told: Told) -> tuple[bytes, ObjectInfo] | None:
        from botocore.exceptions import ClientError

        try:
            return self._get(client, key, {}, told)
        except ClientError as error:
            if s3_errors.is_missing(error):
                return None
            raise

    async def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        if length == 0:
            if await self.head(key) is None:
                raise missing(key)
            return b""
        wanted: dict[str, str] = {}
        if offset or length is not None:
            wanted["Range"] = f"bytes={offset}-" + ("" if length is None else str(offset + length - 1))
        content, _ = await self._calls.run(key, lambda client, told: self._get(client, key, wanted, told))
        return content

    async def read_into(self, room: memoryview, key: str, *, offset: int) -> int:
        data = (await self.read(key, offset=offset, length=len(room)))[: len(room)]
        room[: len(data)] = data
        return len(data)

    async def read_with_info(self, key: str, *, length: int | None = None) -> tuple[bytes, ObjectInfo]:
        check_key(key)
        wanted = {} if length is None else {"Range": f"bytes=0-{length - 1}"}
        return await self._calls.run(key, lambda client, told: self._get(client, key, wanted, told))

    def _get(self, client: Any, key: str, wanted: dict[str, str], told: Told) -> tuple[bytes, ObjectInfo]:
        from botocore.exceptions import ClientError

        where = {"Bucket": self._bucket, "Key": self._prefix + key}
        try:
            # Some stores send the checksum of the whole with a part of it.
            mode = {} if "Range" in wanted else {"ChecksumMode": "ENABLED"}
            answer = client.get_object(**where, **wanted, **mode)
        except ClientError as error:
            if s3_errors.code_of(error) in {"InvalidRange", "416"}:
                return b"", ObjectInfo(key, 0, "", datetime.now(UTC))
            raise
        told(answer["ContentLength"])
        # Entering the body itself would hand out the raw stream, without length and checksum.
        with contextlib.closing(answer["Body"]) as body:
            content = body.read()
        if len(content) != answer["ContentLength"]:
            raise s3_errors.cut_short(key)
        return content, ObjectInfo(key, len(content), answer["ETag"], answer["LastModified"])

    async def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        return await self._calls.run(key, lambda client, _: self._head(client, key))

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
            page = await self._calls.run(
                "",
                lambda client, _, token=token: client.list_objects_v2(
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
        await self._calls.run(
            key, lambda client, _: client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        )

    async def close(self) -> None:
        await self._calls.close()
