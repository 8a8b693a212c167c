"""Stands in for curl before a project on GitLab that is a folder, $STUB_LAB.

    notes.json    notes of merge request 7: id, author and body
    refusal       what writing is answered with instead
    calls         each call, as JSON
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LAB = Path(os.environ["STUB_LAB"])
NOTES = LAB / "notes.json"
API = "https://git.example.org/api/v4/"
LIST = "projects/3/merge_requests/7/notes"
BOT = {"id": 99, "username": "project_3_bot"}


def answer(body: object, status: int = 200) -> None:
    print(json.dumps(body))
    if status >= 400:
        print(f"curl: (22) The requested URL returned error: {status}", file=sys.stderr)
        sys.exit(22)
    sys.exit(0)


def main() -> None:
    words = sys.argv[1:]
    with (LAB / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    method, fields, url, headers, fails = "GET", {}, None, "", False
    while words:
        word = words.pop(0)
        if word == "--request":
            method = words.pop(0)
        elif word == "--config":
            assert words.pop(0) == "-"
            headers = sys.stdin.read()
        elif word == "--output":
            assert words.pop(0) == os.devnull
            sys.stdout = open(os.devnull, "w")
        elif word == "--data-urlencode":
            name, _, file = words.pop(0).partition("@")
            fields[name] = Path(file).read_text()
        elif word == "--fail-with-body":
            fails = True
        elif word not in ("--silent", "--show-error"):
            assert url is None and word.startswith(API), word
            url = urlsplit(word.removeprefix(API))
    assert fails and url is not None
    if headers != 'header = "PRIVATE-TOKEN: secret"\n':
        answer({"message": "401 Unauthorized"}, 401)
    if url.path == "user":
        answer(BOT)
    notes = json.loads(NOTES.read_text())
    if method == "GET":
        assert url.path == LIST
        query = {name: int(value[0]) for name, value in parse_qs(url.query).items()}
        start = (query["page"] - 1) * query["per_page"]
        assert query["per_page"] <= 100, "a page has 100 at the most"
        answer(notes[start : start + query["per_page"]])
    if (LAB / "refusal").exists():
        answer({"message": (LAB / "refusal").read_text()}, 403)
    if method == "POST":
        assert url.path == LIST
        notes.append({"id": 1000 + len(notes), "author": BOT, "body": fields["body"]})
    else:
        assert method == "PUT" and url.path.startswith(f"{LIST}/")
        number = int(url.path.removeprefix(f"{LIST}/"))
        (note,) = (note for note in notes if note["id"] == number)
        note["body"] = fields["body"]
    NOTES.write_text(json.dumps(notes))
    answer({})


main()
