"""A disk that fails, and a process that is killed, at any moment of any command that writes: no file
is torn, no entry of the lock is lost, nothing is written elsewhere, and the next run mends it."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import disk_jobs
import pytest
from disk import TEMPORARY, Job, Operation, Tree, differences, disturbed, run, tree

# What each operation fails with: a full disk, a lack of rights, a broken disk.
FAULTS = {
    "open": errno.EACCES,
    "write": errno.ENOSPC,
    "rename": errno.EIO,
    "mkdir": errno.ENOSPC,
    "unlink": errno.EACCES,
    "fsync": errno.EIO,
    "fchmod": errno.EPERM,
    "link": errno.EPERM,
    "rmdir": errno.EBUSY,
    "look": errno.EACCES,
}
# What can be done without: a folder that can't be held or is not empty, a link where there are none.
DISPENSABLE = ("look", "rmdir", "link")
# How many points the process is killed at, and at how many of them a second time in the next run.
KILLS = 200
TWICE = 40
SEED = 20_240_607


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    scratch = tmp_path_factory.mktemp("jobs")
    return {name: disk_jobs.job(name, scratch) for name in disk_jobs.JOBS}


def deploy_refuses(project: Path, out: str) -> bool:
    """Whether `deploy.sh`, where there is one, deploys nothing of half an output."""
    script = project / out / "deploy.sh"
    if not script.exists():
        return True
    # No AWS CLI can be found: whatever is not refused at once fails differently.
    command = [shutil.which("bash"), script]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    return done.returncode == 1 and "was cut short" in done.stderr


def is_refused_where_between(job: Job, root: Path, now: Tree) -> bool:
    """Whether an output is between two, which nobody deploys then."""
    if job.out is None or job.unfinished not in now:
        return False
    assert deploy_refuses(root / "project", job.out)
    return True


def points(job: Job) -> list[Operation]:
    """The operations of a job that are tried; pages of the manual are all alike."""
    return job.operations[:8] + job.operations[-8:] if job.name == "man" else job.operations


def subject(job: Job, operation: Operation) -> str:
    """The file that an operation is about: for a folder that is synchronized the one placed last."""
    if operation.kind == "fsync" and not operation.path.endswith(TEMPORARY):
        return [earlier for earlier in job.operations[: operation.number] if earlier.kind == "rename"][-1].name
    return operation.name


@pytest.mark.parametrize("name", disk_jobs.JOBS)
def test_any_operation_fails(name: str, jobs: dict[str, Job], tmp_path: Path) -> None:
    job = jobs[name]
    begun = 0
    for operation in points(job):
        root = job.copy(tmp_path / "run")
        error = FAULTS[operation.kind]
        words = job.words
        done = disturbed(root / "project", *words, at=operation.number, how=str(error))
        now = tree(root)
        where = f"{operation}: {done.stderr}"
        is_last = name == "init" and operation == job.operations[-1]
        if operation.kind in DISPENSABLE or is_last:
            assert done.returncode == 0, where
            assert [p for p in differences(now, job.after) if not p.endswith(TEMPORARY)] == [], where
        else:
            assert done.returncode == 1, where
            assert job.success not in done.stderr, where
            assert subject(job, operation) in done.stderr and os.strerror(error) in done.stderr, where
            job.assert_whole(now)
            if job.name not in ("init", "man"):
                assert "error[RF0603]" in done.stderr, where
                is_same = differences(now, job.before) == []
                assert ("nothing was changed" in done.stderr) == is_same, where
                begun += not is_same
            is_refused_where_between(job, root, now)
        job.finish(root)
    assert begun > 0 or job.name in ("init", "man"), "some fail after files have taken their places"


def test_killed_at_any_moment(jobs: dict[str, Job], tmp_path: Path) -> None:
    random_ = random.Random(SEED)
    every = [
        (job, operation, how)
        for job in jobs.values()
        for operation in points(job)
        for how in (("kill", "half") if operation.kind == "write" else ("kill",))
    ]
    drawn = random_.sample(every, KILLS)
    assert {job.name for job, _, _ in drawn} == set(jobs), "every command is killed"
    twice = set(random_.sample(range(KILLS), TWICE))
    between = 0
    for position, (job, operation, how) in enumerate(drawn):
        root = job.copy(tmp_path / "run")
        done = disturbed(root / "project", *job.words, at=operation.number, how=how)
        assert done.returncode == -signal.SIGKILL, operation
        now = tree(root)
        job.assert_whole(now)
        between += is_refused_where_between(job, root, now)
        if position in twice:
            at = random_.randint(1, len(job.operations))
            how = random_.choice(("kill", "half", str(errno.EIO)))
            disturbed(root / "project", *job.again, at=at, how=how)
            job.assert_whole(tree(root))
        job.finish(root)
    assert between > KILLS // 4, "many were killed while an output was written"


def test_killed_and_then_everything_is_different(jobs: dict[str, Job], tmp_path: Path) -> None:
    """Whatever an output that was cut short wanted, the next one leaves nothing of it behind."""
    job = jobs["second"]
    for operation in job.operations[::3]:
        root = job.copy(tmp_path / "run")
        project = root / "project"
        disturbed(project, *job.words, at=operation.number, how="kill")
        if job.unfinished in tree(root):
            planned = run(project, "plan")
            assert planned.returncode == 1 and "RF0604" in planned.stderr, planned.stderr
        was_placed = tree(root).get("project/rackform.lock") != job.before["project/rackform.lock"]
        shutil.rmtree(project / "docs")
        done = run(project, "compile")
        assert done.returncode == 0, done.stderr
        now = tree(project / "build")
        listed = {"main/apps/blog", "main/apps/shop", "main/rack"}
        expected = {f"{name}{end}" for name in listed for end in (".yaml", ".params.json")}
        assert set(now) == expected | {"deploy.sh", "stacks.json"}, operation
        lock = (project / "rackform.lock").read_text()
        assert ("docs" in lock) == was_placed, "a number that was given out is remembered"
