"""What was deployed with nothing said of its rack grows into a fleet without a detour.

Exports that an app imports can't change, so a rack must be able to get a host, and later an
internal router, while its apps stay deployed.
"""

from __future__ import annotations

from pathlib import Path

import servers
from account import Account, Router
from deployment import RACK, Deployment
from expectations import HTTPS, Expectation
from project import Project
from stripping import strip

FLEET = """\
racks:
  main:
    host: main.example.org
    params: {{ Internal: {internal} }}
apps:
  hello:
    manifest: convox.yml
"""


def hosts(router: Router) -> set[str]:
    return {host for rule in router.listeners[HTTPS].rules for host in rule.hosts}


def rule_arns(router: Router) -> list[str]:
    return [rule.arn for listener in router.listeners.values() for rule in listener.rules]


def test_a_rack_is_given_a_host_and_an_internal_router(tmp_path: Path) -> None:
    with servers.ministack(tmp_path) as server:
        project = Project.of("hello", tmp_path)
        project.compile()
        deployment = Deployment(project, Account(server, tmp_path), Expectation.of("hello"), strip)
        deployment.start()
        before = deployment.routers()["Router"]

        fleet = project.source / "rackform.yml"
        for internal in ("No", "Yes"):
            fleet.write_text(FLEET.format(internal=internal), encoding="utf-8")
            project.compile()
            strip(project)
            deployment.deploy()
            names = ["Router", "RouterInternal"] if internal == "Yes" else ["Router"]
            after = deployment.account.routers(names, RACK, deployment.account.call)["Router"]
            assert after.arn == before.arn
            assert hosts(after) == {"hello-web.main.example.org", "web.hello.main.convox"}
            assert rule_arns(after) == rule_arns(before)

        exports = {
            item["Name"]: item["Value"]
            for item in deployment.account.call("cloudformation", "list_exports")["Exports"]
        }
        assert exports["main:RouterHost"] == "main.example.org"
        assert "main:RouterInternalListener443" in exports
