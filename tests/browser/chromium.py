"""A headless Chromium that tells what a page asks for and complains of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.remote.webelement import WebElement

from pages import TARGET

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = TARGET / "browser"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def found() -> tuple[str, str] | None:
    """The paths of the browser and of its driver."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Chromium:
    """A window."""

    def __init__(self, profile: Path) -> None:
        paths = found()
        assert paths
        options = webdriver.ChromeOptions()
        options.binary_location = paths[0]
        for option in (*OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(paths[1]))

    def look(self, width: int, theme: str = "light", height: int = 900, media: str = "screen") -> None:
        """Set the size of the window, and what the system says of it."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def open(self, page: Path, fragment: str = "") -> None:
        """Open a file, as if for the first time."""
        self.driver.get("about:blank")
        self.requests()
        self.complaints()
        self.driver.get(page.as_uri() + fragment)

    def requests(self) -> list[str]:
        """What was asked for since this was asked the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]

    def complaints(self) -> list[str]:
        """What stands in the console since this was asked the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def script(self, text: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(text, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        """All elements that can be seen."""
        return [one for one in self.driver.find_elements("css selector", selector) if one.is_displayed()]

    def one(self, selector: str) -> WebElement:
        """The first element."""
        return self.driver.find_element("css selector", selector)

    def type(self, selector: str, text: str) -> None:
        """Put a text where another one was."""
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def keep(self, name: str) -> None:
        """Keep a picture of the whole page, as far as it is not endless."""
        width = self.script("return innerWidth")
        height = min(self.script("return document.documentElement.scrollHeight"), 6000)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))
