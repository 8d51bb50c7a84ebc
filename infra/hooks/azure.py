"""Azure's REST API with the sign-in of azd. Standard library only."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MANAGEMENT: Final = "https://management.azure.com"
_MANAGEMENT_SCOPE: Final = "https://management.azure.com/.default"

_TIMEOUT: Final = 60.0
_TRIES: Final = 4
_LONGEST_PAUSE: Final = 20.0
"""Seconds between tries, whatever Retry-After says."""


class AzureError(Exception):
    """Azure, or azd, did not do as asked. `status` is None when there was no answer."""

    def __init__(self, text: str, status: int | None = None, code: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)  # noqa: S603 - our own words


@dataclass
class Azure:
    """Requests to Azure Resource Manager, and to services of Azure by their full address."""

    management: str = MANAGEMENT
    run: Callable[[list[str]], subprocess.CompletedProcess[str]] = _run
    sleep: Callable[[float], None] = time.sleep
    _tokens: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, version: str, scope: str = _MANAGEMENT_SCOPE) -> Any:  # noqa: ANN401 - JSON
        """The decoded answer.

        Raises:
            AzureError
        """
        return self.request("GET", path, version, scope=scope)

    def find(self, path: str, version: str) -> Any | None:  # noqa: ANN401 - JSON
        """As `get`; None when there is no such thing."""
        try:
            return self.get(path, version)
        except AzureError as error:
            if error.status == 404:
                return None
            raise

    def list(self, path: str, version: str, scope: str = _MANAGEMENT_SCOPE) -> Iterator[Any]:
        """All items of a list, page by page."""
        page = self.get(path, version, scope)
        while True:
            yield from page.get("value", page.get("phoneNumbers", []))
            following = page.get("nextLink")
            if not following:
                return
            page = self.request("GET", following, None, scope=scope)

    def request(
        self,
        method: str,
        path: str,
        version: str | None,
        body: Mapping[str, Any] | None = None,
        scope: str = _MANAGEMENT_SCOPE,
    ) -> Any:  # noqa: ANN401 - JSON
        """One request, tried again while Azure is busy. `path` begins with a slash, or is a full address.

        Raises:
            AzureError: with Azure's own words.
        """
        url = path if "://" in path else self.management + path
        if version is not None:
            url += ("&" if "?" in url else "?") + f"api-version={version}"
        for attempt in range(1, _TRIES + 1):
            request = urllib.request.Request(  # noqa: S310 - https, or a server of the tests
                url,
                method=method,
                data=None if body is None else json.dumps(body).encode(),
                headers={"Authorization": f"Bearer {self.token(scope)}", "Content-Type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
                    content = answer.read()
                    return json.loads(content) if content else None
            except urllib.error.HTTPError as error:
                failure = _explain(method, url, error)
                if (error.code not in (408, 429) and error.code < 500) or attempt == _TRIES:
                    raise failure from error
                self.sleep(min(float(error.headers.get("Retry-After") or 2**attempt), _LONGEST_PAUSE))
            except (urllib.error.URLError, TimeoutError) as error:
                if attempt == _TRIES:
                    raise AzureError(f"{method} {_without_query(url)}: {error}") from error
                self.sleep(2**attempt)
        raise AssertionError("unreachable: the last try returns or raises")

    def token(self, scope: str = _MANAGEMENT_SCOPE) -> str:
        """An access token of whoever is signed in to azd.

        Raises:
            AzureError: nobody is.
        """
        if scope not in self._tokens:
            try:
                answer = self.run(["azd", "auth", "token", "--output", "json", "--scope", scope])
            except FileNotFoundError as error:
                raise AzureError("azd is not on the PATH") from error
            except subprocess.TimeoutExpired as error:
                raise AzureError("azd auth token: no answer; run: azd auth login") from error
            if answer.returncode != 0:
                raise AzureError(f"azd auth token: {answer.stderr.strip() or 'failed'}; run: azd auth login")
            self._tokens[scope] = json.loads(answer.stdout)["token"]
        return self._tokens[scope]

    def wait_until(self, done: Callable[[], bool], seconds: float, pause: float = 5.0) -> bool:
        """Ask again and again until `done`, for about so many seconds; whether it was."""
        waited = 0.0
        while not done():
            if waited >= seconds:
                return False
            self.sleep(pause)
            waited += pause
        return True


def _explain(method: str, url: str, error: urllib.error.HTTPError) -> AzureError:
    text = error.read().decode(errors="replace")
    code, message = "", text[:300]
    try:
        inner = json.loads(text)["error"]
        code, message = inner.get("code", ""), inner.get("message", "")
    except (ValueError, KeyError, TypeError):
        pass
    return AzureError(
        f"{method} {_without_query(url)}: HTTP {error.code} {code}: {message}", error.code, code
    )


def _without_query(url: str) -> str:
    return url.partition("?")[0]
