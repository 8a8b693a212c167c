"""Stands in for jq: the same library behind the few options that are used."""

import json
import sys
from pathlib import Path

import jq


def main() -> None:
    words = sys.argv[1:]
    slurp, arguments, query, file = False, {}, None, None
    while words:
        word = words.pop(0)
        if word == "--slurp":
            slurp = True
        elif word in ("--arg", "--argjson"):
            name, value = words.pop(0), words.pop(0)
            arguments[name] = value if word == "--arg" else json.loads(value)
        elif query is None:
            query = word
        else:
            assert file is None, word
            file = word
    text = Path(file).read_text() if file else sys.stdin.read()
    program = jq.compile(query, args=arguments)
    for found in program.input_text(text, slurp=slurp):
        print(json.dumps(found, indent=2))


main()
