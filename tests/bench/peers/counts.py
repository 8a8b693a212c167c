"""How many resources, parameters and exports there are in the templates of apps, and of one rack.

    python -m bench.peers.counts OUT

A process of its own, so that the memory for it is not the one that measures.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml


def count(folder: Path) -> dict[str, Counter[str]]:
    """Types of resources with their numbers: over all apps, and in the last rack.

    Racks are all alike, and who places apps in another way has another number of them.
    """
    counts = {"apps": Counter[str](), "rack": Counter[str]()}
    for path in sorted(folder.rglob("*")):
        template = _template(path) if path.suffix in (".yaml", ".json") else None
        if template:
            types = Counter(resource["Type"] for resource in template["Resources"].values())
            types["templates"] = 1
            types["parameters"] = len(template.get("Parameters", {}))
            types["exports"] = len(template.get("Outputs", {}))
            if "AWS::ECS::Cluster" in types:
                counts["rack"] = types
            else:
                counts["apps"] += types
    return counts


def _template(path: Path) -> dict[str, Any] | None:
    # JSON is YAML, and read as what it is far faster.
    text = path.read_bytes()
    read = json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)
    return read if isinstance(read, dict) and "Resources" in read else None


if __name__ == "__main__":
    print(json.dumps(count(Path(sys.argv[1])), sort_keys=True))
