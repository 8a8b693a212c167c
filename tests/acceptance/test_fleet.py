"""A fleet of two racks on moto: deployed, changed, changed in a circle, and an app moved.

The tests follow each other on one account. Every host of every rack is asked for by the first
rule that matches, and must be answered as `fleet.py` reads the manifests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import servers
import yaml
from account import Account
from checks import check_priorities
from expectations import HTTP, HTTPS
from fleet import NOBODY, REDIRECT, ROUTERS, Address, Answers, Fleet, Standing, placement
from project import Project
from tasks import Tasks, put_secrets

RACKFORM_YML = "rackform.yml"
UPTIME = """\
services:
  page:
    image: nginx:1.27
    port: 8081
    domain: [uptime.example.org, old.example.net]
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The example, compiled with its own lock and deployed by its own script."""
    folder = tmp_path_factory.mktemp("fleet")
    project, tasks = Project.of("fleet", folder), Tasks.of("fleet")
    project.give_images(tasks.images())
    project.compile("--locked")
    text = (project.source / RACKFORM_YML).read_text(encoding="utf-8")
    listed = yaml.safe_load(text)["racks"]["production"]["certificates"]
    with servers.moto(folder, {item["arn"]: item["names"] for item in listed}) as server:
        account = Account(server, folder)
        zone = account.call(
            "route53", "create_hosted_zone", Name="example.org", CallerReference="acceptance"
        )["HostedZone"]["Id"]
        for app in tasks.apps:
            for rack in ("production", "production-2"):  # an app may move
                put_secrets(account, tasks, app, rack)
        fleet = Fleet(project, account, zone.removeprefix("/hostedzone/"))
        fleet.deploy()
        yield fleet


def check_answers(standing: Standing, wanted: Answers) -> None:
    """The rules hold exactly the hosts that are wanted, and each is answered as it should be."""
    ruled = {address: answer for address, answer in wanted.items() if answer != REDIRECT}
    assert standing.ruled() == ruled
    for address, answer in wanted.items():
        assert standing.answer(address.example()) == answer, address
    for router in standing.routers.values():
        for listener in router.listeners.values():
            check_priorities(listener)


def check_nothing_is_lost(standing: Standing, before: Answers, after: Answers) -> None:
    """Who is answered before and after is answered in between, by either service."""
    for address in before.keys() & after.keys():
        answer = standing.answer(address.example())
        assert answer in (before[address], after[address]), address


def check_unchanged(before: Standing, after: Standing, touched: set[str]) -> None:
    """Rules of all services but `touched` ones are the same: ARN, number, hosts, target group."""
    old, new = before.rules(), after.rules()
    for arn, rule in old.items():
        if before.services[rule[2]] not in touched:
            assert new.get(arn) == rule, before.services[rule[2]]


def without(answers: Answers, app: str) -> Answers:
    """The hosts of all other apps: a pattern or the redirect of port 80 is the app's own, too."""
    own = {a.host for a, answer in answers.items() if answer.startswith(f"{app}/")}
    return {a: answer for a, answer in answers.items() if a.host not in own}


def of(answers: Answers, app: str, rack: str) -> Answers:
    """What an app answers on one rack."""
    return {
        a: answer
        for a, answer in answers.items()
        if a.rack == rack and answer.startswith(f"{app}/")
    }


def numbers(project: Project) -> dict[str, int]:
    """The number of every rule in the lock."""
    lock = yaml.safe_load((project.source / "rackform.lock").read_text(encoding="utf-8"))
    return {name: rule["priority"] for name, rule in lock["rules"].items()}


def swap(fleet: Fleet, app: str, other: str, host: str, other_host: str) -> None:
    """Two apps exchange a host each in one compile."""
    fleet.project.edit({host: other_host}, f"apps/{app}/convox.yml")
    fleet.project.edit({other_host: host}, f"apps/{other}/convox.yml")
    fleet.project.compile()


