"""Real HTTP through MiniStack's load balancers to one small server a service."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from account import Account
from servers import Server


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    location: str | None


def request(server: Server, router: str, host: str, port: int) -> Answer:
    """GET / of `host` on a router's listener; the port in the Host header picks the listener."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", f"/_alb/{router}/", headers={"Host": f"{host}:{port}"})
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(), response.getheader("Location"))


def handler_saying(name: str) -> type[BaseHTTPRequestHandler]:
    """A handler that answers everything with a service's name."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = name.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    return Handler


@contextlib.contextmanager
def services(names: Iterable[str]) -> Iterator[dict[str, int]]:
    """Run one server a service; hand out their ports."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for name in names:
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler_saying(name))
            stack.callback(server.server_close)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            ports[name] = server.server_address[1]
        yield ports


def register(account: Account, groups: dict[tuple[str, str], str], ports: dict[str, int]) -> None:
    """Put each service's server behind its target groups, in the place of what was there."""
    for (_, service), arn in groups.items():
        account.call(
            "elbv2",
            "register_targets",
            TargetGroupArn=arn,
            Targets=[{"Id": "127.0.0.1", "Port": ports[service]}],
        )
