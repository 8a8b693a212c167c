"""The plain script: prints a JSON template a stack and checks nothing.

    python -m bench.peers.plain FLEET OUT

FLEET is a folder with convox.yml files, or fleet.json with every default filled in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.peers.plain_app import app_template
from bench.peers.plain_rack import rack_template


def read(source: Path) -> list[dict[str, Any]]:
    """The apps of a fleet."""
    if source.is_file():
        return json.loads(source.read_bytes())
    from bench.peers.manifests import read_fleet  # what reads JSON needs no reader of YAML

    return read_fleet(source)


def main() -> None:
    """Write every template on one line, as json.dumps is fast at."""
    source, out = map(Path, sys.argv[1:])
    apps = read(source)
    for rack in {app["rack"] for app in apps}:
        (out / rack / "apps").mkdir(parents=True)
        (out / rack / "rack.json").write_text(json.dumps(rack_template(rack)), encoding="utf-8")
    for app in apps:
        file = out / app["rack"] / "apps" / f"{app['app']}.json"
        file.write_text(json.dumps(app_template(app)), encoding="utf-8")


if __name__ == "__main__":
    main()