def test_every_host_is_answered(fleet: Fleet) -> None:
    standing, wanted = fleet.standing(), fleet.wanted()
    assert fleet.racks() == ["production", "production-2"]
    assert placement(fleet.source)["payments"]["rack"] == "production-2"
    check_answers(standing, wanted)
    assert {answer.partition("/")[0] for answer in wanted.values()} - {REDIRECT} == {
        app for app in placement(fleet.source) if app != "mailer"
    }


def test_every_service_runs(fleet: Fleet) -> None:
    fleet.check_tasks()


def test_the_checks_are_awake(fleet: Fleet) -> None:
    """A rule that leads elsewhere, and rules that are gone, are both noticed."""
    standing, wanted = fleet.standing(), fleet.wanted()
    elsewhere = {group: "blog/web" for group in standing.services}
    with pytest.raises(AssertionError):
        check_answers(replace(standing, services=elsewhere), wanted)
    router = standing.routers["production", "Router"]
    empty = {HTTPS: replace(router.listeners[HTTPS], rules=[])}
    routers = {
        **standing.routers,
        ("production", "Router"): replace(router, listeners=router.listeners | empty),
    }
    with pytest.raises(AssertionError):
        check_nothing_is_lost(replace(standing, routers=routers), wanted, wanted)


def test_unknown_hosts_are_not(fleet: Fleet) -> None:
    """Strangers, wildcards' own parents, and hosts on the rack that their app is not on."""
    standing, wanted = fleet.standing(), fleet.wanted()
    hosts = {"nobody.example.org", "stores.example.org", "mailer-worker.production-2.example.org"}
    hosts |= {address.example().host for address in wanted}
    known = {address.example() for address in wanted}
    unknown = [
        address
        for rack in fleet.racks()
        for router in ROUTERS
        for host in sorted(hosts)
        if (address := Address(rack, router, HTTPS, host)) not in known
    ]
    assert len(unknown) > len(wanted)
    for address in unknown:
        assert standing.answer(address) == NOBODY, address


def test_shared_certificates_are_on_both_racks(fleet: Fleet) -> None:
    """The rack attaches them, so that no app takes them along."""
    text = (fleet.source / RACKFORM_YML).read_text(encoding="utf-8")
    listed = {item["arn"] for item in yaml.safe_load(text)["racks"]["production"]["certificates"]}
    for (rack, name), router in fleet.standing().routers.items():
        listener = router.listeners[HTTPS].arn
        answer = fleet.account.call(
            "elbv2", "describe_listener_certificates", ListenerArn=listener
        )
        attached = {certificate["CertificateArn"] for certificate in answer["Certificates"]}
        assert listed & attached == (listed if name == "Router" else set()), (rack, name)


def test_a_change_is_an_update(fleet: Fleet) -> None:
    """One app gets a domain, one loses one, a host changes its app, and an app comes."""
    standing, places = fleet.standing(), placement(fleet.source)
    edits = {
        "chat": {"domain: chat.example.org": "domain: [chat.example.org, talk.example.org]"},
        "landing": {"      - press.example.org\n": ""},
        "blog": {", news.example.org": ""},
        "docs": {", help.example.org": ", help.example.org, news.example.org"},
    }
    for app, edit in edits.items():
        fleet.project.edit(edit, f"apps/{app}/convox.yml")
    (fleet.source / "apps" / "uptime").mkdir()
    (fleet.source / "apps" / "uptime" / "convox.yml").write_text(UPTIME, encoding="utf-8")
    added = "  uptime: { manifest: apps/uptime/convox.yml }\n"
    fleet.project.edit({"\ndomains:": f"{added}\ndomains:"}, RACKFORM_YML)
    fleet.project.compile()
    after = placement(fleet.source)
    assert {app: after[app] for app in places} == places
    assert set(after) - set(places) == {"uptime"}

    fleet.deploy(*edits, "uptime")
    now = fleet.standing()
    check_answers(now, fleet.wanted())
    check_unchanged(standing, now, {"chat/web", "landing/web", "blog/web", "docs/web"})
    assert now.rules().keys() >= standing.rules().keys()  # a rule that loses a host stays


