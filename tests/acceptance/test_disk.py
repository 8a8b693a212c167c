"""Disks that are full or can't be written to, two runs at once, locks that change meanwhile, links,
and names that nobody expects."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import disk_jobs
import pytest
import yaml
from disk import (
    DEADLINE,
    LOCK,
    TEMPORARY,
    Job,
    Operation,
    differences,
    environment,
    operations,
    run,
    shimmed,
    tree,
)
from project import RACKFORM
from stub_account import STUB

NOBODY = 65534
# How long to wait before it is believed that a run waits.
MOMENT = 0.3


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return disk_jobs.job("second", tmp_path_factory.mktemp("job"))


# --- disks that are full or can't be written to


def in_namespace(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A script that may mount what it likes, and nobody else sees it."""
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    command = ["unshare", *flags, "sh", "-euc"]
    if shutil.which("unshare") is None:
        pytest.skip("there is no `unshare` to mount a small disk with")
    trial = [*command, f"mount -t tmpfs -o size=64k none {shlex.quote(str(folder))}"]
    done = subprocess.run(trial, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.strip()}")
    return subprocess.run([*command, script], capture_output=True, text=True, timeout=DEADLINE)


# What fills a disk but for some pages, or some files, of what it has.
FILLING = {
    "size": "head -c 4m /dev/zero >ballast 2>/dev/null || true; truncate -s -$(({spare} * 4096)) ballast",
    "nr_inodes": "mkdir ballast; n=0; while touch ballast/$n 2>/dev/null; do n=$((n + 1)); done; "
    "for i in $(seq $((n - {spare})) $((n - 1))); do rm ballast/$i; done",
}


@pytest.mark.parametrize("what", FILLING)
def test_a_full_disk(what: str, job: Job, tmp_path: Path) -> None:
    """From a disk on which nothing more fits to one that is large enough."""
    disk, first, then = (tmp_path / name for name in ("disk", "first", "then"))
    disk.mkdir()
    words = shlex.join([str(RACKFORM), *job.words])
    refused = 0
    for spare in range(40):
        for copy in (first, then):
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir()
        done = in_namespace(
            f"""
            mount -t tmpfs -o size=1m,nr_inodes=100 none {shlex.quote(str(disk))}
            cd {shlex.quote(str(disk))}
            cp -RP {shlex.quote(str(job.root))}/* .
            sh -c {shlex.quote(FILLING[what].format(spare=spare))} || true
            cd project
            code=0; {words} || code=$?
            cd ..
            cp -RP project mine.yaml {shlex.quote(str(first))}
            rm -r ballast
            cd project
            {words} >/dev/null 2>&1
            cp -RP ../project ../mine.yaml {shlex.quote(str(then))}
            exit $code
            """,
            disk,
        )
        job.assert_whole(tree(first))
        assert differences(tree(then), job.after) == [], done.stderr
        if done.returncode == 0:
            assert differences(tree(first), job.after) == []
            break
        refused += 1
        assert done.returncode == 1, done.stderr
        assert "error[RF0603]" in done.stderr and "No space left" in done.stderr, done.stderr
        assert "nothing was changed" in done.stderr and "make room" in done.stderr
        assert differences(tree(first), job.before) == []
        assert job.success not in done.stderr
    assert refused >= 5, "each file is the one that does not fit, once"
    assert done.returncode == 0, "it is never enough"


def test_a_disk_that_can_only_be_read(job: Job, tmp_path: Path) -> None:
    root = job.copy(tmp_path / "run")
    words = shlex.join([str(RACKFORM), *job.words])
    here = shlex.quote(str(root))
    mounted = f"mount --bind {here} {here}; mount -o remount,bind,ro {here}; cd {here}/project"
    done = in_namespace(f"{mounted}; {words}", root)
    assert done.returncode == 1, done.stderr
    assert "error[RF0603]" in done.stderr and "Read-only file system" in done.stderr
    assert "stacks.json" in done.stderr and "nothing was changed" in done.stderr
    assert differences(tree(root), job.before) == []
    # What writes nothing works there.
    done = in_namespace(f"{mounted}; {RACKFORM} check -q && {RACKFORM} plan -q >/dev/null", root)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL], ids=["ignored", "default"])
