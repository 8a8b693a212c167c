"""`deploy.sh` where things go wrong: on moto and MiniStack, and before a stub of the AWS CLI.

On the servers the templates are small ones of our own, which can be made to fail; the script is
the emitted one. The tests of a server follow each other on one account.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import servers
from account import Account
from expectations import EXAMPLES
from project import ALL_EXAMPLES, Project
from stub_account import StubAccount
from tasks import Tasks, image_parameter

SHELLCHECK = Path(sys.prefix) / "bin" / "shellcheck"
RACK, APP = "main", "main-hello"
ONLY_APP = ("--app", "hello")
CERTIFICATE = f"{RACK}:Certificate=arn"
IMAGE = ("--image", "web=example/web:v1")
RACK_TEMPLATE = """\
Description: "Rack main: a topic"
Parameters:
  Certificate:
    Type: String
Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  Topic:
    Value: {"Ref": "Topic"}
    Export: {"Name": "main:Topic"}
"""
APP_TEMPLATE = """\
Description: "App hello on the rack main"
Parameters:
  WebImage:
    Type: String
  FirstDeploy:
    Type: String
    AllowedValues: ["Yes", "No"]
    Default: "No"
Resources:
  Setting:
    Type: AWS::SSM::Parameter
    Properties:
      Name: setting
      Type: String
      Value: {"Fn::If": [IsFirst, first, later]}
      Description: {"Fn::ImportValue": "main:Topic"}
Conditions:
  IsFirst: {"Fn::Equals": [{"Ref": FirstDeploy}, "Yes"]}
"""
# A record in a zone that does not exist.
BROKEN_TEMPLATE = APP_TEMPLATE.replace(
    "Conditions:",
    """\
  Record:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: ZNOWHERE
      Name: a.example.org
      Type: A
      TTL: "60"
      ResourceRecords: [192.0.2.1]
Conditions:""",
)
SECRETS = ["SECRET_KEY", "DATABASE_URL", *(f"TOKEN_{number}" for number in range(10))]
TASK = """\
Parameters:
  WebImage:
    Type: String
    Description: "Image of the service web"
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: {"Ref": "WebImage"}
          Secrets:
"""
PARAMETER = "arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:1:parameter/main/hello/{name}"
SECRET = f"""\
            - Name: {{name}}
              ValueFrom: {{{{"Fn::Sub": "{PARAMETER}"}}}}
"""


def write(project: Project, stack: str, text: str) -> None:
    """Put another template in the place of a stack's own."""
    (template,) = (one.template for one in project.stacks() if one.name == stack)
    template.write_text(text, encoding="utf-8")


# --- the script as it is


