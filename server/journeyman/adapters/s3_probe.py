"""What an S3 store really enforces, found out with one small object that is removed again.

Look-alikes take `If-None-Match` and `If-Match` and write all the same, or refuse the headers as such; some
check no checksum. Blocking; raises botocore's errors.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from typing import Any

from journeyman.adapters import s3_errors
from journeyman.ports.objects import StoreFeatures


def probe(client: Any, bucket: str, key: str) -> StoreFeatures:
    where = {"Bucket": bucket, "Key": key}
    client.head_bucket(Bucket=bucket)  # some servers make a missing bucket on the first write
    client.put_object(**where, Body=b"probe", ChecksumCRC32=crc32(b"probe"))
    try:
        create = _rejects(lambda: client.put_object(**where, Body=b"second", IfNoneMatch="*"))
        replace = _rejects(lambda: client.put_object(**where, Body=b"third", IfMatch=f'"{"0" * 32}"'))
        checksums = _rejects(lambda: client.put_object(**where, Body=b"wrong", ChecksumCRC32=crc32(b"right")))
    finally:
        client.delete_object(**where)
    return StoreFeatures(conditional_create=create, conditional_replace=replace, checksums=checksums)


def crc32(data: bytes) -> str:
    """As S3 wants it in a header."""
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def _rejects(put: Callable[[], Any]) -> bool:
    """Whether the store refuses what it must refuse. A store that is busy or gone raises."""
    from botocore.exceptions import ClientError

    try:
        put()
    except ClientError as error:
        if s3_errors.code_of(error) == "NotImplemented":
            return False
        if s3_errors.is_conflict(error) or s3_errors.is_bad_request(error):
            return True
        raise
    return False
