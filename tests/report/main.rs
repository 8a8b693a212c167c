//! Plans as Markdown and as a page: what is told, in which order, and what no value can do. The pages are kept in
//! the folder of the build, where the tests of `tests/browser` look at them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod plans;

use std::fs;
use std::path::Path;

use plans::{everything, hostile, huge, nothing};
use rackform::report::{html, markdown};

/// Values that mean something to Markdown, Mermaid, HTML or a script.
const HOSTILE: [(&str, &str); 17] = [
    ("heading", "a\n\n# b"),
    ("fence", "a\r\n```\n<script>alert(1)</script>"),
    ("script", "</script><script>alert(1)</script>"),
    ("details", "</details>"),
    ("cell", "a|b\\|c"),
    ("mention", "@everyone"),
    ("issue", "#1 GH-1"),
    ("code", "x` **y** `"),
    ("comment", "<!-- "),
    ("alert", "\n> [!CAUTION]"),
    ("attribute", "\"><img src=x onerror=alert(1)>"),
    ("single", "' autofocus x='"),
    ("template", "{{ 7 * 7 }}{% x %}"),
    ("entity", "&lt;b&gt;#quot;#35;"),
    ("mermaid", "\"]-->x[\"y; end\n%%{init}%%"),
    ("list", "1. - * + x"),
    ("unicode", "\u{202e}gro\u{200b}.漢字😀"),
];

/// Keep a page for whoever has a browser.
fn keep(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), page).unwrap();
}

/// What a page is made of, without its texts and the values of attributes; and without code, which any backtick
/// in a sentence makes.
fn skeleton(page: &str) -> Vec<String> {
    let tag = |part: &'_ str| part.split_once('>').expect("a tag ends").0.split('"').step_by(2).collect::<String>();
    page.split('<').skip(1).map(tag).filter(|tag| !tag.ends_with("code")).collect()
}

#[test]
fn nothing_to_do_is_one_line() {
    assert_eq!(markdown(&nothing()), "## Nothing changes against `build`: 3 stacks as before\n");
}

#[test]
fn the_worst_comes_first() {
    let page = markdown(&everything());
    keep("everything.md", &page);
    let places: Vec<usize> = [
        "## 3 stacks change: 1 high risk\n",
        "> [!CAUTION]\n> **1 high risk**\n>\n> - `main/public`: **`www.example.org` changes hands from `blog/front` to `shop/web`**<br/>",
        "> [!WARNING]",
        "> [!NOTE]",
        "| **`www.example.org`** | `blog/front` | **`shop/web`** | **changes hands** |",
        "| `api.www.example.org` | `shop/api` on `main` | `shop/api` on `main-2` | moves to another rack |",
        "```mermaid\n",
        "| `main/public` | █████████▒ **18 of 20, 16 before, 19 during the update** | ██░",
        "**Phase 2**, about 20 to 100 seconds: `shop`\n",
        "<details><summary><code>shop</code>: updated, 1 replaced, 1 removed, 1 changed in place, 1 added; about 1 to 7 minutes</summary>",
        "\n```diff\n# whoever deploys gives Certificate\n~ parameter WebImage: shop:1 → as deployed\n! WebTargetGroup  ElasticLoadBalancingV2::TargetGroup  replaced\n",
        "      Port: 3000 → 30001  (replaces)\n",
        "- WebRule1",
        "- `blog`: left until somebody deletes it\n",
    ]
    .into_iter()
    .map(|part| page.find(part).unwrap_or_else(|| panic!("{part} is missing")))
    .collect();
    assert!(places.is_sorted(), "{places:?}\n{page}");
}