def test_files_may_not_be_large(handler: signal.Handlers, job: Job, tmp_path: Path) -> None:
    """`ulimit -f`, which fails a write, or kills whoever writes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, handler)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    root = job.copy(tmp_path / "run")
    done = run(root / "project", *job.words, preexec_fn=limit, restore_signals=False)
    job.assert_whole(tree(root))
    if handler == signal.SIG_IGN:
        assert done.returncode == 1 and "ulimit -f" in done.stderr, done.stderr
        assert differences(tree(root), job.before) == []
    else:
        assert done.returncode == -signal.SIGXFSZ
    job.finish(root)


@pytest.fixture
def unprivileged(job: Job) -> Iterator[tuple[Path, dict[str, object]]]:
    """A copy of the job that somebody without rights owns, and how to run a program as they."""
    folder = Path(tempfile.mkdtemp(prefix="rackform-nobody-"))
    folder.chmod(0o755)
    root = job.copy(folder / "run")
    shutil.copy(RACKFORM, folder / "rackform")
    options: dict[str, object] = {}
    if os.geteuid() == 0:
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for path in [root, *root.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    yield root, options
    for path in [root, *root.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


# The folders that may not be written to, and what the message names.
PROTECTED = {
    "project": LOCK,
    "project/build": "stacks.json",
    "project/build/main": "main/rack",
    "project/build/main/apps": "apps/",
}


@pytest.mark.parametrize("protected", PROTECTED)
def test_a_folder_that_can_only_be_read(
    protected: str, job: Job, unprivileged: tuple[Path, dict[str, object]]
) -> None:
    root, options = unprivileged
    manifest = root / "project" / "rackform.yml"
    # Something of the rack changes too, so that each folder is written to.
    manifest.write_text("racks: {main: {params: {RouterMitigationMode: monitor}}}\n")
    (root / protected).chmod(0o555)
    before = tree(root)
    command = [str(root.parent / "rackform"), *job.words]
    settings = {"env": environment(), "timeout": DEADLINE, "cwd": root / "project", **options}
    done = subprocess.run(command, capture_output=True, text=True, **settings)
    assert done.returncode == 1, done.stderr
    assert "error[RF0603]" in done.stderr and "Permission denied" in done.stderr, done.stderr
    assert PROTECTED[protected] in done.stderr and "nothing was changed" in done.stderr
    assert differences(tree(root), before) == []
    (root / protected).chmod(0o755)
    done = subprocess.run(command, capture_output=True, text=True, **settings)
    assert done.returncode == 0, done.stderr


def test_a_lock_that_may_not_be_written_to_is_obeyed(job: Job, tmp_path: Path) -> None:
    """Even by root, and though its folder may."""
    root = job.copy(tmp_path / "run")
    (root / "project" / LOCK).chmod(0o444)
    done = run(root / "project", *job.words)
    assert done.returncode == 1 and f"{LOCK} may not be written to" in done.stderr
    assert differences(tree(root), job.before) == []
    (root / "project" / LOCK).chmod(0o640)
    job.finish(root)
    assert (root / "project" / LOCK).stat().st_mode & 0o777 == 0o640, "its permissions stay"


# --- two at once


class Stopped:
    """A run that stops before one of its operations, and goes on when it is told to."""

    def __init__(self, project: Path, log: Path, *words: str, at: int) -> None:
        log.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(RACKFORM), *words],
            cwd=project,
            env=shimmed(at=at, how="stop", log=log),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it has come to its end before"

    def go_on(self) -> tuple[int, str]:
        """Its exit code, and what it says."""
        os.kill(self.process.pid, signal.SIGCONT)
        said = self.process.communicate(timeout=DEADLINE)[1]
        return self.process.returncode, said


def looks(job: Job) -> int:
    """The number of the operation at which everything is read, and nobody held up yet."""
    return next(operation.number for operation in job.operations if operation.kind == "look")


def another(project: Path) -> None:
    """What somebody else changes meanwhile."""
    disk_jobs.manifest(project, "blog", "blog.example.org", "late.example.org")


def serial(job: Job, folder: Path, *steps: str) -> dict[str, object]:
    """What comes of runs one after the other: `ours`, and `theirs` once the change is made."""
    root = job.copy(folder)
    for step in steps:
        if step == "theirs":
            another(root / "project")
        disk_jobs.compiled(root / "project", *job.words)
    another(root / "project")
    return tree(root)


def test_one_that_has_read_an_older_lock_is_refused(job: Job, tmp_path: Path) -> None:
    root = job.copy(tmp_path / "run")
    project = root / "project"
    ours = Stopped(project, tmp_path / "log", *job.words, at=looks(job))
    another(project)
    theirs = run(project, *job.words)
    assert theirs.returncode == 0, theirs.stderr
    code, said = ours.go_on()
    assert code == 1 and "error[RF0607]" in said and "run it again" in said, said
    assert job.success not in said
    assert differences(tree(root), serial(job, tmp_path / "serial", "theirs")) == []
    assert "late.example.org" in (project / LOCK).read_text(), "the other's entry is there"


def test_one_waits_while_another_writes(job: Job, tmp_path: Path) -> None:
    """Whenever it comes, it sees the lock of the other or is refused; nothing is ever mixed."""
    first = serial(job, tmp_path / "first", "ours")
    both = serial(job, tmp_path / "both", "ours", "theirs")
    held = [operation for operation in job.operations if operation.number > looks(job) + 1]
    placed = next(o.number for o in held if o.kind == "rename" and o.name == LOCK)
    codes = []
    for operation in held[::4]:
        root = job.copy(tmp_path / "run")
        project = root / "project"
        ours = Stopped(project, tmp_path / "ours", *job.words, at=operation.number)
        another(project)
        log = tmp_path / "theirs"
        log.unlink(missing_ok=True)
        theirs = subprocess.Popen(
            [str(RACKFORM), *job.words],
            cwd=project,
            env=shimmed(log=log),
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda log=log: len(operations(log)) >= 2)
        time.sleep(MOMENT)
        assert theirs.poll() is None, "it does not wait"
        kinds = {done.kind for done in operations(log)}
        assert kinds == {"look"}, "it writes while another does"
        code, said = ours.go_on()
        assert code == 0, said
        said = theirs.communicate(timeout=DEADLINE)[1]
        codes.append(theirs.returncode)
        has_seen = operation.number > placed
        assert theirs.returncode == (0 if has_seen else 1), said
        assert has_seen or "error[RF0607]" in said, said
        assert differences(tree(root), both if has_seen else first) == [], operation
    assert set(codes) == {0, 1}, "both happen"


def wait_until(happens: object) -> None:
    begun = time.monotonic()
    while not happens():
        assert time.monotonic() < begun + DEADLINE
        time.sleep(0.01)


def test_two_that_do_not_change_the_lock(job: Job, tmp_path: Path) -> None:
    """Outputs differ in an image alone: the last one is there, whole."""
    root = job.copy(tmp_path / "run")
    project = root / "project"
    disk_jobs.compiled(project, "compile", "--image", "shop/web=older:1")
    words = {name: ("compile", "--image", f"shop/web={name}:1") for name in ("one", "two")}
    results = {}
    for name, given in words.items():
        copy = tmp_path / name
        shutil.copytree(root, copy)
        disk_jobs.compiled(copy / "project", *given)
        results[name] = tree(copy)
    one = Stopped(project, tmp_path / "log", *words["one"], at=2)
    two = subprocess.Popen([str(RACKFORM), *words["two"]], cwd=project, stderr=subprocess.PIPE)
    assert one.go_on()[0] == 0
    assert two.wait(DEADLINE) == 0
    assert tree(root) in results.values()
    for _ in range(20):
        runs = [
            subprocess.Popen([str(RACKFORM), *given], cwd=project, stderr=subprocess.DEVNULL)
            for given in words.values()
        ]
        assert [process.wait(DEADLINE) for process in runs] == [0, 0]
        assert tree(root) in results.values(), "a mixture of both"


def test_several_begin_with_nothing(tmp_path: Path) -> None:
    """The first compile of all, by five at once: one comes first, and the others come to the same."""
    project = tmp_path / "project"
    project.mkdir()
    disk_jobs.first(project)
    alone = tmp_path / "alone"
    shutil.copytree(project, alone)
    disk_jobs.compiled(alone, "compile")
    runs = [
        subprocess.Popen([str(RACKFORM), "compile"], cwd=project, stderr=subprocess.DEVNULL)
        for _ in range(5)
    ]
    assert [process.wait(DEADLINE) for process in runs] == [0] * 5
    assert differences(tree(project), tree(alone)) == []


# --- files that change meanwhile


def until_placed(job: Job, name: str) -> list[Operation]:
    """From when everything is read to before a file takes its place, some operations."""
    found = next(o.number for o in job.operations if o.kind == "rename" and o.name == name)
    between = [o for o in job.operations if looks(job) <= o.number < found]
    return [*between[::5], between[-1]]


@pytest.mark.parametrize("what", ["other", "gone", "new"])
def test_a_lock_that_changes_while_it_runs_stays(what: str, job: Job, tmp_path: Path) -> None:
    """An editor or a checkout writes it, removes it, or brings the first one."""
    if what == "new":
        job = disk_jobs.job("first", tmp_path / "job")
    for operation in until_placed(job, LOCK):
        root = job.copy(tmp_path / "run")
        lock = root / "project" / LOCK
        ours = Stopped(root / "project", tmp_path / "log", *job.words, at=operation.number)
        if what == "gone":
            lock.unlink()
        else:
            lock.write_text("version: 1 # of somebody else\n")
        expected = {path: file for path, file in tree(root).items() if not path.endswith(TEMPORARY)}
        code, said = ours.go_on()
        assert code == 1 and "error[RF0607]" in said and "nothing was changed" in said, said
        assert job.success not in said
        assert differences(tree(root), expected) == [], operation


def test_a_lock_that_changes_while_a_listener_is_adopted_stays(tmp_path: Path) -> None:
    job = disk_jobs.job("adopt", tmp_path / "job")
    for operation in until_placed(job, LOCK):
        root = job.copy(tmp_path / "run")
        ours = Stopped(root / "project", tmp_path / "log", *job.words, at=operation.number)
        (root / "project" / LOCK).write_text("version: 1 # of somebody else\n")
        code, said = ours.go_on()
        assert code == 1 and "error[RF0607]" in said, said
        assert (root / "project" / LOCK).read_text() == "version: 1 # of somebody else\n"
        assert not list(root.rglob(f"*{TEMPORARY}"))


def test_a_manifest_that_changes_while_it_is_mended_stays(tmp_path: Path) -> None:
    job = disk_jobs.job("fix", tmp_path / "job")
    for operation in until_placed(job, "convox.yml"):
        root = job.copy(tmp_path / "run")
        ours = Stopped(root / "project", tmp_path / "log", *job.words, at=operation.number)
        disk_jobs.manifest(root / "project", "shop", "mine.example.org")
        expected = {path: file for path, file in tree(root).items() if not path.endswith(TEMPORARY)}
        code, said = ours.go_on()
        assert code == 1 and "error[RF0607]" in said and "shop/convox.yml" in said, said
        assert differences(tree(root), expected) == [], "all of them or none"


# --- links, and what stands in the way


def test_a_folder_behind_a_link(job: Job, tmp_path: Path) -> None:
    """The folder of the output may be a link, within the project or out of it; it stays one."""
    for target in ("elsewhere", "../outside"):
        root = job.copy(tmp_path / "run")
        project = root / "project"
        (project / "build").rename(project / target)
        (project / "build").symlink_to(target)
        disk_jobs.compiled(project, *job.words)
        assert (project / "build").is_symlink()
        moved = {p.removeprefix("project/build/"): f for p, f in job.after.items() if "/build/" in p}
        assert tree(project / target) == moved
        assert (root / "mine.yaml").read_bytes() == job.before["mine.yaml"][0]


def test_a_lock_behind_a_link(job: Job, tmp_path: Path) -> None:
    """It is written where it is, and the link stays; one that leads nowhere is no missing lock."""
    root = job.copy(tmp_path / "run")
    lock = root / "project" / LOCK
    lock.rename(root / "kept.lock")
    lock.symlink_to("../kept.lock")
    disk_jobs.compiled(root / "project", *job.words)
    assert lock.is_symlink()
    assert (root / "kept.lock").read_bytes() == job.after[f"project/{LOCK}"][0]
    for target in ("nowhere", LOCK):  # nowhere, and to itself
        lock.unlink()
        lock.symlink_to(target)
        before = tree(root)
        done = run(root / "project", *job.words)
        assert done.returncode == 1 and "error[RF0001]" in done.stderr, done.stderr
        assert tree(root) == before


# What stands in the place of something of the output, or where it would be made.
OBSTACLES = ("file", "link", "link out", "dangling", "loop", "folder", "pipe")
PLACES = ("build", "build/main", "build/main/apps", "build/main/apps/shop.yaml", "build/deploy.sh")
PLACES += ("build/stacks.json",)


# A folder in the place of a folder, and an output behind a link as a whole, are as they should be.
IN_THE_WAY = [
    (obstacle, place)
    for obstacle in OBSTACLES
    for place in PLACES
    if not (obstacle == "folder" and "." not in place)
    and not (obstacle.startswith("link") and place == "build")
]


@pytest.mark.parametrize(("obstacle", "place"), IN_THE_WAY)
def test_what_stands_in_the_way_is_left_alone(
    obstacle: str, place: str, job: Job, tmp_path: Path
) -> None:
    is_folder = "." not in place
    root = job.copy(tmp_path / "run")
    path = root / "project" / place
    inside, outside = root / "project" / "build" / "aside", root / "outside"
    aside = inside if obstacle == "link" else outside
    path.rename(aside)
    if obstacle == "file":
        path.write_text("mine\n")
    elif obstacle.startswith("link"):
        path.symlink_to(os.path.relpath(aside, path.parent))
    elif obstacle == "dangling":
        path.symlink_to("nowhere")
    elif obstacle == "loop":
        path.symlink_to(path.name)
    elif obstacle == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    is_ours = obstacle == "file" and not is_folder  # what the last compile lists is rackform's to change
    is_fine = obstacle == "link" and is_folder  # it leads to another folder of the output
    before = entries(root)
    done = run(root / "project", *job.words)
    if is_fine or is_ours:
        assert done.returncode == 0, done.stderr
        assert entries(root)["mine.yaml"] == before["mine.yaml"]
        return
    assert done.returncode == 1, done.stderr
    assert "error[RF0603]" in done.stderr and "nothing was changed" in done.stderr, done.stderr
    assert place in done.stderr and job.success not in done.stderr, done.stderr
    assert entries(root) == before


def entries(folder: Path) -> dict[str, object]:
    """Everything below a folder, pipes too, with what stands in files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else path.lstat().st_mode
        for path in sorted(folder.rglob("*"))
    }


