"""troposphere as its users write it: objects of each resource, and `to_json`.

    python -m bench.peers.with_troposphere fleet.json OUT

It is told the fleet with every default filled in, where each app lives and the number of each rule.
troposphere checks the types of properties, and that those which must be there are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.peers.troposphere_app import app_template
from bench.peers.troposphere_rack import rack_template


def main() -> None:
    """Write every template, as troposphere does unless it is told otherwise: indented."""
    source, out = map(Path, sys.argv[1:])
    apps = json.loads(source.read_bytes())
    for rack in {app["rack"] for app in apps}:
        (out / rack / "apps").mkdir(parents=True)
        (out / rack / "rack.json").write_text(rack_template(rack).to_json(), encoding="utf-8")
    for app in apps:
        file = out / app["rack"] / "apps" / f"{app['app']}.json"
        file.write_text(app_template(app).to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
