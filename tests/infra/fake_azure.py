"""Azure's REST API as far as the hooks use it, on a port of this machine."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-test"
FUNCTIONS = f"{GROUP}/providers/Microsoft.Web/sites/func-x"
TOPIC = f"{GROUP}/providers/Microsoft.EventGrid/systemTopics/evgt-calls-x"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-x"
BRIDGE = f"{GROUP}/providers/Microsoft.App/containerApps/ca-bridge-x"
DEAD = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdeadx"


@dataclass
class FakeAzure:
    """Resources by path; what it was asked; answers that go wrong on purpose."""

    url: str = ""
    resources: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path and body of each request."""
    failing: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    """Path to answers (status, headers) given before the real one."""
    state_after_put: list[str] = field(default_factory=lambda: ["Creating", "Succeeded"])
    """States that a new event subscription goes through, one a request."""
    tokens: list[str] = field(default_factory=list)
    """Scopes that azd was asked a token for."""

    def azd(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """`azd auth token`, signed in."""
        scope = command[command.index("--scope") + 1]
        self.tokens.append(scope)
        token = {"token": f"token for {scope}", "expiresOn": "2030-01-01T00:00:00Z"}
        return subprocess.CompletedProcess(command, 0, json.dumps(token), "")

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and body."""
        if method == "GET" and path in self.resources:
            found = self.resources[path]
            if "eventSubscriptions" in path and self.state_after_put:
                found["properties"]["provisioningState"] = self.state_after_put.pop(0)
            return 200, found
        if method == "PUT":
            self.resources[path] = body
            return 201, body
        if method == "DELETE" and self.resources.pop(path, None) is not None:
            return 202, None
        if method == "POST" and path.endswith("/register"):
            self.resources[path.removesuffix("/register")] = {"registrationState": "Registered"}
            return 200, {"registrationState": "Registering"}
        if method == "POST" and path.endswith(("/deactivate", "/purge")):
            return 202, None
        return 404, {"error": {"code": "ResourceNotFound", "message": f"no {path}"}}

    def did(self, method: str) -> list[str]:
        """Paths asked with a method."""
        return [path for asked, path, _ in self.asked if asked == method]


@contextmanager
def fake_azure() -> Iterator[FakeAzure]:
    """Serve until left."""
    fake = FakeAzure()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            fake.asked.append((self.command, parts.path, body))
            status, content, headers = 200, None, dict[str, str]()
            if not self.headers.get("Authorization", "").startswith("Bearer token for "):
                status, content = (
                    401,
                    {"error": {"code": "InvalidAuthenticationToken", "message": "no token"}},
                )
            elif "api-version" not in parse_qs(parts.query):
                status, content = (
                    400,
                    {"error": {"code": "MissingApiVersionParameter", "message": "no version"}},
                )
            elif fake.failing.get(parts.path):
                status, headers = fake.failing[parts.path].pop(0)
                content = {"error": {"code": "Busy", "message": "try later"}}
            else:
                status, content = fake.answer(self.command, parts.path, body)
            text = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - http.server looks for these names

        def log_message(self, *_: object) -> None:
            """Nothing to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