def test_what_others_list_is_not_removed(job: Job, tmp_path: Path) -> None:
    """Whoever writes into stacks.json, or beside it, makes nobody remove what is not rackform's."""
    root = job.copy(tmp_path / "run")
    build = root / "project" / "build"
    signed = "# Written by `rackform compile`\n"
    (build / "mine.txt").write_text("mine")
    (build / "elsewhere").symlink_to("../..")
    paths = ["mine.txt", "../../mine.yaml", str(root / "mine.yaml"), "elsewhere/mine.yaml", "", "."]
    paths += ["../blog/convox.yml", "main", "main/apps/..", "elsewhere"]
    assert (root / "mine.yaml").read_text() == signed
    listed = f'{{"version": 1, "stacks": [], "files": {paths!r}}}'.replace("'", '"')
    (build / "stacks.json").write_text(listed)
    (build / f"stacks.json{TEMPORARY}").write_text(listed)
    disk_jobs.compiled(root / "project", *job.words)
    assert (root / "mine.yaml").read_text() == signed
    assert (build / "mine.txt").read_text() == "mine" and (build / "elsewhere").is_symlink()
    assert (root / "project" / "blog" / "convox.yml").exists()


def test_the_output_lies_above_the_project(tmp_path: Path) -> None:
    """`--out ..` is somebody's wish; what stands there stays."""
    project = tmp_path / "above" / "project"
    project.mkdir(parents=True)
    disk_jobs.first(project)
    (tmp_path / "above" / "main").mkdir()
    (tmp_path / "above" / "main" / "mine.yaml").write_text("mine")
    (tmp_path / "mine").write_text("mine")
    before = set(tree(tmp_path))
    disk_jobs.compiled(project, "compile", "--out", "..")
    apps = {f"main/apps/{app}{end}" for app in ("shop", "blog") for end in (".yaml", ".params.json")}
    written = apps | {"main/rack.yaml", "main/rack.params.json", "deploy.sh", "stacks.json"}
    written.add(f"project/{LOCK}")
    assert set(tree(tmp_path)) - before == {f"above/{path}" for path in written}
    assert (tmp_path / "above" / "main" / "mine.yaml").read_text() == "mine"


