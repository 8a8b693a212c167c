"""The action for GitHub, step by step as the runner takes them, before a stub of `gh`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from github_runner import Job
from project import RACKFORM, REPOSITORY
from repository import GIT, Repository, git, programs

ACTION = REPOSITORY / "integrations" / "github"
STUB = Path(__file__).with_name("stub_gh.py")
MARKER = "<!-- rackform plan of . -->\n"
HOST = "new.example.org"
PULL_REQUEST = {"pull_request": {"number": 7}}


class Hub:
    """A pull request as the stub of `gh` has it, and the jobs that run for it."""

    def __init__(self, folder: Path, origin: Repository) -> None:
        self.folder = folder
        self.origin = origin
        self.path = programs(folder / "programs", {"gh": STUB})
        self.jobs = 0
        (folder / "calls").touch()
        self.comments = []

    @property
    def comments(self) -> list[dict]:
        return json.loads((self.folder / "comments.json").read_text())

    @comments.setter
    def comments(self, comments: list[dict]) -> None:
        (self.folder / "comments.json").write_text(json.dumps(comments))

    def job(
        self,
        revision: str = "refs/pull/7/merge",
        depth: int | None = 2,
        event: str = "pull_request",
    ) -> Job:
        """A job that has checked a revision out."""
        self.jobs += 1
        temporary = self.folder / f"job-{self.jobs}"
        temporary.mkdir()
        workspace = self.folder / f"workspace-{self.jobs}"
        commit = self.origin.checkout(workspace, revision, depth)
        is_push = event == "push"
        environment = {
            **GIT,
            "PATH": self.path,
            "HOME": str(temporary),
            "STUB_HUB": str(self.folder),
            "GITHUB_REPOSITORY": "example/fleet",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_BASE_REF": "" if is_push else "main",
            "GITHUB_SHA": commit,
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
        }
        return Job(workspace, temporary, environment, {} if is_push else PULL_REQUEST)

    def run(self, job: Job, **inputs: str) -> int:
        return job.run(ACTION, {"binary": str(RACKFORM), **inputs})

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository that no test changes."""
    return Repository(tmp_path_factory.mktemp("origin") / "fleet")


@pytest.fixture
def hub(tmp_path: Path, origin: Repository) -> Hub:
    return Hub(tmp_path, origin)


def said(number: int, login: str, body: str) -> dict:
    return {"id": number, "user": {"login": login}, "body": body}


# --- the comment


def test_one_comment_is_made_and_kept_up_to_date(hub: Hub) -> None:
    others = [said(number, "somebody", f"comment {number}") for number in range(150)]
    others.append(said(500, "mallory", f"{MARKER}all is well"))
    hub.comments = others
    first = hub.job()
    assert hub.run(first) == 0, first.log
    assert first.outputs["changes"] == "true"
    *before, ours = hub.comments
    assert before == others
    assert ours["body"].startswith(MARKER) and HOST in ours["body"]
    assert ours["body"].removeprefix(MARKER) == Path(first.outputs["plan"]).read_text()
    assert first.summary == ""

    # It is behind more comments than one page has.
    stale = ours | {"body": MARKER + "an older plan"}
    hub.comments = [*others, stale, said(2000, "somebody", "thanks")]
    second = hub.job()
    assert hub.run(second) == 0, second.log
    assert hub.comments == [*others, ours, said(2000, "somebody", "thanks")]


def test_nothing_is_said_where_nothing_changes(hub: Hub) -> None:
    job = hub.job("refs/heads/main", event="pull_request_target")
    assert hub.run(job) == 0, job.log
    assert (job.outputs["changes"], hub.comments, job.summary) == ("false", [], "")
    # Unless something was said before.
    hub.comments = [said(1, "github-actions[bot]", MARKER + "an older plan")]
    job = hub.job("refs/heads/main", event="pull_request_target")
    assert hub.run(job) == 0, job.log
    (ours,) = hub.comments
    assert ours["body"].startswith(MARKER) and "othing changes" in ours["body"]


def test_where_comments_are_forbidden_the_plan_is_in_the_summary(hub: Hub) -> None:
    (hub.folder / "refusal").write_text("Resource not accessible (HTTP 403)\n::error::100% mine")
    job = hub.job()
    assert hub.run(job) == 0, job.log
    assert hub.comments == []
    assert job.summary == Path(job.outputs["plan"]).read_text() and HOST in job.summary
    (notice,) = [line for line in job.log.splitlines() if line.startswith("::notice title=")]
    assert "(HTTP 403)%0A::error::100%25 mine" in notice
    assert "\n::error" not in job.log


