"""The jobs for GitLab, as its runner takes them in the shells of their images, before a stub of
its API."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from project import RACKFORM, REPOSITORY
from repository import GIT, Repository, git, programs

SNIPPET = REPOSITORY / "integrations" / "gitlab" / "rackform.gitlab-ci.yml"
MARKER = "<!-- rackform plan of . -->\n"
HOST = "new.example.org"


class Lab:
    """A merge request, and a folder in which its jobs run one after the other."""

    def __init__(self, folder: Path, origin: Repository) -> None:
        self.folder = folder
        self.origin = origin
        self.body = yaml.safe_load(SNIPPET.read_text())
        here = Path(__file__).parent
        stubs = {"curl": here / "stub_curl.py", "jq": here / "stub_jq.py"}
        self.environment = {
            **GIT,
            "PATH": programs(folder / "programs", stubs),
            "STUB_LAB": str(folder),
            "CI_API_V4_URL": "https://git.example.org/api/v4",
            "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": origin.base,
            "RACKFORM_TOKEN": "secret",
        }
        for program in ("apk", "cargo"):
            stub = folder / "programs" / program
            stub.write_text(f'#!/bin/sh\necho "{program} $*"\n')
            stub.chmod(0o755)
        (folder / "calls").touch()
        self.notes = []
        self.checkout("one")

    @property
    def notes(self) -> list[dict]:
        return json.loads((self.folder / "notes.json").read_text())

    @notes.setter
    def notes(self, notes: list[dict]) -> None:
        (self.folder / "notes.json").write_text(json.dumps(notes))

    def checkout(self, name: str, revision: str = "refs/heads/change") -> None:
        self.workspace = self.folder / name
        self.origin.checkout(self.workspace, revision, None)
        program = self.workspace / ".rackform" / "bin" / "rackform"
        program.parent.mkdir(parents=True)
        program.symlink_to(RACKFORM)

    def job(self, name: str, **variables: str) -> tuple[int, str]:
        """Exit code and log. The runner puts the scripts together, and ends where a line fails."""
        job = self.body[name]
        lines = ["set -o errexit", *job["before_script"], *job["script"]]
        done = subprocess.run(
            ["sh"],
            cwd=self.workspace,
            input="\n".join(lines),
            env={
                **self.environment,
                "CI_PROJECT_DIR": str(self.workspace),
                **self.body["variables"],
                **job["variables"],
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    def jobs(self, **variables: str) -> str:
        """The logs of both jobs, which succeed."""
        logs = ""
        for name in ("rackform", "rackform:report"):
            code, log = self.job(name, **variables)
            assert code == 0, log
            logs += log
        return logs

    @property
    def plan(self) -> str:
        return (self.workspace / "rackform-plan.md").read_text()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository that no test changes."""
    return Repository(tmp_path_factory.mktemp("origin") / "fleet")


@pytest.fixture
def lab(tmp_path: Path, origin: Repository) -> Lab:
    return Lab(tmp_path, origin)


def said(number: int, author: int, body: str) -> dict:
    return {"id": number, "author": {"id": author}, "body": body}


def test_one_note_is_made_and_kept_up_to_date(lab: Lab) -> None:
    others = [said(number, 5, f"note {number}") for number in range(200)]
    others.append(said(500, 6, f"{MARKER}all is well"))
    lab.notes = others
    lab.jobs()
    *before, ours = lab.notes
    assert before == others and ours["body"] == MARKER + lab.plan and HOST in lab.plan
    # It is behind more notes than two pages have.
    stale = ours | {"body": MARKER + "an older plan"}
    lab.notes = [*others, stale, said(2000, 5, "thanks")]
    lab.jobs()
    assert lab.notes == [*others, ours, said(2000, 5, "thanks")]
    assert "secret" not in (lab.folder / "calls").read_text(), "the token is in no argument"


