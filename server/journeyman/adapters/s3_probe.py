"""What an S3 store really enforces and can do, found out with small objects that are removed again.

Look-alikes take `If-None-Match` and `If-Match` and write all the same, or refuse the headers as such; some
check no checksum. Blocking; raises botocore's errors.
"""

from __future__ import annotations

import base64
import contextlib
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from journeyman.adapters import s3_errors
from journeyman.ports.objects import Data, StoreFeatures

STALE = timedelta(hours=24)


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


def multipart(client: Any, bucket: str, prefix: str, key: str, *, now: datetime) -> bool:
    """Whether objects can be sent in parts whose checksums are compared. Uploads that earlier probes did
    not get to abort, named with `prefix`, are aborted after a day."""
    from botocore.exceptions import ClientError

    where = {"Bucket": bucket, "Key": key}
    try:
        for stale in client.list_multipart_uploads(Bucket=bucket, Prefix=prefix).get("Uploads", []):
            if stale["Key"].startswith(prefix) and stale["Initiated"] + STALE <= now:
                client.abort_multipart_upload(Bucket=bucket, Key=stale["Key"], UploadId=stale["UploadId"])
        upload = client.create_multipart_upload(**where, ChecksumAlgorithm="CRC32")["UploadId"]
    except ClientError as error:
        # NoSuchUpload is what rclone says to whoever asks for all of them.
        if s3_errors.code_of(error) in ("NotImplemented", "NoSuchUpload") or s3_errors.is_bad_request(error):
            return False
        raise
    part = {**where, "UploadId": upload, "PartNumber": 1}
    try:
        if not _rejects(lambda: client.upload_part(**part, Body=b"wrong", ChecksumCRC32=crc32(b"right"))):
            return False
        sent = client.upload_part(**part, Body=b"part", ChecksumCRC32=crc32(b"part"))
        listed = [{"PartNumber": 1, "ETag": sent["ETag"], "ChecksumCRC32": crc32(b"part")}]
        client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": listed})
        return client.get_object(**where)["Body"].read() == b"part"
    finally:
        with contextlib.suppress(ClientError):  # completed
            client.abort_multipart_upload(**where, UploadId=upload)
        client.delete_object(**where)


def crc32(data: Data) -> str:
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
