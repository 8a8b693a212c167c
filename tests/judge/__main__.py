"""`python -m judge DIR`: a line for each fault.

Exit codes: 0 no fault, 1 faults, 2 nothing to judge.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from judge.checks.leaks import Machine, telling_names
from judge.dialect import Unreadable
from judge.faults import Fault
from judge.judgement import judge
from judge.output import LISTING
from judge.project import read_variables


def main() -> int:
    """Judge a folder, as the command line says."""
    options = _options()
    if options.faults:
        print("\n".join(fault.value for fault in Fault))
        return 0
    output = _output(options.project, options.out)
    if output is None:
        print(f"there is no {LISTING} in {options.out}: compile first", file=sys.stderr)
        return 2
    variables = [pair for file in options.env_file for pair in read_variables(file)]
    variables += [(name, value) for name, _, value in (v.partition("=") for v in options.env)]
    try:
        judgement = judge(options.project, output, variables, _machine(options, output))
    except (OSError, Unreadable) as error:
        print(f"{options.project} can't be read: {error}", file=sys.stderr)
        return 2
    for finding in judgement.findings:
        print(finding)
    for note in judgement.notes:
        print(f"note: {note}", file=sys.stderr)
    print(judgement, file=sys.stderr)
    return 1 if judgement.findings else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="judge", description="Judges what rackform compiled.")
    parser.add_argument("project", type=Path, nargs="?", default=Path())
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build"),
        help="the output, seen from here or from the project",
    )
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--env-file", action="append", default=[], type=Path, metavar="FILE")
    parser.add_argument(
        "--marker", action="append", default=[], help="a text that must not be in the output"
    )
    parser.add_argument("--faults", action="store_true", help="list what is looked for")
    return parser.parse_args()


def _output(project: Path, out: Path) -> Path | None:
    """The output of the project: inside of it, or where the compiler was started."""
    folder = project if project.is_dir() else project.parent
    return next((path for path in (folder / out, out) if (path / LISTING).is_file()), None)


def _machine(options: argparse.Namespace, output: Path) -> Machine:
    folders = {Path.cwd(), Path.home(), options.project.resolve(), output.resolve()}
    return Machine(
        markers=tuple(options.marker),
        names=telling_names([socket.gethostname(), os.environ.get("HOSTNAME", "")]),
        # The root of a container is no telling folder.
        folders=tuple(sorted(str(folder) for folder in folders if len(folder.parts) > 2)),
    )


if __name__ == "__main__":
    sys.exit(main())
