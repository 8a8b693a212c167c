"""Stands in for `gh api` before a repository that is a folder, $STUB_HUB.

    comments.json    comments of pull request 7: id, user and body
    refusal          what writing is answered with instead
    calls            each call, as JSON
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jq

HUB = Path(os.environ["STUB_HUB"])
COMMENTS = HUB / "comments.json"
LIST = "repos/example/fleet/issues/7/comments"
ONE = "repos/example/fleet/issues/comments/"


def refuse(why: str) -> None:
    sys.exit(f"gh: {why}")


def main() -> None:
    words = sys.argv[1:]
    with (HUB / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    if os.environ.get("GH_TOKEN") != "secret":
        refuse("Bad credentials (HTTP 401)")
    assert words.pop(0) == "api", words
    flags, fields, endpoint, method, query = set(), {}, "", "GET", "."
    while words:
        word = words.pop(0)
        if word in ("--silent", "--paginate"):
            flags.add(word)
        elif word == "--method":
            method = words.pop(0)
        elif word == "--jq":
            query = words.pop(0)
        elif word == "--field":
            name, _, value = words.pop(0).partition("=")
            fields[name] = Path(value[1:]).read_text() if value.startswith("@") else value
        else:
            assert not word.startswith("-") and not endpoint, word
            endpoint = word
    comments = json.loads(COMMENTS.read_text())
    if method == "GET":
        url = urlsplit(endpoint)
        assert url.path == LIST and query, endpoint
        size = int(parse_qs(url.query).get("per_page", ["30"])[0])
        assert size <= 100, "a page has 100 at the most"
        pages = [comments[at : at + size] for at in range(0, max(len(comments), 1), size)]
        for page in pages if "--paginate" in flags else pages[:1]:
            for found in jq.compile(query).input_value(page):
                print(found if isinstance(found, str) else json.dumps(found))
        return
    if (HUB / "refusal").exists():
        refuse((HUB / "refusal").read_text())
    if len(fields["body"]) > 65_536:
        refuse("Validation Failed (HTTP 422)\nBody is too long (maximum is 65536 characters)")
    if method == "POST":
        assert endpoint == LIST, endpoint
        user = {"login": "github-actions[bot]"}
        comments.append({"id": 1000 + len(comments), "user": user, "body": fields["body"]})
    else:
        assert method == "PATCH" and endpoint.startswith(ONE), endpoint
        number = int(endpoint.removeprefix(ONE))
        (comment,) = (comment for comment in comments if comment["id"] == number)
        comment["body"] = fields["body"]
    COMMENTS.write_text(json.dumps(comments))


main()