def test_a_second_deploy_changes_nothing(fleet: Fleet) -> None:
    before = fleet.standing()
    said = fleet.deploy()
    assert said.count("No changes to deploy") == len(fleet.project.stacks()), said
    assert fleet.standing() == before


def test_a_circle_takes_two_phases(fleet: Fleet) -> None:
    """blog and docs exchange hosts: after every single stack all hosts are answered."""
    before = fleet.wanted()
    swap(fleet, "blog", "docs", "blog.example.org", "docs.example.org")
    after = fleet.wanted()
    assert before.keys() == after.keys()
    assert before != after
    phases = []
    for stack in fleet.steps():
        check_nothing_is_lost(fleet.standing(), before, after)
        phases.append((stack.phase, stack.name))
    assert [phase for phase, _ in phases] == [1, 1, 2], phases
    assert {name for _, name in phases} == {"production-blog", "production-docs"}
    check_answers(fleet.standing(), after)


def test_a_circle_by_the_script(fleet: Fleet) -> None:
    """And back again, by `deploy.sh`, which goes through the phases."""
    standing = fleet.standing()
    swap(fleet, "blog", "docs", "docs.example.org", "blog.example.org")
    twice = stack_of_two_phases(fleet.project)
    said = fleet.deploy("blog", "docs")
    assert said.index(f"deploying {twice} (phase 1)") < said.index(f"deploying {twice} (phase 2)")
    check_answers(fleet.standing(), fleet.wanted())
    assert standing.rules().keys() == fleet.standing().rules().keys()


def stack_of_two_phases(project: Project) -> str:
    names = [stack.name for stack in project.stacks()]
    (twice,) = {name for name in names if names.count(name) > 1}
    return twice


def test_a_move_that_is_taken_back(fleet: Fleet) -> None:
    """The app is put on another rack too, and taken from it: everything is as it was."""
    before, standing, known = fleet.wanted(), fleet.standing(), numbers(fleet.project)
    fleet.project.move("docs", "production-2")
    on_both = fleet.wanted()
    assert on_both.keys() > before.keys()
    steps = [stack.name for stack in fleet.steps()]
    assert steps == ["production-2-docs"]
    check_answers(fleet.standing(), on_both)

    said = fleet.project.move("docs", "--abort")
    assert "delete-stack --stack-name production-2-docs" in said
    assert [stack.name for stack in fleet.steps()] == []
    fleet.delete("production-2-docs")
    assert fleet.wanted() == before
    assert numbers(fleet.project) == known
    assert fleet.standing() == standing


def test_a_move(fleet: Fleet) -> None:
    """The app answers on both racks, then on the new one; all others answer all the time."""
    before = fleet.wanted()
    others = without(before, "shop")
    old, new = "production-2", "production"
    fleet.project.move("shop", new)
    both = fleet.wanted()
    assert len(of(both, "shop", new)) == len(of(both, "shop", old)) == len(of(before, "shop", old))
    for _ in fleet.steps():
        check_nothing_is_lost(fleet.standing(), before, both)
    check_answers(fleet.standing(), both)
    moved = {a for a in both if a.port == HTTPS and a in of(both, "shop", new)}
    assert {"shop.example.org", "store.example.net", "*.stores.example.org"} <= {
        address.host for address in moved
    }

    said = fleet.project.move("shop", "--finish")
    assert "delete-stack --stack-name production-2-shop" in said
    after = fleet.wanted()
    for _ in fleet.steps():
        check_nothing_is_lost(fleet.standing(), both, after)
        check_nothing_is_lost(fleet.standing(), others, others)
    check_nothing_is_lost(fleet.standing(), both, after)
    fleet.delete("production-2-shop")
    standing = fleet.standing()
    check_answers(standing, after)
    check_nothing_is_lost(standing, others, others)
    for address in of(both, "shop", old):
        gone = REDIRECT if address.port == HTTP else NOBODY
        assert standing.answer(address.example()) == gone, address