def test_without_gh_the_plan_is_in_the_summary(hub: Hub) -> None:
    job = hub.job()
    bare = hub.folder / "bare"
    bare.mkdir()
    for name in ("bash", "cat", "dirname", "git", "tr"):
        (bare / name).symlink_to(shutil.which(name))
    job.environment["PATH"] = str(bare)
    assert hub.run(job) == 0, job.log
    assert HOST in job.summary and "gh: command not found" in job.log


@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_without_a_comment_the_plan_is_in_the_summary(hub: Hub, event: str) -> None:
    job = hub.job("refs/heads/change", event=event)
    wanted = "false" if event == "pull_request" else "true"
    assert hub.run(job, comment=wanted) == 0, job.log
    assert job.summary == Path(job.outputs["plan"]).read_text()
    assert hub.calls() == []
    # What is pushed is compared with the output beside it.
    assert job.outputs["changes"] == ("true" if event == "pull_request" else "false")


def test_fleets_of_one_repository_have_comments_of_their_own(hub: Hub) -> None:
    hub.comments = [said(1, "github-actions[bot]", MARKER + "of the whole")]
    job = hub.job()
    assert hub.run(job, path="shop") == 0, job.log
    assert [comment["body"].splitlines()[0] for comment in hub.comments] == [
        "<!-- rackform plan of . -->",
        "<!-- rackform plan of shop -->",
    ]


# --- what is compared with


@pytest.mark.parametrize(
    ("revision", "depth"),
    [
        ("refs/pull/7/merge", 1),
        ("refs/pull/7/merge", 2),
        ("refs/pull/7/merge", None),
        ("refs/heads/change", 1),
        ("refs/heads/change", None),
    ],
)
def test_the_base_is_found_however_much_is_checked_out(
    hub: Hub, revision: str, depth: int | None
) -> None:
    job = hub.job(revision, depth)
    if (revision, depth) == ("refs/pull/7/merge", 2):
        # Nothing has to be fetched, so no credentials are needed.
        git(job.workspace, "remote", "set-url", "origin", "file:///nowhere")
    job.environment["GITHUB_SHA"] = git(hub.origin.folder, "rev-parse", "refs/pull/7/merge")
    assert hub.run(job, comment="false") == 0, job.log
    assert f"origin/main ({hub.origin.base[:7]}" in job.summary and HOST in job.summary
    shallow = git(job.workspace, "rev-parse", "--is-shallow-repository")
    assert shallow == ("false" if depth is None else "true"), "the history stays as long as it was"


def test_another_revision_is_compared_with(hub: Hub) -> None:
    job = hub.job(depth=None)
    assert hub.run(job, against="HEAD") == 0, job.log
    assert job.outputs["changes"] == "false"


# --- exit codes


def test_an_error_stands_at_its_line_and_fails_the_job(hub: Hub) -> None:
    job = hub.job()
    (job.workspace / "shop" / "convox.yml").write_text("services:\n  web:\n    port: 99999\n")
    assert hub.run(job, sarif="findings.sarif") == 1
    assert "::error file=shop/convox.yml,line=3,col=11," in job.log
    assert job.ran == ["install", "Check"] and hub.calls() == []
    findings = json.loads((job.workspace / "findings.sarif").read_text())["runs"][0]["results"]
    assert "RF0201" in [finding["ruleId"] for finding in findings]


def test_warnings_are_errors_where_that_is_asked_for(hub: Hub) -> None:
    for strict, code in (("false", 0), ("true", 1)):
        job = hub.job()
        manifest = job.workspace / "shop" / "convox.yml"
        manifest.write_text(manifest.read_text() + "servces: {}\n")
        assert hub.run(job, strict=strict, locked="false") == code, job.log
        assert ("::warning file=" in job.log, "::error file=" in job.log) == (not code, bool(code))


