"""Random walks: a fleet, and thirty edits that are compiled and deployed one after another."""

from __future__ import annotations

import copy
import itertools
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from judge.compiler import Compiled, compile_project, write_files
from judge.faults import Findings
from judge.judgement import judge
from judge.output import Output, read_output
from judge.project import Project, read_project
from judge.random_fleets.generator import make_model
from judge.random_fleets.model import Fleet, FleetModel
from judge.random_fleets.spelling import spell
from judge.simulator.deployment import Deployment, deploy, remove
from judge.simulator.edits import make
from judge.simulator.hand import Edit, Hand
from judge.simulator.kinds import RULE
from judge.simulator.trial import look, one_way
from judge.simulator.violations import UNPROMISED, Violation
from judge.simulator.world import World

EDITS = 30
NOT_DEPLOYED = 0.1  # share of the compiles that nobody deploys
JUDGED = 0.2  # share of the deployments that are judged at rest
FEW = 3  # up to so many updates, a failure of each is followed up
LATER = 0.3  # share of the deployments after which stacks that are gone stay for another compile


@dataclass
class Tally:
    """What a walk came to."""

    edits: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by code
    refusals: int = 0
    deployments: int = 0
    phased: int = 0
    updates: int = 0
    changes: int = 0
    retries: int = 0
    tried: int = 0  # moments that were looked at one by one
    unpromised: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take another one in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        codes = ", ".join(f"{code} {count}" for code, count in sorted(self.refused.items()))
        return (
            f"{self.edits} edits, {self.refusals} refused ({codes or 'none'}), {self.deployments} "
            f"deployments of {self.updates} updates with {self.changes} changes, {self.phased} in "
            f"phases; {self.retries} failures retried; {self.tried} moments looked at one by one; "
            f"not promised: {dict(self.unpromised)}"
        )


class Broken(AssertionError):
    """A moment at which something is wrong."""

    def __init__(self, steps: Sequence[int], edits: list[str], what: list[str], files: str) -> None:
        self.steps, self.edits, self.what, self.files = tuple(steps), edits, what, files
        super().__init__("\n".join(what))