@pytest.mark.parametrize("example", ALL_EXAMPLES)
def test_shellcheck_finds_nothing(example: str, compiled: dict[str, Project]) -> None:
    script = compiled[example].output / "deploy.sh"
    done = subprocess.run([str(SHELLCHECK), str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_shellcheck_is_awake(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.sh"
    faulty.write_text("#!/usr/bin/env bash\nrm $1/*\n")
    done = subprocess.run([str(SHELLCHECK), str(faulty)], capture_output=True, text=True)
    assert "SC2086" in done.stdout


# --- on the servers


@dataclass
class Small:
    """The example `hello` with templates that any server takes."""

    project: Project
    account: Account

    def run(self, *options: str) -> tuple[int, str]:
        done = self.account.run_script(self.project, [CERTIFICATE], *options)
        return done.returncode, done.stdout + done.stderr

    def deploy(self, *options: str) -> str:
        code, said = self.run(*options)
        assert code == 0, said
        return said

    def status(self, stack: str = APP) -> str:
        return self.account.stack(stack)["StackStatus"]

    def first_deploy(self) -> str:
        """What the app's stack was told the last time that it was changed."""
        parameters = self.account.stack(APP)["Parameters"]
        (value,) = (p["ParameterValue"] for p in parameters if p["ParameterKey"] == "FirstDeploy")
        return value

    def setting(self) -> str:
        """What came of it."""
        return self.account.call("ssm", "get_parameter", Name="setting")["Parameter"]["Value"]


@pytest.fixture(scope="module", params=[servers.moto, servers.ministack], ids=["moto", "ministack"])
def small(
    request: pytest.FixtureRequest,
    compiled: dict[str, Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("small")
    start = request.param
    with start(folder, {}) if start is servers.moto else start(folder) as server:
        project = compiled["hello"].copy(folder)
        project.compile(*IMAGE)
        write(project, RACK, RACK_TEMPLATE)
        write(project, APP, APP_TEMPLATE)
        yield Small(project, Account(server, folder))


def test_an_app_needs_its_rack(small: Small) -> None:
    code, said = small.run(*ONLY_APP)
    assert code == 1
    assert "main-hello needs the rack main, which is not deployed: add --rack main\n" in said
    assert small.account.call("cloudformation", "describe_stacks")["Stacks"] == []


def test_a_dry_run_begins_with_the_rack(small: Small) -> None:
    said = small.deploy("--dry-run")
    assert "[1/2] making a change set of main\n" in said
    assert "[2/2] leaving out main-hello: it imports what the rack main exports" in said
    assert small.status(RACK) == "REVIEW_IN_PROGRESS"


def test_a_first_deploy_fails(small: Small) -> None:
    write(small.project, APP, BROKEN_TEMPLATE)
    code, said = small.run()
    assert code == 1
    assert "[1/2] deploying main\n" in said
    assert "[2/2] deploying for the first time main-hello\n" in said
    _, _, why = said.partition("main-hello was not deployed; what failed, the oldest first:\n")
    assert "ZNOWHERE" in why.splitlines()[0]
    assert "it is in ROLLBACK_COMPLETE; mend it, and run again: that deletes it" in why
    assert (small.status(RACK), small.status()) == ("CREATE_COMPLETE", "ROLLBACK_COMPLETE")


def test_a_dry_run_deletes_nothing(small: Small) -> None:
    write(small.project, APP, APP_TEMPLATE)
    said = small.deploy("--dry-run")
    assert "[2/2] leaving out main-hello: its first deploy failed; without --dry-run it is" in said
    assert small.status() == "ROLLBACK_COMPLETE"


def test_what_failed_is_deployed_again(small: Small) -> None:
    said = small.deploy()
    assert "[2/2] deleting main-hello: its first deploy failed" in said
    assert said.index("deleting main-hello") < said.index("for the first time main-hello\n")


def test_a_first_deploy_has_two_passes(small: Small) -> None:
    """Of which the next deploy knows nothing more."""
    statuses = [event["ResourceStatus"] for event in small.account.events(APP)]
    assert {"CREATE_COMPLETE", "UPDATE_COMPLETE"} <= set(statuses)
    assert (small.status(), small.first_deploy()) == ("UPDATE_COMPLETE", "No")
    assert small.setting() == "later"
    said = small.deploy(*ONLY_APP)
    assert "[1/1] deploying main-hello\n" in said
    assert said.count("No changes to deploy") == 1


def test_a_parameter_that_is_given_wins(small: Small) -> None:
    small.deploy(*ONLY_APP, "--parameter", f"{APP}:FirstDeploy=Yes")
    assert (small.first_deploy(), small.setting()) == ("Yes", "first")


def test_an_update_fails(small: Small) -> None:
    write(small.project, APP, BROKEN_TEMPLATE)
    code, said = small.run(*ONLY_APP)
    assert code == 1
    _, _, why = said.partition("main-hello was not deployed; what failed, the oldest first:\n")
    assert "ZNOWHERE" in why.splitlines()[0]
    assert "it is in UPDATE_ROLLBACK_COMPLETE and as it was before; mend it, and run again" in why
    assert small.status() == "UPDATE_ROLLBACK_COMPLETE"


def test_failures_of_earlier_updates_are_not_told(small: Small) -> None:
    """CloudFormation refuses the template itself, so that no update begins."""
    write(small.project, APP, "Resources: [")
    code, said = small.run(*ONLY_APP)
    assert code == 1
    assert "main-hello was not deployed\n" in said
    assert "ZNOWHERE" not in said
    assert small.status() == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_is_deployed_again(small: Small) -> None:
    write(small.project, APP, APP_TEMPLATE)
    small.deploy(*ONLY_APP)
    assert (small.first_deploy(), small.setting()) == ("No", "later")


def test_filters(small: Small) -> None:
    rack, app = (len(small.account.events(stack)) for stack in (RACK, APP))
    write(small.project, RACK, RACK_TEMPLATE.replace("SNS::Topic", "SNS::Topic # again"))
    write(small.project, APP, APP_TEMPLATE.replace("later", "changed"))
    said = small.deploy(*ONLY_APP)
    assert "[1/1] deploying main-hello\n" in said
    assert "deploying main\n" not in said
    assert small.setting() == "changed"
    assert len(small.account.events(RACK)) == rack
    assert len(small.account.events(APP)) > app
    said = small.deploy("--rack", "main")
    assert "[1/2] deploying main\n" in said
    assert "[2/2] deploying main-hello\n" in said


def test_large_templates_need_a_bucket(small: Small) -> None:
    large = APP_TEMPLATE.replace("later", "large") + "# and so on\n" * 5000
    assert len(large) > 51_200
    write(small.project, APP, large)
    code, said = small.run(*ONLY_APP)
    assert code == 1
    assert "main/apps/hello.yaml has more than 51200 bytes: set RACKFORM_S3_BUCKET" in said
    assert "deploying" not in said.replace("nothing was deployed", "")

    small.account.call("s3", "create_bucket", Bucket="templates")
    with patch.dict(small.account.environment, {"RACKFORM_S3_BUCKET": "templates"}):
        small.deploy(*ONLY_APP)
    assert small.setting() == "large"
    stored = small.account.call("s3", "list_objects_v2", Bucket="templates")["Contents"]
    assert len(large) in [item["Size"] for item in stored]


def test_missing_secrets_are_named(small: Small) -> None:
    """By SSM itself, of which a call may ask for ten."""
    before = small.status(), len(small.account.events(RACK))
    write(small.project, APP, APP_TEMPLATE + "Metadata:\n" + "".join(map(secret, SECRETS)))
    for name in SECRETS[2:]:
        put = {"Name": f"/main/hello/{name}", "Value": "v", "Type": "SecureString"}
        small.account.call("ssm", "put_parameter", **put)
    code, said = small.run()
    assert code == 1
    named = [line.split()[3] for line in said.splitlines() if "does not exist" in line]
    assert named == ["/main/hello/DATABASE_URL", "/main/hello/SECRET_KEY"]
    assert "put-parameter --type SecureString --name /main/hello/SECRET_KEY --value VALUE" in said
    assert said.endswith("deploy.sh: nothing was deployed\n")
    assert (small.status(), len(small.account.events(RACK))) == before


def secret(name: str) -> str:
    return f"  {name}: {{ValueFrom: 'arn:aws:ssm:us-east-1:1:parameter/main/hello/{name}'}}\n"


# --- before the stub


@pytest.fixture
def stub(tmp_path: Path) -> StubAccount:
    return StubAccount(tmp_path)


@pytest.fixture
def hello(compiled: dict[str, Project], tmp_path: Path) -> Project:
    """The example, with an image for its service."""
    project = compiled["hello"].copy(tmp_path)
    project.compile(*IMAGE)
    return project


@pytest.fixture
def fleet(compiled: dict[str, Project], tmp_path: Path, stub: StubAccount) -> Project:
    """The example, with images for its services, and with secrets wherever its apps may stand."""
    project, tasks = compiled["fleet"].copy(tmp_path), Tasks.of("fleet")
    project.give_images(tasks.images())
    project.compile()
    secrets = [
        f"/{rack}/{app}/{name}\n"
        for rack in ("production", "production-2")
        for app in tasks.apps
        for name in tasks.secrets(app)
    ]
    stub.write("secrets", "".join(secrets))
    return project


def test_help_needs_no_account(hello: Project, stub: StubAccount) -> None:
    done = stub.run(hello, "--help")
    assert done.returncode == 0
    for word in ("--rack", "--app", "--parameter", "--dry-run", "RACKFORM_S3_BUCKET", "Exit codes"):
        assert word in done.stdout
    assert "Racks: main\nApps: hello\nStacks: main main-hello\n" in done.stdout
    assert stub.calls("") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rack", "x"], "there is no rack 'x' here; the racks are: production production-2;"),
        (["--app", "shops"], "there is no app 'shops' here; the apps are: accounts blog chat "),
        (["--app"], "there is no app '' here"),
        (["--parameter", "main:A=b"], "there is no stack 'main' here; the stacks are: production "),
        (["--parameter", "production"], "--parameter takes STACK:NAME=VALUE"),
        (["--racks"], "there is no option '--racks'"),
    ],
)
def test_wrong_options(fleet: Project, stub: StubAccount, options: list[str], said: str) -> None:
    done = stub.run(fleet, *options)
    assert done.returncode == 2
    assert done.stdout.startswith(f"deploy.sh: {said}")
    assert stub.calls("") == []


def names(project: Project, rack: str) -> list[str]:
    """The stacks of a rack, in the order of stacks.json."""
    return [s.name for s in project.stacks() if project.output / rack in s.template.parents]


def test_filters_choose_stacks(fleet: Project, stub: StubAccount) -> None:
    everything = [stack.name for stack in fleet.stacks()]
    done = stub.run(fleet)
    passes = [s.name for s in fleet.stacks() for _ in range(2 if s.kind == "app" else 1)]
    assert (done.returncode, stub.deployed()) == (0, passes), done.stdout
    place = f"[{len(everything)}/{len(everything)}]"
    assert f"{place} deploying for the first time {everything[-1]}\n" in done.stdout
    assert f"{place} ending the first deploy of {everything[-1]}\n" in done.stdout

    wanted = {
        ("--app", "shop"): ["production-2-shop"],
        ("--app", "shop", "--app", "docs"): ["production-docs", "production-2-shop"],
        ("--rack", "production"): names(fleet, "production"),
        ("--rack", "production", "--rack", "production-2"): everything,
        ("--rack", "production", "--app", "docs"): ["production", "production-docs"],
    }
    for options, stacks in wanted.items():
        done = stub.run(fleet, *options)
        assert (done.returncode, stub.deployed()) == (0, stacks), options
        assert "left out by" not in done.stdout


def test_an_app_that_moves_is_deployed_on_both_racks(fleet: Project, stub: StubAccount) -> None:
    stub.run(fleet)
    fleet.move("shop", "production")
    assert stub.run(fleet, "--app", "shop").returncode == 0
    assert sorted(stub.deployed()) == ["production-2-shop", *["production-shop"] * 2]


@pytest.fixture
def circle(fleet: Project, stub: StubAccount) -> tuple[str, str]:
    """A fleet that stands and is to change in two phases: the app that takes both, and the other.

    `blog` and `docs` exchange hosts.
    """
    assert stub.run(fleet).returncode == 0
    fleet.edit({"blog.example.org": "docs.example.org"}, "apps/blog/convox.yml")
    fleet.edit({"docs.example.org": "blog.example.org"}, "apps/docs/convox.yml")
    fleet.compile()
    (twice,) = {stack.name for stack in fleet.stacks() if stack.phase == 2}
    other = {"production-blog": "docs", "production-docs": "blog"}[twice]
    return twice.removeprefix("production-"), other


def test_a_later_phase_waits_for_what_is_left_out(
    fleet: Project, stub: StubAccount, circle: tuple[str, str]
) -> None:
    first, second = circle
    done = stub.run(fleet, "--app", first)
    assert done.returncode == 3
    assert stub.deployed() == [f"production-{first}"]
    assert f"[1/2] deploying production-{first} (phase 1)\n" in done.stdout
    assert (
        f"[2/2] leaving out production-{first} (phase 2): "
        f"it follows on what is not deployed: production-{second} (phase 1)\n"
    ) in done.stdout
    left_out = "left out by --rack and --app, in a change of several phases: production (phase 1), "
    assert left_out in done.stdout
    assert "phases are left: deploy without --rack and --app" in done.stdout

    done = stub.run(fleet, "--app", second)
    assert (done.returncode, stub.deployed()) == (0, [f"production-{second}"]), done.stdout
    done = stub.run(fleet, "--app", first)
    assert (done.returncode, stub.deployed()) == (0, [f"production-{first}"] * 2), done.stdout
    done = stub.run(fleet, "--app", first)
    assert (done.returncode, stub.deployed()) == (0, [f"production-{first}"]), done.stdout
    assert f"[1/2] leaving out production-{first} (phase 1): it is past that" in done.stdout


def test_what_was_deployed_in_phases_does_not_go_back(
    fleet: Project, stub: StubAccount, circle: tuple[str, str]
) -> None:
    """An edit that the lock does not know of compiles to the same phases."""
    twice = f"production-{circle[0]}"
    assert stub.run(fleet).returncode == 0
    lock = (fleet.source / "rackform.lock").read_bytes()
    fleet.edit({"image: ghost:5": "image: ghost:6"}, "apps/blog/convox.yml")
    fleet.edit({"image: nginx:1.27": "image: nginx:1.28"}, "apps/docs/convox.yml")
    fleet.compile()
    assert (fleet.source / "rackform.lock").read_bytes() == lock
    assert [stack.phase for stack in fleet.stacks() if stack.name == twice] == [1, 2]
    # Alone too: it has the hosts that it waited for.
    done = stub.run(fleet, "--app", circle[0])
    assert (done.returncode, stub.deployed()) == (0, [twice]), done.stdout
    assert f"[1/2] leaving out {twice} (phase 1): it is past that already\n" in done.stdout
    done = stub.run(fleet)
    assert done.returncode == 0
    assert stub.deployed().count(twice) == 1


def test_a_stack_between_phases_goes_on(
    fleet: Project, stub: StubAccount, circle: tuple[str, str]
) -> None:
    """What stopped half-way and was compiled again goes through what is left."""
    twice, other = (f"production-{app}" for app in circle)
    assert stub.run(fleet, "--app", circle[0]).returncode == 3
    fleet.edit({"image: ghost:5": "image: ghost:6"}, "apps/blog/convox.yml")
    fleet.compile()
    done = stub.run(fleet, "--app", circle[0], "--app", circle[1])
    assert (done.returncode, stub.deployed()) == (0, [twice, other, twice]), done.stdout


@pytest.mark.parametrize("description", ["None", "The app of somebody else"])
@pytest.mark.parametrize(
    ("stack", "advice"), [(RACK, "call the rack otherwise"), (APP, "call the app otherwise")]
)
def test_a_stack_of_others_is_left_alone(
    hello: Project, stub: StubAccount, stack: str, advice: str, description: str
) -> None:
    """Convox calls the stacks of its apps `<rack>-<app>` too."""
    for ours in (RACK, APP):
        stub.stands(ours, "CREATE_COMPLETE", "Certificate")
    stub.stands(stack, "UPDATE_COMPLETE", "Certificate", description=description)
    stub.write(f"{stack}.template", "Resources: {}\n")
    done = stub.run(hello)
    assert done.returncode == 1
    assert f"the stack {stack} stands already, and rackform did not write it" in done.stdout
    assert advice in done.stdout
    assert "nothing was deployed" in done.stdout
    assert stub.calls("cloudformation deploy") == stub.calls("cloudformation delete-stack") == []


def test_filters_that_hold_a_circle_take_both_phases(
    fleet: Project, stub: StubAccount, circle: tuple[str, str]
) -> None:
    first, second = (f"production-{app}" for app in circle)
    done = stub.run(fleet, "--app", circle[0], "--app", circle[1])
    assert (done.returncode, stub.deployed()) == (0, [first, second, first]), done.stdout


def test_a_dry_run_makes_one_change_set_a_stack(
    fleet: Project, stub: StubAccount, circle: tuple[str, str]
) -> None:
    """A change set of a later phase would be about what an earlier one leaves behind."""
    twice = f"production-{circle[0]}"
    done = stub.run(fleet, "--dry-run")
    assert done.returncode == 0
    assert f"making a change set of {twice} (phase 1)\n" in done.stdout
    assert f"leaving out {twice} (phase 2): it follows on the phase before" in done.stdout
    assert sorted(stub.deployed()) == sorted({stack.name for stack in fleet.stacks()})
    assert all("--no-execute-changeset" in words for words in stub.calls("cloudformation deploy"))

    assert stub.run(fleet).returncode == 0
    done = stub.run(fleet, "--dry-run", "--app", circle[0])
    assert f"[1/2] leaving out {twice} (phase 1): it is past that already\n" in done.stdout
    assert f"[2/2] making a change set of {twice} (phase 2)\n" in done.stdout


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed by somebody else (UPDATE_IN_PROGRESS); run again"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "is being changed by somebody else"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name main-hello', and run"),
        ("ROLLBACK_FAILED", "aws cloudformation delete-stack --stack-name main-hello', and run"),
        ("DELETE_FAILED", "aws cloudformation delete-stack --stack-name main-hello', and run"),
        ("UPDATE_FAILED", "aws cloudformation rollback-stack --stack-name main-hello', and run"),
    ],
)
def test_states_in_which_nothing_is_deployed(
    hello: Project, stub: StubAccount, status: str, advice: str
) -> None:
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    stub.stands(APP, status)
    done = stub.run(hello)
    assert done.returncode == 1
    assert f"the stack {APP} is" in done.stdout
    assert advice in done.stdout
    assert done.stdout.endswith("nothing was deployed\n")
    assert stub.deployed() == []


