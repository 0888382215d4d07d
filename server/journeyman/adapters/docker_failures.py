"""What docker-py raises, as sentences with a next step."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from journeyman.failures import Failure

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
        raise Failure(
            "workspace_failed",
            "The Docker engine did not answer in time.",
            hint="Try again; if it stays so, see the engine's own log.",
            retryable=True,
        ) from error
    except requests.exceptions.RequestException as error:
        raise Failure(
            "no_sandbox", "The Docker engine stopped answering.", hint=START_HINT, retryable=True
        ) from error


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
            "conflict", f"The engine refuses: {text}.", hint="List the workspaces, then try again."
        )
    return Failure(
        "workspace_failed",
        f"The Docker engine could not do it: {text}.",
        hint="Try again; `journeyman doctor` says what the engine can do.",
        retryable=status >= 500,
    )
