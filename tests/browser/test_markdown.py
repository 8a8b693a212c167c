"""`rackform plan --format markdown`, as GitHub shows it."""

from __future__ import annotations

import html
import re
from collections import Counter
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

import judges
from chromium import Chromium
from pages import Pages

LONGEST = 65_536  # characters of a comment
LONGEST_CHART = 50_000
MOST_NODES = 100
TAGS = {
    *("blockquote", "br", "code", "details", "em", "h2", "h3", "input", "li", "p", "pre", "strong", "summary"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
VOID = {"br", "input"}
NOT_IN_TEXT = re.compile(r"@\w|#\d|GH-\d|https?://|www\.")
ROUTING = {"domain-changes-hands", "domains-come-and-go", "new-app", "removed-app", "hosts-in-a-circle"}


class Shown(HTMLParser):
    """The tags of a page, the texts outside of code, and all texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.plain: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        self.tags.append(f"/{tag}")
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        if "code" not in self.open:
            self.plain.append(data)


def shown(page: str) -> Shown:
    """A page as GitHub's parser shows it."""
    extensions = ["table", "autolink", "strikethrough", "tasklist"]
    return Shown(cmarkgfm.markdown_to_html_with_extensions(page, Options.CMARK_OPT_UNSAFE, extensions))


def test_every_page_is_what_it_should_be(pages: Pages) -> None:
    names = pages.names("md")
    assert len(names) > 50
    for name in names:
        page = pages.text(name)
        assert len(page.encode()) <= LONGEST, name
        read = shown(page)
        assert set(read.tags) - {f"/{tag}" for tag in TAGS} <= TAGS, name
        assert not [text for text in read.plain if NOT_IN_TEXT.search(text)], name
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            count = table.splitlines()[1].count("---")
            cells = Counter(read_cells(line) for line in table.splitlines())
            assert set(cells) == {count}, f"{name}: {cells}"


def read_cells(line: str) -> int:
    """Cells of a line of a table."""
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def test_nothing_to_do_is_one_line(pages: Pages) -> None:
    assert pages.text("nothing") == "## Nothing changes against `deployed`: 3 stacks as before\n"


def test_no_value_becomes_markup(pages: Pages) -> None:
    without_code = lambda read: [tag for tag in read.tags if not tag.endswith("code")]  # noqa: E731
    plain = without_code(shown(pages.text("plain")))
    for name in pages.hostile:
        assert without_code(shown(pages.text(name))) == plain, name


def charts(page: str) -> list[str]:
    """The flowcharts of a page, as GitHub's parser sees them."""
    read = cmarkgfm.markdown_to_html_with_extensions(page, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_GITHUB_PRE_LANG, ["table"])
    return [html.unescape(chart) for chart in re.findall(r'<pre lang="mermaid"><code>(.*?)</code></pre>', read, re.DOTALL)]


@pytest.fixture(scope="module")
def mermaid(window: Chromium, pages: Pages) -> Chromium:
    """A window in which Mermaid is, set as on GitHub."""
    page = pages.folder / "judge.html"
    library = judges.library(judges.MERMAID)
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><script src="{library.as_uri()}"></script><body>', encoding="utf-8")
    window.look(1440)
    window.open(page)
    window.script("mermaid.initialize({startOnLoad: false, securityLevel: 'strict'})")
    return window


def drawn(window: Chromium, chart: str) -> list[str]:
    """The labels of a flowchart, drawn."""
    found = window.driver.execute_async_script(
        """const [chart, done] = arguments;
           mermaid.render("chart", chart).then(({svg}) => {
             document.body.innerHTML = svg;
             const labels = [...document.querySelectorAll(".node .nodeLabel")];
             done({labels: labels.map((label) => label.innerText), other: document.querySelectorAll("body img, body a, body script").length});
           }, (error) => done({error: String(error)}));""",
        chart,
    )
    assert "error" not in found, f"{found}\n{chart}"
    assert found["other"] == 0, chart
    return found["labels"]


def test_every_flowchart_is_drawn(mermaid: Chromium, pages: Pages) -> None:
    names = [name for name in pages.names("md") if name not in pages.hostile]
    for name in names:
        found = charts(pages.text(name))
        is_change = pages.text(name).count("\n") > 1
        assert len(found) == is_change, name
        for chart in found:
            labels = drawn(mermaid, chart)
            assert len(chart) < LONGEST_CHART and 2 <= len(labels) < MOST_NODES, name
            if name in ROUTING | {"everything"}:
                mermaid.keep(f"{name}-mermaid")


def test_a_flowchart_says_who_answers(mermaid: Chromium, pages: Pages) -> None:
    (chart,) = charts(pages.text("domain-changes-hands"))
    labels = drawn(mermaid, chart)
    assert labels[0] == "main\npublic router"
    assert any(label.startswith("shop/web\nnews.example.org – from blog/web\n") for label in labels)
    assert any(label.startswith("blog/web\nnews.example.org – to shop/web\n") for label in labels)


def test_no_value_breaks_a_flowchart(mermaid: Chromium, pages: Pages) -> None:
    (plain,) = charts(pages.text("plain"))
    expected = [label.replace("\xa0", " ") for label in drawn(mermaid, plain)]
    values = {
        "attribute": '"><img src=x onerror=alert(1)>',
        "cell": "a|b⧵|c",
        "code": "x` **y** `",
        "entity": "&lt;b&gt;#quot;#35;",
        "list": "1. - * + x",
        "mermaid": '"]-->x["y; end⧵n%%{init}%%',
        "script": "</script><script>alert(1)</script>",
    }
    assert set(values) <= set(pages.hostile)
    for name in pages.hostile:
        (chart,) = charts(pages.text(name))
        labels = drawn(mermaid, chart)
        assert len(labels) == len(expected), name
        if name in values:
            assert any(label.startswith(f"{values[name]}/web\n") for label in labels), (labels, values[name])
