"""The judge judges: each fault of `planted/` is found, and said in the expected words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from judge.compiler import Compiled
from judge.faults import Fault
from judge.judgement import judge
from judge.planting import Planted, planted, rewrite

PLANTED = list(planted())


@pytest.mark.parametrize("fault", PLANTED, ids=[fault.name for fault in PLANTED])
def test_planted_fault(fault: Planted, copied: Callable[[str], Compiled]) -> None:
    """What is planted in an output that is judged clean is found where it was planted."""
    project = copied(fault.project)
    fault.plant(project.project)
    judgement = judge(project.project, project.output, machine=project.machine)
    found = [
        finding
        for finding in judgement.findings
        if finding.fault is fault.fault
        and str(finding).startswith(fault.place)
        and fault.words in finding.words
    ]
    assert found, "\n".join(f"{f.fault.name} {f}" for f in judgement.findings) or "nothing"


def test_every_kind_of_fault_is_planted() -> None:
    """There is no check that nothing provokes."""
    missing = set(Fault) - {fault.fault for fault in PLANTED}
    assert not missing, sorted(fault.name for fault in missing)


def test_names_of_planted_faults_differ() -> None:
    """Each is a case of its own."""
    assert len({fault.name for fault in PLANTED}) == len(PLANTED)


@pytest.mark.parametrize("name", sorted({fault.project for fault in PLANTED}))
def test_writing_a_template_anew_is_no_fault(name: str, copied: Callable[[str], Compiled]) -> None:
    """So what is found in a changed template is the change."""
    project = copied(name)
    for template in project.output.rglob("*.yaml"):
        rewrite(template)
    judgement = judge(project.project, project.output, machine=project.machine)
    assert not judgement.findings, "\n".join(map(str, judgement.findings))
