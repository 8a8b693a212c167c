"""One browser and one set of pages for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import chromium
from chromium import Chromium
from pages import RACKFORM, Pages


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Every page."""
    assert RACKFORM.is_file(), f"{RACKFORM} is missing: cargo build"
    return Pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser; a machine without one skips its tests, the pipeline may not."""
    if not chromium.found():
        missing = "no Chromium here: apt-get install chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    window = Chromium(tmp_path_factory.mktemp("profile"))
    yield window
    window.driver.quit()
