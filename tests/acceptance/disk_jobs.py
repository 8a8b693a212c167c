"""Every command that writes, in a small project in which it has something of each kind to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from disk import Job, run

TWO_RACKS = "racks: {main: {}, other: {}}\napps: {shop: {rack: main}, blog: {rack: main}}\n"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener"


def manifest(project: Path, app: str, *hosts: str, text: str = "") -> None:
    path = project / app / "convox.yml"
    path.parent.mkdir(exist_ok=True)
    given = f"services: {{web: {{port: 3000, domain: {json.dumps(list(hosts))}}}}}\n"
    path.write_text(text or given)


def compiled(project: Path, *words: str) -> None:
    done = run(project, *words)
    assert done.returncode == 0, done.stderr


def first(project: Path) -> None:
    """Nothing was compiled before."""
    manifest(project, "shop", "shop.example.org")
    manifest(project, "blog", "blog.example.org")


def second(project: Path, *options: str) -> None:
    """An app is new, one changes, and one is gone."""
    first(project)
    manifest(project, "wiki", "wiki.example.org")
    compiled(project, "compile", *options)
    (project / "wiki" / "convox.yml").unlink()
    manifest(project, "shop", "shop.example.org", "new.example.org")
    manifest(project, "docs", "docs.example.org")


def here(project: Path) -> None:
    """The same where the output lies in the folder of the project itself."""
    second(project, "--out", ".")


def move(project: Path) -> None:
    first(project)
    (project / "rackform.yml").write_text(TWO_RACKS)
    compiled(project, "compile")
    (project / "rackform.yml").write_text(TWO_RACKS.replace("shop: {rack: main}", "shop: {}"))


def move_end(project: Path) -> None:
    move(project)
    compiled(project, "move", "shop", "other")


def adopt(project: Path) -> None:
    """A listener with a rule of somebody else."""
    first(project)
    compiled(project, "compile")
    rule = {
        "RuleArn": f"{LISTENER}-rule/app/main/1/2/3",
        "Priority": "78",
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["others.example.org"]}}],
        "Actions": [{"Type": "forward", "TargetGroupArn": "arn:aws:x:targetgroup/main/1"}],
        "IsDefault": False,
    }
    (project / "rules.json").write_text(json.dumps({"Rules": [rule]}))


def fix(project: Path) -> None:
    for app in ("shop", "blog"):
        manifest(project, app, text="services: {web: {prot: 3000}} # a slip\n")


def man(project: Path) -> None:
    (project / "share").mkdir()
    (project / "share" / "rackform.1").write_text("older")


# Name, what stands before, the command, what finishes it, and where its output is.
JOBS: dict[str, tuple[Callable[[Path], None], str, str, str | None]] = {
    "first": (first, "compile", "compile", "build"),
    "second": (second, "compile", "compile", "build"),
    "here": (here, "compile --out .", "compile --out .", "."),
    "move": (move, "move shop other", "compile", "build"),
    "finish": (move_end, "move shop --finish", "compile", "build"),
    "abort": (move_end, "move shop --abort", "compile", "build"),
    "adopt": (adopt, "adopt rules.json", "adopt rules.json", None),
    "fix": (fix, "check --fix", "check --fix", None),
    "init": (first, "init", "init", None),
    "man": (man, "man share", "man share", None),
}


def job(name: str, scratch: Path) -> Job:
    """One of them, in a folder of its own."""
    prepare, words, again, out = JOBS[name]
    root = scratch / name / "before"
    (root / "project").mkdir(parents=True)
    (root / "mine.yaml").write_text("# Written by `rackform compile`\n")
    prepare(root / "project")
    return Job(name, root, tuple(words.split()), tuple(again.split()), out).learn(scratch / name)
