"""What one process costs: time, work of the processor, memory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# wait4 counts memory in KiB, and in bytes on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024
TAIL = 2000  # characters of what a process said that are told when it fails


class Failed(Exception):
    """A process came to an end that is not success."""


@dataclass(frozen=True)
class Usage:
    """What a process has used, and the children that it waited for."""

    wall: float  # seconds from its start until it is gone
    cpu: float  # seconds of all threads and children, in the program and in the kernel
    peak: int  # bytes of memory at the most; of the largest child, where that had more


def measure(command: Sequence[str], log: Path) -> Usage:
    """Run a command to its end. What it says goes to a file, which costs less than a pipe."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], list(command), os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if status:
        said = log.read_text(encoding="utf-8", errors="replace")[-TAIL:]
        raise Failed(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}\n{said}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * UNIT)
