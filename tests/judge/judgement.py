"""All checks, over one project and its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.account import Account
from judge.checks import (
    certificates,
    exports,
    groups,
    leaks,
    listing,
    names,
    parameters,
    quotas,
    references,
    routing,
    rules,
    services,
    templates,
)
from judge.checks.leaks import Machine
from judge.faults import Finding, Findings
from judge.output import read_output
from judge.project import read_project
from judge.wanted import wanted


@dataclass(frozen=True)
class Judgement:
    """What was found, and how much was looked at."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    stacks: int = 0
    hosts: int = 0
    probes: int = 0

    def __str__(self) -> str:
        looked = f"{self.stacks} stacks, {self.hosts} hosts, {self.probes} probes"
        count = len(self.findings)
        return f"{count or 'no'} {'fault' if count == 1 else 'faults'} in {looked}"


def judge(
    project_path: Path,
    output_path: Path,
    variables: Sequence[tuple[str, str]] = (),
    machine: Machine | None = None,
) -> Judgement:
    """Judge what was compiled. Raises `Unreadable` or `OSError` if the project can't be read."""
    project = read_project(project_path, variables)
    findings = Findings()
    output = read_output(output_path, findings)
    if output is None:
        return Judgement(tuple(findings.sorted()))
    account = Account(project, output)
    hosts = wanted(account, findings)
    listing.check(project, output, findings)
    templates.check(output, findings)
    references.check(output, findings)
    exports.check(account, output, findings)
    parameters.check(output, findings)
    count = routing.check(account, hosts, findings)
    rules.check(account, findings)
    quotas.check(account, findings)
    certificates.check(account, hosts, findings)
    names.check(account, findings)
    groups.check(account, findings)
    services.check(account, findings)
    leaks.check(output, project.inputs, machine or Machine(), findings)
    return Judgement(
        findings=tuple(findings.sorted()),
        notes=tuple(findings.notes()),
        stacks=len(account.stacks),
        hosts=count.hosts,
        probes=count.probes,
    )
