"""Fixtures: every example compiled once, and deployed on a fresh server of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

# Before these modules are imported: their asserts are to speak as plainly as a test's own.
pytest.register_assert_rewrite("account", "checks", "fleet", "project", "stub_account", "tasks")

import servers
from account import Account
from deployment import Deployment
from expectations import EXAMPLES, Expectation
from project import ALL_EXAMPLES, RACKFORM, Project
from stripping import strip


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """Every example, compiled once; copy before changing anything."""
    assert RACKFORM.is_file(), f"{RACKFORM} is missing: cargo build"
    parent = tmp_path_factory.mktemp("compiled")
    projects = {example: Project.of(example, parent) for example in ALL_EXAMPLES}
    for project in projects.values():
        project.compile()
    return projects


@pytest.fixture(scope="module", params=EXAMPLES)
def on_moto(
    request: pytest.FixtureRequest,
    compiled: dict[str, Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """An example deployed on moto, templates as they are."""
    folder = tmp_path_factory.mktemp("moto")
    expectation = Expectation.of(request.param)
    seeds = {arn: facts["names"] for arn, facts in expectation.certificates.items()}
    with servers.moto(folder, seeds) as server:
        project = compiled[request.param].copy(folder)
        deployment = Deployment(project, Account(server, folder), expectation, lambda _: None)
        deployment.start()
        yield deployment


@pytest.fixture(scope="module", params=EXAMPLES)
def on_ministack(
    request: pytest.FixtureRequest,
    compiled: dict[str, Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """An example deployed on MiniStack, without the resource types that it refuses."""
    folder = tmp_path_factory.mktemp("ministack")
    with servers.ministack(folder) as server:
        project = compiled[request.param].copy(folder)
        expectation = Expectation.of(request.param)
        deployment = Deployment(project, Account(server, folder), expectation, strip)
        deployment.image = deployment.account.publish_image()
        deployment.start()
        yield deployment
