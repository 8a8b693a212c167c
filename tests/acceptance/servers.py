"""The two servers that stand in for AWS, each on a free loopback port.

Whatever happens to the tests, no server outlives them: a context manager stops it, and on Linux
the kernel stops it when the process that runs the tests is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ACCOUNT = "123456789012"
START_SECONDS = 30
STOP_SECONDS = 5
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Server:
    """A running stand-in for AWS."""

    name: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        """`localhost`, because moto finds an S3 bucket in the path by that word only."""
        return f"http://localhost:{self.port}"


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """Runs in the child: ask the kernel for SIGTERM when the parent goes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(url: str) -> bool:
    """Whether a server says 200 to a GET of `url`."""
    with contextlib.suppress(OSError):
        return bool(urllib.request.urlopen(url, timeout=2).status == 200)
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and whatever it has started: it leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def running(
    name: str, command: list[str], port: int, ready_path: str, folder: Path, **env: str
) -> Iterator[Server]:
    """Start `command`, wait until it answers at `ready_path`, stop it at the end."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"http://127.0.0.1:{port}{ready_path}"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield Server(name, port, log, process)
    finally:
        stop(process)


@contextlib.contextmanager
def moto(folder: Path, certificates: dict[str, list[str]]) -> Iterator[Server]:
    """moto with our CloudFormation in front of its API, and with `certificates` in its ACM."""
    port = free_port()
    seeds = [f"{arn}={','.join(names)}" for arn, names in certificates.items()]
    command = [sys.executable, str(HERE / "moto_server.py"), str(port), *seeds]
    env = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}  # roles of instances have policies of AWS
    with running("moto", command, port, "/moto-api/", folder, **env) as server:
        yield server


@contextlib.contextmanager
def ministack(folder: Path) -> Iterator[Server]:
    """MiniStack as it comes, kept to the loopback interface and away from docker."""
    port = free_port()
    env = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "DOCKER_HOST": "unix:///none.sock",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(folder),
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder),
    }
    command = [sys.executable, "-m", "ministack"]
    with running("ministack", command, port, "/_ministack/ready", folder, **env) as server:
        yield server
