"""A fleet in a git repository with a change on a branch, and programs that stand in for others."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from project import RACKFORM

MANIFEST = "services: {{web: {{port: 3000, domain: [{hosts}]}}}}\n"
FLEET = (
    "racks: {main: {certificate: "
    "'arn:aws:acm:us-east-1:123456789012:certificate/0c7a2f3e-5d41-4b8a-9d60-3f1c5e7a9b21'}}\n"
    "apps: {shop: {}}\n"
)
# Nobody's own configuration takes part.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **GIT}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def compile_fleet(folder: Path) -> None:
    command = [str(RACKFORM), "compile", "--quiet", "--out", "build"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Repository:
    """`main` has a compiled fleet, `change` gives its app another host, and `refs/pull/7/merge`
    is what GitHub makes of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
        (folder / "shop").mkdir()
        (folder / "rackform.yml").write_text(FLEET)
        self.commit("shop.example.org", "a fleet")
        self.base = git(folder, "rev-parse", "HEAD")
        git(folder, "checkout", "--quiet", "-b", "change")
        self.commit("shop.example.org, new.example.org", "a host more")
        self.head = git(folder, "rev-parse", "HEAD")
        git(folder, "checkout", "--quiet", "main")
        self.merge()

    def commit(self, hosts: str, message: str) -> None:
        (self.folder / "shop" / "convox.yml").write_text(MANIFEST.format(hosts=hosts))
        compile_fleet(self.folder)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", message)

    def merge(self) -> None:
        """Try the merge of both branches, as GitHub does."""
        git(self.folder, "checkout", "--quiet", "--detach", "main")
        git(self.folder, "merge", "--quiet", "--no-ff", "--message", "try", "change")
        git(self.folder, "update-ref", "refs/pull/7/merge", "HEAD")
        git(self.folder, "checkout", "--quiet", "main")

    def checkout(self, workspace: Path, revision: str, depth: int | None) -> str:
        """What a job finds in its folder; the commit."""
        workspace.mkdir()
        git(workspace, "init", "--quiet")
        git(workspace, "remote", "add", "origin", self.folder.as_uri())
        shallow = [] if depth is None else [f"--depth={depth}"]
        git(workspace, "fetch", "--quiet", "--no-tags", *shallow, "origin", revision)
        git(workspace, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        return git(workspace, "rev-parse", "HEAD")


def programs(folder: Path, stubs: dict[str, Path]) -> str:
    """A PATH on which stubs, written in Python, stand before the real programs."""
    folder.mkdir(parents=True)
    for name, stub in stubs.items():
        program = folder / name
        words = [sys.executable, str(stub)]
        program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
