"""The schemas before the language server of most editors, bound as `docs/editors.md` says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import LanguageServer
from project import RACKFORM, REPOSITORY

PAGE = (REPOSITORY / "docs" / "editors.md").read_text()
SHELVES = ("examples", "tests/cases")
LEGACY = REPOSITORY / "examples" / "legacy" / "convox.yml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, after the commands of the page."""
    folder = tmp_path_factory.mktemp("editor")
    (folder / "bin").mkdir()
    (folder / "bin" / "rackform").symlink_to(RACKFORM)
    section = PAGE.split("\n## ")[1]
    assert section.startswith("Schemas")
    commands = re.findall(r"^\$ (.+)$", section.split("```")[1], re.MULTILINE)
    assert len(commands) == 3, commands
    script = "\n".join(commands)
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    subprocess.run(["sh", "-e"], input=script, cwd=folder, env=environment, text=True, check=True)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LanguageServer]:
    """The server with the settings of VS Code, whose paths are relative to the folder."""
    (text,) = re.findall(r"```json[^\n]*\n(.+?)```", PAGE, re.DOTALL)
    patterns = json.loads(text)["yaml.schemas"]
    schemas = {(folder / path).as_uri(): pattern for path, pattern in patterns.items()}
    assert all((folder / path).is_file() for path in patterns)
    server = LanguageServer({"yaml": {"schemas": schemas, "schemaStore": {"enable": False}}})
    yield server
    server.close()


def test_what_is_misspelt_is_underlined(server: LanguageServer, folder: Path) -> None:
    manifest = "services:\n  web:\n    port: 3000\n    domian: a.example.org\n    drain: [1]\n"
    found = server.open(folder / "shop" / "convox.yml", manifest)
    assert [line for line, _ in found] == [4, 5] and "domian" in found[0][1]
    found = server.open(folder / "rackform.yml", "racks:\n  main:\n    hots: a.example.org\n")
    assert [line for line, _ in found] == [3] and "hots" in found[0][1]


def test_keys_are_completed_and_explained(server: LanguageServer, folder: Path) -> None:
    path = folder / "blog" / "convox.yml"
    server.open(path, "services:\n  web:\n    port: 3000\n    \n")
    listed = server.at("completion", path, 4, 5)
    labels = {item["label"] for item in listed["items"]}
    assert {"domain", "health", "scale", "internal"} <= labels and "port" not in labels
    said = server.at("hover", path, 3, 6)["contents"]["value"]
    assert "The port the service listens on" in said


def test_a_line_in_the_file_binds_a_schema_too(server: LanguageServer, folder: Path) -> None:
    (line,) = re.findall(r"^# yaml-language-server: .+$", PAGE, re.MULTILINE)
    text = f"{line}\nservices:\n  web: {{domian: a}}\n"
    found = server.open(folder / "shop" / "other.yml", text)
    assert [line for line, _ in found] == [3], found
    assert server.open(folder / "shop" / "another.yml", text.replace(line, "#")) == []


def test_what_compiles_is_not_underlined(server: LanguageServer, folder: Path) -> None:
    manifests = [path for shelf in SHELVES for path in (REPOSITORY / shelf).rglob("convox.yml")]
    fleets = [path for shelf in SHELVES for path in (REPOSITORY / shelf).rglob("rackform.yml")]
    assert len(manifests) > 10 and len(fleets) > 5
    for path in sorted({*manifests, *fleets} - {LEGACY}):
        found = server.open(folder / path.relative_to(REPOSITORY), path.read_text())
        assert found == [], f"{path}: {found}"


def test_old_spellings_are_underlined(server: LanguageServer, folder: Path) -> None:
    """Those of YAML 1.1, a text that Convox ignores, and a number that only a variable has."""
    text = LEGACY.read_text()
    found = server.open(folder / "legacy" / "convox.yml", text)
    lines = text.splitlines()
    assert [lines[line - 1].strip() for line, _ in found] == [
        "sticky: No",
        'health: { path: /s, interval: 30, timeout: "10" }',
        "internal: on",
        "port: ${API_PORT}",
        "init: y",
    ]
