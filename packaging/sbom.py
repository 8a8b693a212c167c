#!/usr/bin/env python3
"""Writes what the program is made of, as a bill of materials of CycloneDX 1.6 (JSON).

    sbom.py [--target SYSTEM] > sbom.cdx.json

Every crate that is linked is `required`; macros and what build scripts use ran while it was built and are `excluded`.
The same Cargo.lock and compiler give the same bytes: there is no time in it, and its serial number is made from what it
says. Needs Python and cargo alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
JSON = dict[str, Any]


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout


def cargo(*arguments: str) -> str:
    return output(os.environ.get("CARGO", "cargo"), *arguments, "--locked")


def listed(edges: str, system: str) -> set[tuple[str, str]]:
    """Names and versions of the crates behind these edges."""
    tree = cargo("tree", "--edges", edges, "--target", system, "--prefix", "none", "--format", "{p}")
    crates = (line.split() for line in tree.splitlines())
    return {(name, version.removeprefix("v")) for name, version, *_ in crates}


def purl(name: str, version: str) -> str:
    return f"pkg:cargo/{name}@{version.replace('+', '%2B')}"


def license_of(package: JSON) -> str:
    """The licence as an expression of SPDX; older crates have a slash for OR."""
    return " OR ".join(part.strip() for part in package["license"].split("/"))


def component(package: JSON, checksum: str | None) -> JSON:
    name, version = package["name"], package["version"]
    described: JSON = {
        "type": "library",
        "bom-ref": purl(name, version),
        "name": name,
        "version": version,
        "description": " ".join((package["description"] or "").split()),
        "licenses": [{"expression": license_of(package)}],
        "purl": purl(name, version),
    }
    if package["authors"]:
        described["authors"] = [{"name": author.split(" <")[0]} for author in package["authors"]]
    if checksum:
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def standard_library(compiler: dict[str, str]) -> JSON:
    """It is linked as well, and no Cargo.lock says so."""
    return {
        "type": "library",
        "bom-ref": f"rust-std@{compiler['release']}",
        "name": "rust-std",
        "version": compiler["release"],
        "description": f"The standard library of Rust {compiler['release']} ({compiler['commit-hash']})",
        "scope": "required",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
    }


def bill(system: str) -> JSON:
    compiler = dict(line.split(": ", 1) for line in output("rustc", "-vV").splitlines() if ": " in line)
    system = system or compiler["host"]
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", system))
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in locked}
    packages = {package["id"]: package for package in metadata["packages"]}
    keys = {identity: (package["name"], package["version"]) for identity, package in packages.items()}
    linked, built = listed("normal,no-proc-macro", system), listed("normal,build", system)

    root = metadata["resolve"]["root"]
    main = component(packages[root], None) | {"type": "application"}
    components = []
    for identity, package in packages.items():
        if identity != root and keys[identity] in built:
            scope = "required" if keys[identity] in linked else "excluded"
            components.append(component(package, checksums[keys[identity]]) | {"scope": scope})
    std = standard_library(compiler)
    components.append(std)

    dependencies = [{"ref": std["bom-ref"]}]
    for node in metadata["resolve"]["nodes"]:
        if keys[node["id"]] not in built:
            continue
        used = {
            purl(*keys[dependency["pkg"]])
            for dependency in node["deps"]
            if keys[dependency["pkg"]] in built
            and any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"])
        }
        if node["id"] == root:
            used.add(std["bom-ref"])
        dependencies.append({"ref": purl(*keys[node["id"]]), "dependsOn": sorted(used)})

    said: JSON = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": main,
            "properties": [
                {"name": "rackform:system", "value": system},
                {"name": "rackform:compiler", "value": f"rustc {compiler['release']}"},
            ],
        },
        "components": sorted(components, key=lambda one: one["bom-ref"]),
        "dependencies": sorted(dependencies, key=lambda one: one["ref"]),
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(said, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}"} | said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="", metavar="SYSTEM", help="such as aarch64-unknown-linux-musl; this one unless said")
    print(json.dumps(bill(parser.parse_args().target), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