def test_another_answer_than_a_state_stops_everything(hello: Project, stub: StubAccount) -> None:
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    write(hello, APP, TASK + SECRET.format(name="SECRET_KEY"))
    stub.write("refusal", "ExpiredTokenException")
    done = stub.run(hello)
    assert (done.returncode, stub.deployed()) == (1, [])
    assert "ExpiredTokenException" in done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_examples_miss_is_said(
    example: str, compiled: dict[str, Project], stub: StubAccount
) -> None:
    """Every image of a service that is built, and every secret of a container."""
    done, tasks = stub.run(compiled[example]), Tasks.of(example)
    assert (done.returncode, stub.deployed()) == (1, [])
    services = [
        (app, service) for (app, service), _, facts in tasks.services() if "image" not in facts
    ]
    for app, service in services:
        parameter = f"main-{app}:{image_parameter(service)}=REPO:TAG"
        need = f"the service {service} of the app {app} needs an image: --parameter {parameter}, "
        assert need in done.stdout
    assert done.stdout.count("needs an image") == len(services)
    secrets = {f"/main/{app}/{name}" for app in tasks.apps for name in tasks.secrets(app)}
    missing = [line for line in done.stdout.splitlines() if "the secret" in line]
    assert {line.split()[3] for line in missing} == secrets
    assert len(missing) == len(secrets)


