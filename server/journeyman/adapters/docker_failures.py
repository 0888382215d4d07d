"""What docker-py raises, as sentences with a next step."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Generator
from typing import TYPE_CHECKING

from journeyman.failures import Failure

if TYPE_CHECKING:
    from docker.errors import APIError

START_HINT = "Start Docker (`systemctl start docker`, or Docker Desktop), or choose the bubblewrap sandbox."


@contextlib.contextmanager
def translated() -> Generator[None]:
    """Turn the library's errors into Failures. Imports the library: use it in a thread."""
    import docker.errors
    import requests.exceptions

    try:
        yield
    except docker.errors.ImageNotFound as error:
        raise _image_missing(str(error.explanation)) from error
    except docker.errors.APIError as error:
        raise _of_answer(error.status_code or 500, str(error.explanation or error)) from error
    except docker.errors.DockerException as error:
        raise Failure(
            "no_sandbox", "No Docker engine answers on this machine.", hint=START_HINT, retryable=True
        ) from error
    except requests.exceptions.Timeout as error:
        raise too_slow() from error
    except requests.exceptions.JSONDecodeError as error:
        raise unreadable() from error
    except requests.exceptions.RequestException as error:
        raise PassingError(
            "no_sandbox", "The Docker engine stopped answering.", hint=START_HINT, retryable=True
        ) from error
    except OSError as error:
        raise _of_disk(error) from error


class PassingError(Failure):
    """Of a moment: worth another attempt. The request may have been carried out all the same."""


def too_slow() -> Failure:
    """Of the engine, not of one workspace: nothing is to be restarted because of it."""
    return Failure(
        "no_sandbox",
        "The Docker engine did not answer in time.",
        hint="Try again; if it stays so, see the engine's own log.",
        retryable=True,
    )


def is_being_removed(error: APIError) -> bool:
    """Somebody asked for it before, perhaps we ourselves and did not hear the answer."""
    said = str(error.explanation).lower()
    return error.status_code == 409 and "removal of container" in said and "in progress" in said


def unreadable() -> Failure:
    return PassingError(
        "no_sandbox",
        "The Docker engine answered something that cannot be read.",
        hint="Try again; if it stays so, see that what answers is a Docker engine.",
        retryable=True,
    )


def vanished(instance_id: str) -> Failure:
    return Failure(
        "workspace_failed",
        f"There is no workspace container {instance_id[:12]!r}.",
        hint="Open the workspace again.",
        retryable=True,
    )


def cannot_list(failure: Failure) -> Failure:
    """An engine that does not say what there is."""
    return Failure("no_sandbox", failure.message, hint=failure.hint, retryable=True)


def _of_disk(error: OSError) -> Failure:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(
            "disk_full",
            "There is no space left to make a workspace.",
            hint="Free space where Journeyman keeps its data.",
            retryable=True,
        )
    return Failure(
        "workspace_failed",
        f"The workspace could not be made: {error.strerror or error}.",
        hint="See that Journeyman's data directory can be written; `journeyman doctor` looks.",
    )


def _image_missing(said: str) -> Failure:
    return Failure(
        "image_missing",
        f"The workspace image is not there: {said.strip()[:300]}.",
        hint="Make it with `journeyman image build`.",
    )


def _of_answer(status: int, said: str) -> Failure:
    text = said.strip()[:500]
    if status == 404 and "image" in text.lower():
        return _image_missing(text)
    if "no space left" in text.lower():
        return Failure(
            "disk_full",
            "There is no space left for the Docker engine.",
            hint="Free space where the engine keeps its data (`docker system df`).",
            retryable=True,
        )
    if status == 409:
        return Failure(
            "conflict",
            f"The engine refuses: {text}.",
            hint="List the workspaces, then try again.",
            retryable=True,
        )
    if status in (429, 503):
        return PassingError(
            "no_sandbox",
            f"The Docker engine takes no more work now: {text}.",
            hint="Try again in a moment; if it stays so, see the engine's own log.",
            retryable=True,
        )
    if status == 404:
        return Failure(
            "workspace_failed",
            f"The workspace's container is not there any more: {text}.",
            hint="Open the workspace again.",
            retryable=True,
        )
    return Failure(
        "workspace_failed",
        f"The Docker engine could not do it: {text}.",
        hint="Try again; `journeyman doctor` says what the engine can do.",
        retryable=status >= 500,
    )
