"""What S3 says, turned into the failures of the object storage port.

Works on the shape of botocore's errors without importing it at module level, so that loading the daemon
does not load boto3. Knows nothing of what the objects mean.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

from journeyman.adapters.object_keys import missing, taken
from journeyman.failures import Failure

_BUSY = {
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "RequestTimeout",
    "Throttling",
    "ThrottlingException",
    "OperationAborted",
}
_DAMAGED_ON_THE_WAY = {"BadDigest", "IncompleteBody", "InvalidDigest", "XAmzContentSHA256Mismatch"}
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}
_MISSING = {"NoSuchKey", "404", "NotFound"}
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "OperationAborted"}
_CREDENTIALS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthorizationHeaderMalformed",
    "TokenRefreshRequired",
}


def code_of(error: Any) -> str:
    """The error code of a botocore ClientError, e.g. `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing(error: Any) -> bool:
    return code_of(error) in _MISSING


def is_conflict(error: Any) -> bool:
    return code_of(error) in _CONFLICT or status_of(error) in {409, 412}


def is_bad_request(error: Any) -> bool:
    return status_of(error) == 400 and code_of(error) != "RequestTimeout"


def _asked_ms(error: Any) -> int | None:
    """When the store wants to be asked again, where it says so in seconds."""
    said = str(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after", ""))
    return int(said) * 1000 if said.isdecimal() and len(said) < 6 else None


def unavailable(url: str, why: object, asked_ms: int | None = None) -> Failure:
    return Failure(
        "store_unavailable",
        f"Object storage at {url} does not answer: {str(why)[:200]}.",
        hint="Check the network and JOURNEYMAN_S3_ENDPOINT, then try again; nothing was lost.",
        retryable=True,
        retry_after_ms=asked_ms,
    )


def interfering(key: str) -> Failure:
    return Failure(
        "conflict",
        f"Object storage was changing {key} at the same moment.",
        hint="Try again; if it stays, look whether a second daemon uses the same store.",
        retryable=True,
    )


def refused(url: str, why: str, hint: str) -> Failure:
    return Failure("store_refused", f"Object storage at {url} refused: {why}.", hint=hint)


def cut_short(key: str) -> Failure:
    return Failure(
        "archive_corrupt",
        f"Object storage gave back fewer bytes of {key} than it promised.",
        hint="Try again; if it stays, verify the archive with its data and restore an earlier one.",
        retryable=True,
    )


def damaged(key: str) -> Failure:
    return Failure(
        "archive_corrupt",
        f"The checksum of {key} does not match what object storage gave back.",
        hint="Verify the archive with its data and restore an earlier one.",
        retryable=True,
    )


def translate(error: Any, *, url: str, bucket: str, key: str, conditional: bool = True) -> Failure:
    """The failure for a botocore ClientError; `conditional`: of a request under a condition."""
    code, status = code_of(error), status_of(error)
    if code == "NoSuchBucket" or (not key and is_missing(error)):
        return refused(
            url, f"there is no bucket {bucket!r}", "Make the bucket, or set JOURNEYMAN_OBJECTS to another."
        )
    if is_missing(error):
        return missing(key)
    if conditional and is_conflict(error):
        return interfering(key) if status == 409 else taken(key)
    if code in _FULL or status == 507:
        return Failure(
            "disk_full",
            f"Object storage at {url} has no space left ({code or status}).",
            hint="Make space in the store or raise its quota; the workspace was kept.",
            retryable=True,
        )
    if code in _DAMAGED_ON_THE_WAY:
        return unavailable(url, f"what was sent arrived damaged ({code})")
    if code in _BUSY or status >= 500 or status in (409, 429):
        return unavailable(url, code or status, _asked_ms(error))
    if code == "RequestTimeTooSkewed":
        return refused(
            url,
            "the clock of this machine and the store's are too far apart (RequestTimeTooSkewed)",
            "Set this machine's clock (`timedatectl set-ntp true`), then try again.",
        )
    if code in _CREDENTIALS:
        return refused(
            url,
            f"the credentials are not right ({code})",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the daemon's environment.",
        )
    if status in {401, 403}:
        return refused(
            url,
            f"these credentials may not do that ({code or status})",
            f"Allow reading, writing, listing and deleting in {bucket!r}, or use other credentials.",
        )
    return refused(url, code or str(status), "Check JOURNEYMAN_OBJECTS and JOURNEYMAN_S3_ENDPOINT.")


@contextlib.contextmanager
def typed(*, url: str, bucket: str, key: str, conditional: bool = True) -> Generator[None]:
    """Let only `Failure` out of the block."""
    from botocore import exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        raise translate(error, url=url, bucket=bucket, key=key, conditional=conditional) from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound) as error:
        raise refused(
            url,
            "no credentials were found",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the daemon's environment.",
        ) from error
    except (boto.CredentialRetrievalError, boto.TokenRetrievalError) as error:
        raise refused(
            url, "the credentials could not be fetched", "Sign in again, then try once more."
        ) from error
    except boto.FlexibleChecksumError as error:
        raise damaged(key) from error
    except (boto.IncompleteReadError, boto.ResponseStreamingError) as error:
        raise cut_short(key) from error
    except boto.ParamValidationError as error:
        raise refused(
            url, str(error)[:200], "Check JOURNEYMAN_OBJECTS and JOURNEYMAN_S3_ENDPOINT."
        ) from error
    except boto.BotoCoreError as error:
        raise unavailable(url, error) from error
    except KeyError as error:  # a reply that ends within its head reads as a whole one
        raise unavailable(url, f"its answer has no {error}") from error
