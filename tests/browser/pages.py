"""Plans of the changes in `tests/plan/`, in every form that a browser sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "target"
SHELF = REPOSITORY / "tests" / "plan"
CASES = tuple(sorted(folder.parent.name for folder in SHELF.glob("*/before")))
RACKFORM = Path(os.environ.get("RACKFORM", TARGET / "debug" / "rackform"))
FORMATS = {"html": "html", "md": "markdown", "json": "json"}


def run(*words: str, folder: Path) -> str:
    """What the program prints."""
    command = [str(RACKFORM), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Pages:
    """The files of all plans: `NAME.html`, `NAME.md` and, of changes, `NAME.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._change, CASES))
        tests = ["cargo", "test", "--locked", "--quiet", "--test", "report"]
        done = subprocess.run(tests, cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        made = list((TARGET / "tmp" / "pages").iterdir())
        for page in made:
            shutil.copy(page, folder)
        self.hostile = sorted({page.stem for page in made} - {"everything", "huge", "nothing", "plain"})
        assert len(self.hostile) > 15, self.hostile

    def _change(self, name: str) -> None:
        """Deploy what was before, lay the change over it, and plan."""
        project = self.folder / "projects" / name
        shutil.copytree(SHELF / name / "before", project)
        command = SHELF / name / "command"
        commands = command.read_text().splitlines() if command.is_file() else []
        run("compile", "-q", folder=project)
        for words in commands[:-1]:
            run(*words.split(), folder=project)
        shutil.copytree(project / "build", project / "deployed")
        if (SHELF / name / "after").is_dir():
            shutil.copytree(SHELF / name / "after", project, dirs_exist_ok=True)
        for words in commands[-1:]:
            run(*words.split(), folder=project)
        for suffix, form in FORMATS.items():
            text = run("plan", "-q", "--against", "deployed", "--format", form, folder=project)
            self.file(name, suffix).write_text(text, encoding="utf-8")

    def file(self, name: str, suffix: str) -> Path:
        """Where a page lies."""
        return self.folder / f"{name}.{suffix}"

    def text(self, name: str, suffix: str = "md") -> str:
        """What is in it."""
        return self.file(name, suffix).read_text(encoding="utf-8")

    def plan(self, name: str) -> dict[str, Any]:
        """The plan of a change as data."""
        return json.loads(self.text(name, "json"))

    def names(self, suffix: str) -> list[str]:
        """All pages of a form."""
        return sorted(page.stem for page in self.folder.glob(f"*.{suffix}"))