@pytest.fixture
def tasks(compiled: dict[str, Project], tmp_path: Path) -> Project:
    """The app has a container that needs an image and twelve secrets."""
    project = compiled["hello"].copy(tmp_path)
    write(project, APP, TASK + "".join(SECRET.format(name=name) for name in SECRETS))
    return project


def test_everything_that_is_missing_is_said_at_once(tasks: Project, stub: StubAccount) -> None:
    stub.write("secrets", "/main/hello/TOKEN_3\n")
    done = stub.run(tasks)
    assert done.returncode == 1
    said = done.stdout.splitlines()
    assert said[:2] == [
        "deploy.sh: the stack main needs a value: --parameter main:Certificate=VALUE",
        "deploy.sh: the service web of the app hello needs an image: "
        "--parameter main-hello:WebImage=REPO:TAG, or images: in rackform.yml, "
        "or --image of rackform compile",
    ]
    assert len([line for line in said if "does not exist: aws ssm put-parameter" in line]) == 11
    assert said[-1] == "deploy.sh: nothing was deployed"
    asked = [words[words.index("--names") + 1 :] for words in stub.calls("ssm get-parameters")]
    assert [len(names) for names in asked] == [10, 2]
    assert "--with-decryption" not in str(stub.calls("ssm"))
    assert stub.deployed() == []


