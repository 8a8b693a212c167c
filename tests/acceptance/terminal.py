"""Runs the program before a person: on a terminal, with a file that keeps it waiting."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from contextlib import suppress
from pathlib import Path

import pyte

from project import RACKFORM

# Longer than anybody has to wait, on whatever machine.
DEADLINE = 30


class Waiting:
    """A run of the program that waits for a file that it reads: a pipe without a writer."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        slow: str = "rackform.lock",
        columns: int = 160,
        on_terminal: tuple[str, ...] = ("stdout", "stderr"),
        **environment: str,
    ) -> None:
        self.slow = folder / slow
        os.mkfifo(self.slow)
        self.screen = pyte.Screen(columns, 60)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.controller, terminal = pty.openpty()
        os.set_blocking(self.controller, False)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
        others = {name: subprocess.PIPE for name in ("stdout", "stderr")}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(RACKFORM), *words],
            cwd=folder,
            stdin=terminal,
            env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", **environment},
            **(others | dict.fromkeys(on_terminal, terminal)),
        )
        os.close(terminal)

    @property
    def lines(self) -> list[str]:
        """What a person sees, without blanks at the ends."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def look(self) -> None:
        """See what was written meanwhile."""
        with suppress(BlockingIOError, OSError):
            while chunk := os.read(self.controller, 65536):
                self.raw += chunk
                self.stream.feed(chunk)

    def wait_for(self, text: str) -> float:
        """Seconds from the start until the text is on the screen."""
        while time.monotonic() < self.started + DEADLINE:
            self.look()
            if any(text in line for line in self.lines):
                return time.monotonic() - self.started
            time.sleep(0.02)
        raise AssertionError(f"{text!r} never came: {self.lines}")

    def finish(self, text: str) -> int:
        """Write what it waits for, and see the end; the exit code."""
        writer = None
        while self.process.poll() is None:
            assert time.monotonic() < self.started + DEADLINE, self.lines
            if writer is None:
                with suppress(OSError):  # nobody reads yet
                    writer = os.open(self.slow, os.O_WRONLY | os.O_NONBLOCK)
                    os.write(writer, text.encode())
                    os.close(writer)
            self.look()
            time.sleep(0.02)
        self.look()
        os.close(self.controller)
        return self.process.returncode
