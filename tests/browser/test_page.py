"""`rackform plan --format html`, as a person uses it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

import judges
from chromium import Chromium
from pages import CASES, Pages

SIZES = ((360, "dark"), (1440, "light"))
JUDGED = ("domain-changes-hands", "hosts-in-a-circle", "move-begins", "scheme", "nothing")
SHOWN = (*JUDGED, "new-app", "rack-params", "removed-app", "everything")


def judged(window: Chromium) -> list[str]:
    """What axe-core finds."""
    window.script(judges.library(judges.AXE).read_text(encoding="utf-8"))
    found = window.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done, done)"
    )
    return [f"{one['id']}: {node['html']}: {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("name", (*CASES, "everything", "huge"))
def test_a_page_needs_nobody_and_nothing_is_wrong(window: Chromium, pages: Pages, name: str) -> None:
    for width, theme in SIZES if name in SHOWN else SIZES[:1]:
        window.look(width, theme)
        window.open(pages.file(name, "html"))
        assert window.requests() == [pages.file(name, "html").as_uri()]
        assert window.script("return document.documentElement.scrollWidth") <= width
        assert len(window.all("h1")) == 1
        if name in SHOWN:
            window.script("document.querySelectorAll('.stack').forEach((stack) => (stack.open = true))")
            assert window.script("return document.documentElement.scrollWidth") <= width
            window.keep(f"{name}-{width}-{theme}")
        assert window.complaints() == []


@pytest.mark.parametrize("name", (*JUDGED, "everything"))
@pytest.mark.parametrize("theme", ("light", "dark"))
def test_everybody_can_read_it(window: Chromium, pages: Pages, name: str, theme: str) -> None:
    window.look(1100, theme)
    window.open(pages.file(name, "html"))
    window.script("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert judged(window) == []


def test_no_value_does_anything(window: Chromium, pages: Pages) -> None:
    window.look(1100)
    for name in pages.hostile:
        window.open(pages.file(name, "html"))
        assert window.requests() == [pages.file(name, "html").as_uri()], name
        assert window.all("img") == [] and window.all("[onerror]") == [] and window.all("[autofocus]") == []
        window.type("#query", "x")
        assert window.complaints() == [], name  # an alert would have failed this already


def test_the_policy_stops_what_is_not_ours(window: Chromium, pages: Pages) -> None:
    window.look(1100)
    page = pages.folder / "tampered.html"
    added = "<script>document.title = 'mine'</script><img src='https://example.org/x.png' onerror='document.title = 1'></main>"
    page.write_text(pages.text("everything", "html").replace("</main>", added), encoding="utf-8")
    window.open(page)
    assert window.driver.title == "3 stacks change, with 1 high risk"
    assert any("Content Security Policy" in complaint for complaint in window.complaints())


@pytest.mark.parametrize("name", ("new-app", "removed-app", "second-rack", "scheme"))
def test_bars_are_as_long_as_the_plan_says(window: Chromium, pages: Pages, name: str) -> None:
    window.look(1440)
    window.open(pages.file(name, "html"))
    seen = 0
    for router in pages.plan(name)["routers"]:
        for kind in router["kinds"]:
            bar = window.one(f"[aria-label='{kind['kind']} of {router['rack']}/{router['router']}']")
            whole, peak, held = (
                window.script("return arguments[0].querySelector(arguments[1]).getBoundingClientRect().width", bar, f".{part}")
                for part in ("track", "peak", "held")
            )
            assert held / whole == pytest.approx(kind["after"] / kind["quota"], abs=0.0015)
            assert peak / whole == pytest.approx(max(kind["peak"], kind["after"]) / kind["quota"], abs=0.0015)
            marks = window.script("return [...arguments[0].querySelectorAll('.mark')].map((one) => one.getBBox().x)", bar)
            is_moved = kind["before"] != kind["after"] and not router["is_new"]
            assert marks == ([pytest.approx(1000 * kind["before"] / kind["quota"], abs=1.5)] if is_moved else [])
            assert bar.get_attribute("aria-valuenow") == str(kind["after"])
            seen += 1
    assert seen >= 3


def test_stacks_fold_and_can_be_found(window: Chromium, pages: Pages) -> None:
    window.look(1440)
    window.open(pages.file("scheme", "html"))
    (stack,) = window.all(".stack")
    assert window.all(".inside") == []
    stack.find_element("css selector", "summary").click()
    assert "WebTargetGroup" in stack.text and "requests get a 503" in stack.text
    stack.find_element("css selector", "summary").send_keys(Keys.ENTER)
    assert window.all(".inside") == []

    window.open(pages.file("hosts-in-a-circle", "html"))
    assert [one.text for one in window.all(".phase-head b")] == ["Phase 1", "Phase 2"]
    window.one("#open").click()
    assert len(window.all(".inside")) == 3
    window.one("#close").click()
    assert window.all(".inside") == []
    window.type("#filter", "Shop")
    assert [one.get_attribute("data-name") for one in window.all(".stack")] == ["main-shop"]


def test_a_link_opens_its_stack(window: Chromium, pages: Pages) -> None:
    window.look(1440)
    window.open(pages.file("removed-app", "html"))
    window.one(".risk .at a").click()
    (inside,) = window.all(".inside")
    assert "delete-stack --stack-name main-docs" in inside.text
    window.open(pages.file("removed-app", "html"), "#stack-0")
    assert len(window.all(".inside")) == 1


def rows(window: Chromium) -> list[list[str]]:
    """The table of hosts that is seen."""
    return window.script(
        """const seen = [...document.querySelectorAll("#hosts tbody tr")].filter((row) => row.checkVisibility());
           return seen.map((row) => [...row.cells].map((cell) => cell.innerText));"""
    )


def test_hosts_are_found(window: Chromium, pages: Pages) -> None:
    window.look(1440)
    window.open(pages.file("domain-changes-hands", "html"))
    change = ["news.example.org", "public", "blog/web on main", "shop/web on main", "changes hands"]
    assert rows(window) == [change]
    window.type("#query", "https://NEWS.example.org/")
    assert rows(window) == [change]
    assert window.one("#found").text == "1 found"
    window.type("#query", "shop.example")
    assert rows(window) == [
        ["shop.example.org", "public", "shop/web on main", "shop/web on main", "as before"],
        ["www.shop.example.net", "public", "shop/web on main", "shop/web on main", "as before"],
    ]
    window.type("#query", "blog/web")  # who answered or answers: what changes comes first
    assert rows(window)[0] == change and len(rows(window)) == 4
    window.type("#query", "nobody.knows")
    assert rows(window) == [] and window.one("#found").text == "0 found"
    window.script("const field = document.getElementById('query'); field.value = ''; field.dispatchEvent(new Event('input'))")
    assert rows(window) == [change]


def test_a_pattern_answers_for_what_it_covers(window: Chromium, pages: Pages) -> None:
    window.look(1440)
    window.open(pages.file("everything", "html"))
    window.type("#query", "some.www.example.org")
    assert [row[0] for row in rows(window)] == ["*.www.example.org"]
    window.type("#query", "someXwwwXexampleXorg")
    assert rows(window) == []


def with_hosts(page: str, data: dict[str, Any]) -> str:
    """A page with other hosts."""
    return re.sub(r'(<script type="application/json" id="data">).*?(</script>)', lambda found: found[1] + json.dumps(data) + found[2], page)


def test_fifty_thousand_hosts_are_no_burden(window: Chromium, pages: Pages) -> None:
    hosts = [f"host-{number}.app-{number % 700}.example.org" for number in range(50_000)]
    answerers = [f"app-{number}/web on rack-{number % 9}" for number in range(700)]
    data = {
        "answerers": answerers,
        "same": [["public", number, hosts[number::700]] for number in range(700)],
        "changed": [["late.example.org", "public", "begins to be answered", [], [3]]],
    }
    page = pages.folder / "many.html"
    page.write_text(with_hosts(pages.text("nothing", "html"), data), encoding="utf-8")
    window.look(1440)
    window.open(page)
    window.type("#query", "h")  # reads the data
    milliseconds = window.script(
        """const field = document.getElementById("query");
           const times = ["host-4", "host-49999", "example", "app-12/web", "*", "late"].map((text) => {
             const start = performance.now();
             field.value = text;
             field.dispatchEvent(new Event("input"));
             document.body.getBoundingClientRect();
             return performance.now() - start;
           });
           return Math.max(...times);"""
    )
    assert milliseconds < 250, "a key takes too long"
    assert [row[0] for row in rows(window)] == ["late.example.org"]
    window.type("#query", "host-49999.")
    assert rows(window) == [["host-49999.app-299.example.org", "public", *["app-299/web on rack-2"] * 2, "as before"]]
    window.type("#query", "host-")
    assert len(rows(window)) == 100
    assert window.one("#found").text == "50000 found, the first 100 are shown"


def test_the_theme_is_the_systems_or_ours(window: Chromium, pages: Pages) -> None:
    def background() -> str:
        return window.script("return getComputedStyle(document.body).backgroundColor")

    colours = {}
    for theme in ("light", "dark"):
        window.look(1440, theme)
        window.open(pages.file("everything", "html"))
        colours[theme] = background()
        assert window.one("#theme").text == "Theme: system"
    assert colours["light"] != colours["dark"]
    window.one("#theme").click()
    assert (window.one("#theme").text, background()) == ("Theme: light", colours["light"])
    window.one("#theme").click()
    assert (window.one("#theme").text, background()) == ("Theme: dark", colours["dark"])
    window.look(1440, "light")
    assert background() == colours["dark"]
    window.one("#theme").click()
    assert (window.one("#theme").text, background()) == ("Theme: system", colours["light"])


def test_paper_has_what_matters(window: Chromium, pages: Pages) -> None:
    window.look(1000, "dark", media="print")
    window.open(pages.file("everything", "html"))
    assert window.script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert window.all("nav, button, input") == []
    order = [section.get_attribute("id") or section.get_attribute("class") for section in window.all("section")]
    assert order == ["tiles", "risks", "hosts", "routers", "routing", "stacks"]
    window.keep("everything-print")


def test_without_scripts_all_is_there_but_the_tools(window: Chromium, pages: Pages) -> None:
    window.look(1100)
    window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        window.open(pages.file("everything", "html"))
        assert window.all("#finder, #tools, #theme") == []
        assert len(window.all("#hosts tbody tr")) == 4
        window.one(".stack summary").click()
        assert "WebTargetGroup" in window.one(".stack").text
    finally:
        window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