def test_what_is_given_or_known_is_not_missing(tasks: Project, stub: StubAccount) -> None:
    stub.write("secrets", "".join(f"/main/hello/{name}\n" for name in SECRETS))
    image = f"{APP}:WebImage=registry.example.org/door:v1"
    done = stub.run(tasks, "--parameter", CERTIFICATE, "--parameter", image)
    assert (done.returncode, stub.deployed()) == (0, [RACK, APP]), done.stdout
    (_, deployed) = stub.calls("cloudformation deploy")
    assert "WebImage=registry.example.org/door:v1" in deployed
    assert deployed[deployed.index("--capabilities") + 1] == "CAPABILITY_IAM"

    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    stub.stands(APP, "UPDATE_COMPLETE", "FirstDeploy", "WebImage")
    done = stub.run(tasks)
    assert (done.returncode, stub.deployed()) == (0, [RACK, APP]), done.stdout


def test_values_of_a_failed_first_deploy_are_asked_for_again(
    tasks: Project, stub: StubAccount
) -> None:
    """They go with the stack when it is deleted."""
    stub.write("secrets", "".join(f"/main/hello/{name}\n" for name in SECRETS))
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    stub.stands(APP, "ROLLBACK_COMPLETE", "WebImage")
    done = stub.run(tasks)
    assert (done.returncode, stub.deployed()) == (1, [])
    assert "the service web of the app hello needs an image" in done.stdout