class Walk:
    """A walk under way, in a folder of its own."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.model = FleetModel()
        self.tally = Tally()
        self.world = World()
        self.done: list[str] = []  # edits, in words
        self.steps: list[int] = []
        self.output: Output | None = None
        self._names: dict[str, tuple[str, ...]] = {}
        self._gone: list[str] = []
        self._half: World | None = None  # as if the last deployment had failed half-way
        self._before = "nothing"  # the files as they were deployed last

    def go(self, steps: Sequence[int]) -> Tally:
        """Make the edits of these numbers; the first compile comes before any."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for number in itertools.count():
            self.model = make_model(random.Random(f"walk {self.seed}/{number}"))
            _make_room(self.model)
            if self._compile(Edit("the first compile"), random.Random(self.seed)):
                break
        self.tally.refusals, self.tally.refused = 0, Counter()
        for step in steps:
            self.steps.append(step)
            self._step(random.Random(f"walk {self.seed} {step}"))
        return self.tally

    def _step(self, rng: random.Random) -> None:
        before = copy.deepcopy(self.model)
        placed: dict[str, list[str]] = defaultdict(list)
        for row in self.output.rows if self.output else ():
            if row.app and row.rack not in placed[row.app]:
                placed[row.app].append(row.rack)
        edit = make(Hand(self.model, rng, {app: racks for app, racks in placed.items() if racks}))
        self.tally.edits += 1
        if not self._compile(edit, rng):
            self.model = before

    def _compile(self, edit: Edit, rng: random.Random) -> bool:
        """Compile and deploy; False if the compiler refuses, and then nothing has changed."""
        lock = self.folder / "rackform.lock"
        old = lock.read_bytes() if lock.exists() else b""
        fleet = spell(self.model, random.Random(self.seed))
        write_files(self.folder, fleet.files)
        compiled = compile_project(self.folder, fleet.variables, self._command(edit))
        if compiled.errors:
            self.tally.refusals += 1
            self.tally.refused.update(compiled.errors)
            assert old == (lock.read_bytes() if lock.exists() else b""), "a refusal wrote the lock"
            return False
        self.done.append(edit.words)
        if old and not edit.command and rng.random() < NOT_DEPLOYED:
            # Who compiles twice and deploys once begins again from the lock that is deployed.
            self.done[-1] += " (compiled, not deployed)"
            lock.write_bytes(old)
            return True
        self._deploy(fleet, compiled, rng)
        return True

    def _command(self, edit: Edit) -> tuple[str, ...]:
        if edit.command[:1] == ("move",):
            return (*edit.command, "--path", str(self.folder))
        return (*edit.command, str(self.folder)) if edit.command else ()

    def _deploy(self, fleet: Fleet, compiled: Compiled, rng: random.Random) -> None:
        project, output = read_project(self.folder), read_output(compiled.output, Findings())
        assert output is not None
        files = "\n".join(f"--- {name}\n{text}" for name, text in sorted(fleet.files.items()))
        for kind in project.kinds.values():
            self._names |= {listed.arn: listed.names for listed in kind.certificates}
        self._remove(project, self._gone, files)
        external = frozenset(n for k in project.kinds.values() if k.is_external for n in k.names())
        if self._half is not None:
            self._note("on top", deploy(self._half, output, external), project)
            self._half = None
        deployment = deploy(self.world, output, external)
        self.tally.deployments += 1
        self.tally.phased += any(row.phase for row in output.rows)
        self._check(deployment, project, files)
        self._try(deployment, project, rng, files)
        self._fail(deployment, project, output, external, rng, files)
        self.world, self.output, self._before = deployment.end, output, files
        # Apps first: racks are imported from.
        self._gone = sorted(self.world.stacks.keys() - output.final().keys(), key=_racks_last)
        if rng.random() >= LATER:
            self._remove(project, self._gone, files)
            self._gone = []
        if rng.random() < JUDGED:
            judgement = judge(compiled.project, compiled.output, machine=compiled.machine)
            self._hold([f"at rest: {finding}" for finding in judgement.findings], files)

    def _remove(self, project: Project, gone: list[str], files: str) -> None:
        deployment = remove(self.world, gone)
        self._check(deployment, project, files)
        self.world = deployment.end

    def _check(self, deployment: Deployment, project: Project, files: str) -> None:
        self.tally.updates += len(deployment.updates)
        self.tally.changes += sum(len(u.puts) + len(u.deletes) for u in deployment.updates)
        self._hold(self._promised(deployment.violations(project, self._names)), files)

    def _promised(self, found: list[Violation]) -> list[str]:
        for violation in found:
            if not violation.is_promised:
                self.tally.unpromised[violation.invariant.name] += 1
        return [str(violation) for violation in found if violation.is_promised]

    def _try(
        self, deployment: Deployment, project: Project, rng: random.Random, files: str
    ) -> None:
        """Go one way from beginning to end, and look around at each moment."""
        if (demands := deployment.demands(project, self._names)) is None:
            return
        for update in deployment.updates:
            for words, things, start in one_way(update, rng):
                self.tally.tried += 1
                found = look(things, start, demands)
                promised = [fault for fault in found if fault.invariant not in UNPROMISED]
                self._hold([f"{update.stack}: {words}: {fault.words}" for fault in promised], files)

    def _fail(
        self,
        deployment: Deployment,
        project: Project,
        output: Output,
        external: frozenset[str],
        rng: random.Random,
        files: str,
    ) -> None:
        """An update fails and is rolled back: deploying again ends as it would have ended."""
        updates = deployment.updates
        for update in updates if len(updates) <= FEW else [rng.choice(updates)]:
            self.tally.retries += 1
            again = deploy(update.before, output, external)
            self._hold(self._promised(again.violations(project, self._names)), files)
            if _rules(again.end) != _rules(deployment.end):
                self._hold(["deploying again after a failure ends elsewhere"], files)
            if self.output is not None:
                back = deploy(update.before, self.output, external)
                self._note("way back", back, project)
                self._half = update.before

    def _note(self, what: str, deployment: Deployment, project: Project) -> None:
        """Count what goes wrong with a deployment that nobody promises anything of."""
        for violation in deployment.violations(project, self._names):
            self.tally.unpromised[f"{what}: {violation.invariant.name}"] += 1

    def _hold(self, what: list[str], files: str) -> None:
        if what:
            texts = f"=== from\n{self._before}\n=== to\n{files}"
            raise Broken(self.steps, self.done, what, texts)


def _make_room(model: FleetModel) -> None:
    """So that most edits are possible: quotas for small fleets are met soon enough."""
    for rack in model.racks.values():
        if "quotas" in rack:
            rack["quotas"] = {"rules": rack["quotas"]["rules"] + 15, "certificates": 20}


def _racks_last(stack: str) -> tuple[bool, str]:
    return "-" not in stack or stack.rpartition("-")[2].isdigit(), stack


def _rules(world: World) -> set[tuple[str, int, tuple[str, ...]]]:
    things = (thing for thing in world.things.values() if thing.kind == RULE)
    return {(rule.listener, rule.priority, rule.hosts) for rule in things}