def test_a_stale_lock_fails_the_job_once_the_plan_is_said(hub: Hub) -> None:
    job = hub.job()
    (job.workspace / "shop" / "convox.yml").write_text(
        "services: {web: {port: 3000, domain: late.example.org}}\n"
    )
    assert hub.run(job) == 3
    assert "::error title=RF0505::" in job.log
    (ours,) = hub.comments
    assert "late.example.org" in ours["body"]
    assert hub.run(hub.job(), locked="false") == 0


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_an_output_that_is_stale_or_not_whole_fails_the_job(hub: Hub, change: str) -> None:
    job = hub.job(depth=None)
    template = job.workspace / "build" / "main" / "apps" / "shop.yaml"
    if change == "edited":
        template.write_text(template.read_text().replace("3000", "4000"))
    else:
        template.unlink()
    git(job.workspace, "commit", "--quiet", "--all", "--message", change)
    assert hub.run(job, against=hub.origin.base) == 1, job.log
    assert "::error title=rackform::The output that is committed" in job.log
    assert "build/main/apps/shop.yaml" in job.log
    assert len(hub.comments) == 1


def test_an_output_that_is_not_committed_is_not_asked_for(hub: Hub) -> None:
    job = hub.job()
    git(job.workspace, "rm", "--quiet", "-r", "--cached", "build")
    assert hub.run(job) == 0, job.log
    shutil.rmtree(job.workspace / "build")
    assert hub.run(job, out="elsewhere") == 0, job.log
    assert not (job.workspace / "elsewhere").exists(), "nothing is written"


def test_a_plan_that_fails_fails_the_job(hub: Hub, tmp_path: Path) -> None:
    job = hub.job()
    assert hub.run(job, against="nowhere") == 1
    assert "::error" in job.log and job.ran[-1] == "Plan" and hub.calls() == []
    # Wrong arguments have the exit code of changes, but no plan.
    program = tmp_path / "wrong"
    program.write_text("#!/bin/sh\ntest $1 != plan || exit 2\n")
    program.chmod(0o755)
    job = hub.job()
    assert hub.run(job, binary=str(program)) == 2
    assert job.ran[-1] == "Plan"


# --- inputs


def test_inputs_are_values_and_never_scripts(hub: Hub) -> None:
    job = hub.job()
    folder = 'a "b"; touch owned; $(touch owned) `touch owned`'
    (job.workspace / folder).mkdir()
    (job.workspace / folder / "convox.yml").write_text(
        "services: {web: {port: 3000, domain: '${HOST}'}}\n"
    )
    (job.workspace / folder / "rackform.yml").write_text("apps: {shop: {manifest: convox.yml}}\n")
    code = hub.run(
        job,
        path=folder,
        args='--env=OTHER=$(touch owned) " \'\n\n--env\nHOST=odd.example.org\n',
        comment="$(touch owned)",
        locked="false",
    )
    assert code == 0, job.log
    assert "odd.example.org" in job.summary
    assert not list(job.workspace.rglob("owned"))


def test_the_token_is_in_no_argument(hub: Hub) -> None:
    assert hub.run(hub.job()) == 0
    assert len(hub.calls()) == 2
    assert "secret" not in str(hub.calls())


# --- the program


def test_the_program_is_built_once_for_its_sources(hub: Hub, tmp_path: Path) -> None:
    root = tmp_path / "rackform"
    for folder in ("src", "schemas", "templates", "integrations"):
        (root / folder).mkdir(parents=True)
    for file in ("Cargo.lock", "Cargo.toml", "src/main.rs", "schemas/a b.json"):
        (root / file).write_text(file)
    shutil.copytree(ACTION, root / "integrations" / "github")
    cargo = tmp_path / "programs" / "cargo"
    cargo.write_text(
        '#!/bin/sh\necho "cargo $*"\nfor folder; do :; done\nmkdir -p "$folder/bin"\n'
        f'ln -s {RACKFORM} "$folder/bin/rackform"\n'
    )
    cargo.chmod(0o755)
    job = hub.job()

    def run() -> str:
        job.log = ""
        assert job.run(root / "integrations" / "github", {}) == 0, job.log
        assert job.ran[:2] == ["key", "install"]
        return job.outputs_of["key"]["key"]

    key = run()
    assert key.startswith("rackform-Linux-X64-") and key == run()
    assert "cargo" not in job.log, "it is there already"
    (root / "src" / "main.rs").write_text("something else")
    assert run() != key
    shutil.rmtree(job.temporary / "rackform")
    run()
    assert f"cargo install --locked --path {root} --root {job.temporary}/rackform" in job.log
    job.environment["ImageOS"] = "ubuntu24"
    assert run().startswith("rackform-ubuntu24-X64-")
