"""What is in `integrations/`, before the tools that others wrote for such files. The jobs
themselves run in `test_github_action.py` and `test_gitlab_ci.py`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project import RACKFORM, REPOSITORY
from repository import GIT, git

INTEGRATIONS = REPOSITORY / "integrations"
ACTION = INTEGRATIONS / "github" / "action.yml"
WORKFLOW = INTEGRATIONS / "github" / "example-workflow.yml"
GITLAB = INTEGRATIONS / "gitlab" / "rackform.gitlab-ci.yml"
DOCKERFILE = INTEGRATIONS / "Dockerfile"
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
SCRIPTS = sorted(INTEGRATIONS.rglob("*.sh"))
PROGRAMS = Path(sys.prefix) / "bin"


def tool(name: str, *words: str | Path, cwd: Path = REPOSITORY) -> tuple[int, str]:
    """Exit code and output of a tool of the tests' own environment."""
    command = [str(PROGRAMS / name), *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# --- shells


def shellcheck(*words: str | Path) -> tuple[int, str]:
    return tool("shellcheck", "--external-sources", *words)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing_in_scripts(script: Path) -> None:
    assert shellcheck(script) == (0, "")


def test_shellcheck_finds_nothing_in_steps_and_jobs(tmp_path: Path) -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    scripts = [("bash", step["run"]) for step in steps if "run" in step]
    for job in yaml.safe_load(GITLAB.read_text()).values():
        lines = [*job.get("before_script", []), *job.get("script", [])]
        if lines:
            # Of an image that may have no bash.
            scripts.append(("sh", "\n".join(lines)))
    assert {shell for shell, _ in scripts} == {"bash", "sh"}
    for number, (shell, text) in enumerate(scripts):
        script = written(tmp_path / f"{number}.sh", text)
        assert shellcheck(f"--shell={shell}", script) == (0, ""), text


def test_no_script_holds_an_expression() -> None:
    """What somebody writes into an input or a branch's name is no program."""
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    texts = [step["run"] for step in steps if "run" in step]
    texts += [script.read_text() for script in SCRIPTS]
    assert len(texts) > 8 and not [text for text in texts if "${{" in text]
    assert all("eval" not in text for text in texts)


# --- schemas and audits


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-actions", ACTION),
        ("github-workflows", WORKFLOW),
        ("gitlab-ci", GITLAB),
    ],
)
def test_published_schemas_are_met(schema: str, file: Path, tmp_path: Path) -> None:
    options = ["--builtin-schema", f"vendor.{schema}"]
    if schema == "gitlab-ci":
        options += ["--data-transform", "gitlab-ci"]
    code, said = tool("check-jsonschema", *options, file)
    assert code == 0, said
    broken = {"github-actions": "runs", "github-workflows": "jobs", "gitlab-ci": "script"}[schema]
    text, count = re.subn(rf"\b{broken}:", "somethingelse:", file.read_text(), count=1)
    code, said = tool("check-jsonschema", *options, written(tmp_path / file.name, text))
    assert count == 1 and code == 1, said


def audit(file: Path) -> tuple[int, str]:
    return tool("zizmor", "--offline", "--no-progress", "--persona", "auditor", "--quiet", file)


@pytest.mark.parametrize("file", [ACTION, WORKFLOW], ids=lambda path: path.name)
def test_zizmor_finds_nothing(file: Path) -> None:
    code, said = audit(file)
    assert code == 0, said
    assert "zizmor: ignore" not in file.read_text()


def test_zizmor_is_awake(tmp_path: Path) -> None:
    text = ACTION.read_text()
    faulty = text.replace('"$GITHUB_ACTION_PATH/check.sh"', "check.sh ${{ inputs.path }}", 1)
    assert faulty != text
    code, said = audit(written(tmp_path / "action.yml", faulty))
    assert code != 0 and "template-injection" in said


def test_the_example_gives_inputs_that_there_are() -> None:
    (job,) = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    given = [step["with"] for step in job["steps"] if "integrations/github" in step["uses"]]
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    assert len(given) == 1 and given[0].keys() <= inputs.keys()


# --- the image


def test_hadolint_finds_nothing(tmp_path: Path) -> None:
    assert tool("hadolint", DOCKERFILE) == (0, "")
    faulty = DOCKERFILE.read_text().replace("musl-dev=~1.2", "musl-dev")
    assert "DL3018" in tool("hadolint", written(tmp_path / "Dockerfile", faulty))[1]


