"""An account that is a folder, for what no server can be brought to; see `stub_aws.sh`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from project import Project

STUB = Path(__file__).with_name("stub_aws.sh")


class StubAccount:
    """Stacks are what a test writes of them, and what `deploy.sh` deploys."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "account"
        self.folder.mkdir()
        self.programs = home / "programs"
        self.programs.mkdir()
        shutil.copy(STUB, self.programs / "aws")
        (self.programs / "aws").chmod(0o755)
        self.write("calls", "")
        self.write("secrets", "")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def stands(
        self,
        stack: str,
        status: str = "UPDATE_COMPLETE",
        *parameters: str,
        description: str | None = None,
    ) -> None:
        """Let a stack stand, with values for some parameters; one of rackform's, unless it says not."""
        rack, _, app = stack.partition("-")
        ours = f"App {app} on the rack {rack}" if app else f"Rack {rack}: routers"
        head = f"{status}\t{ours if description is None else description}"
        self.write(f"{stack}.status", "\n".join([head, "\t".join(parameters)]) + "\n")

    def run(
        self, project: Project, *options: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `deploy.sh`, standard error in the place where it is said."""
        self.write("calls", "")
        return subprocess.run(
            ["bash", str(project.output / "deploy.sh"), *options],
            cwd=self.folder,
            env={
                "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
                "STUB_ACCOUNT": str(self.folder),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def calls(self, command: str) -> list[list[str]]:
        """The calls of a command in the last run, in words."""
        text = (self.folder / "calls").read_text(encoding="utf-8")
        return [line.split() for line in text.splitlines() if line.startswith(command)]

    def deployed(self) -> list[str]:
        """The stacks that the last run deployed, in order."""
        calls = self.calls("cloudformation deploy")
        return [words[words.index("--stack-name") + 1] for words in calls]