def test_who_may_not_ask_for_secrets_goes_on(tasks: Project, stub: StubAccount) -> None:
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    stub.stands(APP, "UPDATE_COMPLETE", "WebImage")
    stub.write("refusal", "AccessDeniedException")
    done = stub.run(tasks)
    assert (done.returncode, stub.deployed()) == (0, [RACK, APP])
    assert "whether all secrets exist is not known: this account may not ask" in done.stdout


def test_parameters_that_no_template_has(hello: Project, stub: StubAccount) -> None:
    """The AWS CLI would pass over them in silence."""
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    done = stub.run(hello, "--parameter", f"{APP}:Certificate=arn", "--parameter", f"{RACK}:A=b")
    assert (done.returncode, stub.deployed()) == (1, [])
    assert "the stack main has no parameter 'A'\n" in done.stdout
    assert "the stack main-hello has no parameter 'Certificate'\n" in done.stdout


def test_a_failure_tells_the_first_ten_events(hello: Project, stub: StubAccount) -> None:
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    stub.write(f"{RACK}.newest", "before\n")
    stub.write(f"{RACK}.fails", "UPDATE_ROLLBACK_COMPLETE\n")
    ours = [f"id-{n}\tResource{n}\tUPDATE_FAILED\treason {n}\n" for n in reversed(range(12))]
    ours.insert(3, "id-x\tFine\tUPDATE_COMPLETE\tNone\n")
    stub.write(f"{RACK}.events", "".join([*ours, "before\tOld\tUPDATE_FAILED\tlong ago\n"]))
    done = stub.run(hello)
    assert done.returncode == 1
    _, _, told = done.stdout.partition("what failed, the oldest first:\n")
    *events, last = told.splitlines()
    assert events == [f"  Resource{n}: reason {n}" for n in range(10)]
    assert last == (
        "deploy.sh: it is in UPDATE_ROLLBACK_COMPLETE and as it was before; mend it, and run "
        "again; stacks that were deployed before it stay deployed"
    )
    assert stub.deployed() == [RACK]


def test_a_deploy_that_takes_longer_than_the_cli_waits(hello: Project, stub: StubAccount) -> None:
    stub.stands(RACK, "CREATE_COMPLETE", "Certificate")
    stub.write(f"{RACK}.fails", "UPDATE_IN_PROGRESS\n")
    done = stub.run(hello)
    assert done.returncode == 1
    assert "it is in UPDATE_IN_PROGRESS and still being changed; run again when" in done.stdout