# --- names

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0c7a2f3e-5d41-4b8a-9d60-3f1c5e7a9b21"
NAMES = {
    "blanks": "a folder  with blanks ",
    "composed": unicodedata.normalize("NFC", "Läden für Äpfel"),
    "decomposed": unicodedata.normalize("NFD", "Läden für Äpfel"),
    "emoji": "🛒 shop 👩‍👩‍👧",
    "dash": "-rf",
    "lines": "a\nResources: {Evil: {Type: AWS::IAM::User}}\nb",
    "shell": "$(touch evil) `touch evil` \"'; touch evil #",
    "long": "x" * 200,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names(name: str, tmp_path: Path) -> None:
    """Of the folder of the project, of a manifest's, and of the output's, all at once."""
    project = tmp_path / name / "project"
    manifest = project / name / "convox.yml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("services: {web: {image: nginx, port: 3000}}\n")
    fleet = (
        f"racks: {{main: {{certificate: {quoted(CERTIFICATE)}}}}}\n"
        f"apps: {{shop: {{manifest: {quoted(f'{name}/convox.yml')}}}}}\n"
    )
    (project / "rackform.yml").write_text(fleet, encoding="utf-8")
    out = f"{name}/out" if name.startswith("-") else f"{name} out"
    done = run(project, "compile", f"--out={out}")
    assert done.returncode == 0, done.stderr
    output = project / out
    paths = [manifest, project / "rackform.yml", project / LOCK]
    paths += [output / name for name in ("deploy.sh", "stacks.json")]
    stems = [output / "main" / "rack", output / "main" / "apps" / "shop"]
    paths += [Path(f"{stem}{end}") for stem in stems for end in (".yaml", ".params.json")]
    assert set(tree(tmp_path)) == {str(path.relative_to(tmp_path)) for path in paths}
    template = yaml.safe_load((output / "main" / "apps" / "shop.yaml").read_text(encoding="utf-8"))
    assert "Evil" not in template["Resources"] and "WebTargetGroup" in template["Resources"]
    deploy(project, f"{out}/deploy.sh")
    assert run(project, "compile", "--locked", f"--out={out}").returncode == 0
    assert not list(tmp_path.rglob("evil"))


def quoted(text: str) -> str:
    """A text as YAML takes it in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def deploy(project: Path, script: str) -> None:
    """Run `deploy.sh` before an account that is a folder."""
    account = project.parent.parent / "account"
    commands = project.parent.parent / "commands"
    account.mkdir()
    commands.mkdir()
    shutil.copy(STUB, commands / "aws")
    (commands / "aws").chmod(0o755)
    given = {"PATH": f"{commands}:{os.environ['PATH']}", "STUB_ACCOUNT": str(account)}
    for options in (["-n"], []):
        command = ["bash", *options, "--", f"./{script}"]
        done = subprocess.run(command, cwd=project, env=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    deployed = {path.name for path in account.glob("*.template")}
    shutil.rmtree(account)
    shutil.rmtree(commands)
    assert deployed == {"main.template", "main-shop.template"}


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are Unicode")
def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    disk_jobs.first(project)
    out = os.fsencode(project) + b"/\xff\xfe"
    command = [os.fsencode(RACKFORM), b"compile", b"--out", b"\xff\xfe"]
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(out)) == [b"deploy.sh", b"main", b"stacks.json"]


# --- output that nobody can take

PRINTS = [
    "check --message-format json",
    "check --message-format github",
    "check --message-format sarif",
    "compile --message-format json",
    "plan",
    "plan --format json",
    "plan --format markdown",
    "plan --format html",
    "resolve shop.example.org",
    "resolve --all --format json",
    "doctor",
    "doctor --format json",
    "explain RF0204",
    "explain --list",
    "schema convox",
    "completions bash",
    "man",
    "--help",
    "compile --help",
    "--version",
]


@pytest.mark.parametrize("words", PRINTS)
def test_standard_output_is_full_or_gone(words: str, job: Job, tmp_path: Path) -> None:
    project = job.copy(tmp_path / "run") / "project"
    fine = subprocess.run(
        [str(RACKFORM), *words.split()], cwd=project, env=environment(), capture_output=True
    )
    assert fine.stdout, "this prints nothing"
    settings = {"cwd": project, "env": environment(), "stderr": subprocess.PIPE, "text": True}
    with open("/dev/full", "w") as full_:
        done = subprocess.run([str(RACKFORM), *words.split()], stdout=full_, **settings)
    assert done.returncode == 1, done.stderr
    assert "standard output can't be written to: No space left" in done.stderr, done.stderr
    assert job.success not in done.stderr
    # A reader who has had enough is no error.
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([str(RACKFORM), *words.split()], stdout=writer, **settings)
    os.close(writer)
    assert done.returncode == fine.returncode and "panicked" not in done.stderr, done.stderr
    # Nobody hears either of them.
    with open("/dev/full", "w") as full_:
        settings["stderr"] = full_
        done = subprocess.run([str(RACKFORM), *words.split()], stdout=full_, **settings)
    assert done.returncode == 1


def test_nobody_hears_messages(job: Job, tmp_path: Path) -> None:
    """Standard error is full: what is asked for is done all the same."""
    root = job.copy(tmp_path / "run")
    with open("/dev/full", "w") as full_:
        command = [str(RACKFORM), *job.words]
        done = subprocess.run(command, cwd=root / "project", env=environment(), stderr=full_)
    assert done.returncode == 0
    assert differences(tree(root), job.after) == []
