"""stacks.json, deploy.sh and the files on disk say the same, and every app has its stack."""

from __future__ import annotations

import re
import shlex

from judge.faults import Fault, Findings
from judge.output import LISTING, SCRIPT, Output
from judge.project import Project

ROW = re.compile(r"^stack (.+)$", re.MULTILINE)


def check(project: Project, output: Output, findings: Findings) -> None:
    """Report what one of them has and another one lacks."""
    _check_files(output, findings)
    _check_script(output, findings)
    _check_racks(project, output, findings)
    _check_apps(project, output, findings)


def _check_files(output: Output, findings: Findings) -> None:
    listed = set(output.listed) | {LISTING}
    for file in output.texts.keys() - listed:
        findings.add(Fault.NOT_LISTED, file, "file", f"is on disk, and {LISTING} does not list it")
    needed = {file for row in output.rows for file in (row.template, row.parameters)}
    for file in needed - listed:
        findings.add(Fault.NOT_LISTED, LISTING, file, "belongs to a stack and is not among `files`")
    for file in (listed | needed) - output.texts.keys():
        findings.add(Fault.NOT_ON_DISK, LISTING, file, "is listed and not on disk")


def _check_script(output: Output, findings: Findings) -> None:
    """deploy.sh has the same rows: stack, rack, app, phase, files, and what needs a value."""
    if SCRIPT not in output.texts:
        findings.add(Fault.NOT_ON_DISK, SCRIPT, "file", "is not there")
        return
    found = [shlex.split(words) for words in ROW.findall(output.texts[SCRIPT])]
    expected = [
        [
            *(row.stack, row.rack, row.app or "-", "-" if row.phase is None else str(row.phase)),
            *(row.template, row.parameters, *row.required),
        ]
        for row in output.rows
    ]
    if found != expected:
        pairs = zip([*found, ["nothing"]], [*expected, ["nothing"]], strict=False)
        one, other = next((pair for pair in pairs if pair[0] != pair[1]), (found, expected))
        words = (
            f"deploys `{' '.join(map(str, one))}` where {LISTING} has `{' '.join(map(str, other))}`"
        )
        findings.add(Fault.SCRIPT_DIFFERS, SCRIPT, "stacks", words)


def _check_racks(project: Project, output: Output, findings: Findings) -> None:
    written = {row.rack for row in output.rows if row.app is None}
    for row in output.rows:
        kind = project.kind_of(row.rack)
        if kind is None:
            words = f"the project has no rack `{row.rack}`"
            findings.add(Fault.STACK_UNASKED, LISTING, row.stack, words)
        elif kind.is_external and row.app is None:
            words = f"the rack `{row.rack}` is external, and a stack is written for it"
            findings.add(Fault.STACK_UNASKED, LISTING, row.stack, words)
        elif not kind.is_external and row.rack not in written:
            words = f"no stack is written for the rack `{row.rack}`"
            findings.add(Fault.STACK_MISSING, LISTING, row.stack, words)
    for kind in project.kinds.values():
        for rack in kind.names()[: kind.least]:
            if not kind.is_external and rack not in written:
                words = "the rack is always there and has no stack"
                findings.add(Fault.STACK_MISSING, LISTING, rack, words)


def _check_apps(project: Project, output: Output, findings: Findings) -> None:
    placed = {row.app for row in output.rows if row.app}
    for app in project.apps.values():
        # Where services run elsewhere, an app without routes has nothing to deploy.
        runs_elsewhere = any(kind.compute == "none" for kind in project.kinds.values())
        is_empty = not (app.routed() if runs_elsewhere else app.services)
        if app.name not in placed and not is_empty:
            findings.add(Fault.STACK_MISSING, LISTING, app.name, "the app has no stack")
    for row in output.rows:
        if row.app is None:
            continue
        app_or_none = project.apps.get(row.app)
        if app_or_none is None or row.stack != f"{row.rack}-{row.app}":
            words = f"the project has no app `{row.app}` with the stack `{row.stack}`"
            findings.add(Fault.STACK_UNASKED, LISTING, row.stack, words)
            continue
        pin = app_or_none.pin
        kind = project.kind_of(row.rack)
        if pin and pin != row.rack and (kind is None or pin != kind.name):
            words = f"stands on `{row.rack}` and is pinned to `{pin}`"
            findings.add(Fault.WRONG_RACK, LISTING, row.stack, words)