def test_without_a_token_or_a_permission_the_plan_is_an_artifact(lab: Lab) -> None:
    assert "There is no RACKFORM_TOKEN" in lab.jobs(RACKFORM_TOKEN="")
    assert (lab.folder / "calls").read_text() == ""
    for token, refusal in (("wrong", "401"), ("secret", "403")):
        (lab.folder / "refusal").write_text("403 Forbidden")
        code, log = lab.job("rackform:report", RACKFORM_TOKEN=token)
        assert code == 0 and "The note could not be written" in log and refusal in log
    assert lab.notes == []
    assert "rackform-plan.md" in lab.body["rackform"]["artifacts"]["paths"] and HOST in lab.plan


def test_findings_are_a_report_of_code_quality(lab: Lab) -> None:
    manifest = lab.workspace / "shop" / "convox.yml"
    manifest.write_text("services:\n  web:\n    port: 99999\nservces: {}\n")
    code, log = lab.job("rackform")
    assert code == 1 and "error[RF0201]" in log
    code, log = lab.job("rackform:report")
    assert code == 0 and "There is no plan" in log and lab.notes == []
    findings = json.loads((lab.workspace / "gl-code-quality-report.json").read_text())
    found = {
        finding["check_name"]: (finding["severity"], finding["location"]) for finding in findings
    }
    assert found["RF0201"] == ("major", {"path": "shop/convox.yml", "lines": {"begin": 3}})
    assert found["RF0102"] == ("minor", {"path": "shop/convox.yml", "lines": {"begin": 4}})
    assert all(finding["description"].endswith(")") for finding in findings)
    assert len({finding["fingerprint"] for finding in findings}) == len(findings)


def test_a_stale_lock_or_output_fails_the_job_once_there_is_a_plan(lab: Lab) -> None:
    manifest = lab.workspace / "shop" / "convox.yml"
    manifest.write_text("services: {web: {port: 3000, domain: late.example.org}}\n")
    code, log = lab.job("rackform")
    assert code == 3 and "RF0505" in log and "late.example.org" in lab.plan
    assert lab.job("rackform:report")[0] == 0 and "late.example.org" in lab.notes[0]["body"]

    lab.checkout("two")
    template = lab.workspace / "build" / "main" / "apps" / "shop.yaml"
    template.write_text(template.read_text().replace("3000", "4000"))
    git(lab.workspace, "commit", "--quiet", "--all", "--message", "by hand")
    code, log = lab.job("rackform")
    assert code == 1 and "build/main/apps/shop.yaml" in log and "committed is not what" in log

    # Where none is committed, none is written.
    lab.checkout("three")
    git(lab.workspace, "rm", "--quiet", "-r", "build")
    code, log = lab.job("rackform")
    assert code == 0 and not (lab.workspace / "build").exists(), log


def test_the_program_is_built_where_it_is_not_kept(lab: Lab) -> None:
    assert "cargo" not in lab.job("rackform")[1]
    (lab.workspace / ".rackform" / "bin" / "rackform").unlink()
    hidden = [folder for folder in os.environ["PATH"].split(os.pathsep) if "cargo" not in folder]
    lab.environment["PATH"] = os.pathsep.join([str(lab.folder / "programs"), *hidden])
    _, log = lab.job("rackform", RACKFORM_REVISION="1234")
    source = lab.body["variables"]["RACKFORM_SOURCE"]
    root = lab.workspace / ".rackform"
    assert f"cargo install --locked --git {source} --rev 1234 --root {root} rackform" in log


def test_variables_are_values_and_never_scripts(lab: Lab) -> None:
    folder = 'a "b"; touch owned; $(touch owned)'
    (lab.workspace / folder).mkdir()
    (lab.workspace / folder / "convox.yml").write_text(
        "services: {web: {port: 3000, domain: odd.example.org}}\n"
    )
    (lab.workspace / folder / "rackform.yml").write_text("apps: {shop: {manifest: convox.yml}}\n")
    git(lab.workspace, "add", folder)
    git(lab.workspace, "commit", "--quiet", "--message", "odd")
    names = {"RACKFORM_PATH": folder, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD"}
    assert lab.job("rackform", **names)[0] == 3, "there is no lock"
    assert "odd.example.org" in lab.plan
    assert lab.job("rackform:report", **names)[0] == 0
    (ours,) = lab.notes
    assert ours["body"].startswith("<!-- rackform plan of a__b___touch_owned____touch_owned_ -->\n")
    assert not list(lab.workspace.rglob("owned"))