def test_the_image_is_built_of_what_there_is() -> None:
    """No engine runs here: what is copied is there, is let through, and is all that is compiled."""
    lines = DOCKERFILE.read_text().splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ")]
    copied = {source for sources in copies for source in sources if "/source" not in source}
    copied.discard("--from=build")
    assert all((REPOSITORY / source).exists() for source in copied)
    ignore = (REPOSITORY / ".dockerignore").read_text().splitlines()
    rules = [line for line in ignore if not line.startswith("#")]
    assert rules[0] == "*" and {rule.removeprefix("!") for rule in rules[1:]} == copied
    included = re.compile(r'include_(?:str|bytes)!\("([^"]+)"\)')
    count = 0
    for file in (REPOSITORY / "src").rglob("*.rs"):
        for match in included.finditer(file.read_text()):
            path = (file.parent / match[1]).resolve().relative_to(REPOSITORY)
            # What tests include is not compiled into the program.
            assert path.parts[0] in copied | {"tests"}, f"{file} includes {path}"
            count += 1
    assert count > 10
    stages = [line for line in lines if line.startswith("FROM ")]
    assert stages[-1] == "FROM scratch" and lines[-1] == 'ENTRYPOINT ["/rackform"]'
    (user,) = [line for line in lines if line.startswith("USER ")]
    assert user not in ("USER 0", "USER root")


# --- pre-commit


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with our hooks; their program is there already, for to build it takes minutes."""
    folder = tmp_path_factory.mktemp("hooks")
    declared = yaml.safe_load(HOOKS.read_text())
    assert all(hook["language"] == "rust" for hook in declared)
    for hook in declared:
        program, *words = shlex.split(hook["entry"])
        assert program == "rackform"
        hook |= {"language": "system", "entry": shlex.join([str(RACKFORM), *words])}
    config = {"repos": [{"repo": "local", "hooks": declared}]}
    written(folder / ".pre-commit-config.yaml", yaml.safe_dump(config))
    written(folder / "README.md", "")
    written(folder / "shop" / "convox.yml", "services: {web: {port: 3000}}\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    return folder


def pre_commit(folder: Path, home: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(PROGRAMS / "pre-commit"), *words],
        cwd=folder,
        env={**os.environ, **GIT, "PRE_COMMIT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_pre_commit_takes_the_manifest(tmp_path: Path) -> None:
    assert pre_commit(REPOSITORY, tmp_path, "validate-manifest", str(HOOKS)) == (0, "")
    faulty = written(tmp_path / "hooks.yaml", HOOKS.read_text().replace("language: rust", "", 1))
    code, said = pre_commit(REPOSITORY, tmp_path, "validate-manifest", str(faulty))
    assert code == 1 and "language" in said


def test_pre_commit_runs_a_check(hooks: Path, tmp_path: Path) -> None:
    check = ("run", "rackform-check")
    code, said = pre_commit(hooks, tmp_path, *check, "--all-files")
    assert code == 0 and "Passed" in said, said
    code, said = pre_commit(hooks, tmp_path, *check, "--files", "README.md")
    assert code == 0 and "Skipped" in said, "no manifest takes part"
    manifest = hooks / "shop" / "convox.yml"
    text = manifest.read_text()
    manifest.write_text("services: {web: {port: 99999}}\n")
    code, said = pre_commit(hooks, tmp_path, *check, "--files", "shop/convox.yml")
    manifest.write_text(text)
    assert code == 1 and "error[RF0201]" in said and "shop/convox.yml:1:24" in said, said


def test_pre_commit_runs_a_mend(hooks: Path, tmp_path: Path) -> None:
    manifest = hooks / "shop" / "convox.yml"
    text = manifest.read_text()
    manifest.write_text("services:\n  web:\n    port: 3000\n    domian: shop.example.org\n")
    fix = ("run", "rackform-fix", "--files", "shop/convox.yml")
    code, said = pre_commit(hooks, tmp_path, *fix)
    assert code == 1 and "files were modified by this hook" in said, said
    assert "    domain: shop.example.org\n" in manifest.read_text()
    code, said = pre_commit(hooks, tmp_path, *fix)
    assert code == 0, said
    manifest.write_text(text)