#[test]
fn what_is_too_long_is_shortened_by_importance() {
    let page = markdown(&huge(3000, 20_000));
    keep("huge.md", &page);
    assert!(page.len() <= 65_000 && page.len() > 58_000, "{}", page.len());
    for part in [
        "**`www.example.org` changes hands",
        "| **`www.example.org`** |",
        "| `main/public` | █████████▒",
        "```mermaid\n",
        "**Phase 2**",
        "! WebTargetGroup",
        "- `blog`: left until",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    for (word, all) in [("risk", 3003), ("host", 20_004), ("stack", 3004)] {
        let note = page.lines().find(|line| line.contains(&format!("{word}s more; the whole plan: "))).expect("a note");
        let hidden: usize = note.trim_start_matches(|c: char| !c.is_ascii_digit()).split(' ').next().unwrap().parse().unwrap();
        assert!((all / 2..all).contains(&hidden), "{note}");
    }
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
    assert_eq!(page.matches("```").count() % 2, 0);
}

#[test]
fn no_size_of_a_plan_is_too_long() {
    for stacks in [1, 40, 160, 640] {
        let page = markdown(&huge(stacks, stacks * 7));
        assert!(page.len() <= 65_000, "{stacks}: {}", page.len());
    }
    for long in ["x".repeat(3000), "`".repeat(3000), "|*".repeat(1500), "\u{202e}".repeat(1000)] {
        let page = markdown(&hostile(&long));
        assert!(page.len() <= 65_536, "{long:.5}: {}", page.len());
    }
}

#[test]
fn no_value_adds_a_line_or_leaves_its_code() {
    let plain = markdown(&hostile("x"));
    keep("plain.md", &plain);
    for (name, value) in HOSTILE {
        let page = markdown(&hostile(value));
        keep(&format!("{name}.md"), &page);
        assert_eq!(page.lines().count(), plain.lines().count(), "{value:?}\n{page}");
        for (line, plain) in page.lines().zip(plain.lines()) {
            assert_eq!(line.chars().next(), plain.chars().next(), "{line}\n{plain}");
        }
    }
}

#[test]
fn a_page_needs_nobody_else() {
    let page = html(&everything());
    assert!(page.contains("content=\"default-src &#39;none&#39;; style-src &#39;sha256-"));
    for outside in ["src=", "url(", "@import", " style=", " onclick", "http://", "https://"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn nothing_to_do_is_said_and_the_search_stays() {
    let page = html(&nothing());
    keep("nothing.html", &page);
    assert!(page.contains("<h1>Nothing changes, 3 stacks as before</h1>"));
    assert!(page.contains("id=\"query\"") && !page.contains("id=\"stacks\"") && !page.contains("id=\"risks\""));
}

#[test]
fn everything_is_told() {
    let page = html(&everything());
    keep("everything.html", &page);
    for part in [
        "<h1>3 stacks change, with 1 high risk</h1>",
        "<li class=\"risk high\"><span class=\"level\">High risk</span>\n<div><p class=\"what\"><code>www.example.org</code> changes hands from",
        "<th scope=\"row\">old.www.example.org</th>",
        "aria-valuemin=\"0\" aria-valuemax=\"20\" aria-valuenow=\"18\" aria-valuetext=\"18 of 20, 16 before, 19 during the update\">\
         <rect class=\"track\" width=\"1000\" height=\"12\"/><rect class=\"peak\" width=\"950\" height=\"12\"/>\
         <rect class=\"held\" width=\"900\" height=\"12\"/><path class=\"mark\" d=\"M800 0V12\"/></svg>",
        "<path class=\"edge takes\"",
        "<text x=\"14\" y=\"44\" class=\"host takes\">www.example.org<title>www.example.org</title></text>",
        ">from blog/front</text>",
        "<b>Phase 2</b>",
        "<del>3000</del><span class=\"to\"> → </span><ins>30001</ins>",
        "<span class=\"how\">replaces</span>",
        "<b>Written no longer</b>",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
}

#[test]
fn no_value_adds_an_element_or_an_attribute() {
    let plain = html(&hostile("x"));
    for (name, value) in HOSTILE {
        let page = html(&hostile(value));
        keep(&format!("{name}.html"), &page);
        assert!(skeleton(&page) == skeleton(&plain), "{value}");
    }
}

#[test]
fn a_large_plan_is_whole_and_its_hosts_are_data() {
    let plan = huge(300, 5000);
    let page = html(&plan);
    keep("huge.html", &page);
    assert_eq!(page.matches("<details class=\"stack\"").count(), 304);
    assert_eq!(page.matches("<th scope=\"row\">").count(), 100);
    assert!(page.contains("4904 more are found by the search") && page.contains("Find one of 5006 hosts"));
    let data = page.split_once("id=\"data\">").unwrap().1.split_once('<').unwrap().0;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["changed"].as_array().unwrap().len(), 5004);
    assert!(page.contains("273 services more not drawn"));
}
