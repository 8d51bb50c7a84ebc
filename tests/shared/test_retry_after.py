"""Services that ask to be left alone for an hour: nobody waits an hour for them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.data.tables.aio import TableClient
from multidict import CIMultiDict

from local.serving import listening
from shared import identity, tables
from shared.identity import Identity
from shared.settings import StoreSettings
from shared.tables import Tables

ROW = {"PartitionKey": "p", "RowKey": "r"}
OPERATIONS: dict[str, Callable[[TableClient], Awaitable[Any]]] = {
    "read": lambda table: table.get_entity("p", "r"),
    "insert": lambda table: table.create_entity(ROW),
    "update": lambda table: table.update_entity(ROW),
    "delete": lambda table: table.delete_entity("p", "r"),
    "transaction": lambda table: table.submit_transaction([("create", ROW)]),
    "query": lambda table: anext(aiter(table.query_entities("PartitionKey eq 'p'"))),
}


class Busy:
    """A service that answers 503 to so many requests, then shows a row."""

    def __init__(self, headers: dict[str, str], refuses: int = 100) -> None:
        self.headers = headers
        self.refuses = refuses
        self.asked = 0
        self.url = ""

    async def handle(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.asked > self.refuses:
            return web.json_response(ROW)
        return web.Response(status=503, headers=CIMultiDict(self.headers))

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[Busy]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        async with listening(app) as self.url:
            yield self

    @contextlib.asynccontextmanager
    async def table(self) -> AsyncIterator[TableClient]:
        """A table that is there already, as far as its client knows."""
        way = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint={self.url}/a;"
        async with Tables(StoreSettings(way, None, "")) as opened:
            yield opened._service.get_table_client("calls")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause between tries takes no time worth the name."""
    monkeypatch.setattr(tables, "_WAIT_S", "0.01")


@pytest.mark.usefixtures("quick")
class TestStore:
    @pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
    async def test_an_hour_is_not_waited_by_any_operation(
        self, operation: Callable[[TableClient], Awaitable[Any]]
    ) -> None:
        async with Busy({"Retry-After": "3600"}).serve() as store, store.table() as table:
            with pytest.raises(HttpResponseError) as raised:
                async with asyncio.timeout(20):
                    await operation(table)
            assert raised.value.status_code == 503
            assert store.asked == 3

    @pytest.mark.parametrize(
        "headers",
        [
            {"Retry-After": "Fri, 28 Nov 2087 08:00:00 GMT"},
            {"Retry-After": "when it suits"},
            {"retry-after-ms": "3600000"},
            {"x-ms-retry-after-ms": "3600000"},
            {"retry-after": "3600", "RETRY-AFTER-MS": "3600000"},
        ],
        ids=lambda headers: " ".join(headers.values()),
    )
    async def test_nor_however_it_is_said(self, headers: dict[str, str]) -> None:
        async with Busy(headers).serve() as store, store.table() as table:
            with pytest.raises(HttpResponseError):
                async with asyncio.timeout(20):
                    await table.get_entity("p", "r")
            assert store.asked == 3

    async def test_a_store_that_is_well_again_after_a_second_is_heard(self) -> None:
        async with Busy({"Retry-After": "3600"}, refuses=2).serve() as store, store.table() as table:
            async with asyncio.timeout(20):
                assert dict(await table.get_entity("p", "r")) == ROW


def test_the_pauses_fit_into_the_time_of_an_operation() -> None:
    assert 2 * float(tables._WAIT_S) < tables._TIMEOUTS["timeout"]


class TestIdentity:
    """The managed identity of an app in Azure, whose service is told by two variables."""

    @pytest.fixture(autouse=True)
    def in_azure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("IDENTITY_HEADER", "h")

    async def test_the_store_does_not_wait_an_hour_for_a_token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(identity, "_SECONDS", 0.3)
        async with Busy({"Retry-After": "3600"}).serve() as service:
            monkeypatch.setenv("IDENTITY_ENDPOINT", service.url)
            async with Tables(StoreSettings(None, "https://store.invalid", "")) as opened:
                with pytest.raises(ClientAuthenticationError, match="no token within"):
                    async with asyncio.timeout(20):
                        await opened.ping()
            assert service.asked == 1

    async def test_a_token_that_comes_is_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Well(Busy):
            async def handle(self, request: web.Request) -> web.Response:
                assert request.headers["X-IDENTITY-HEADER"] == "h"
                until = int(time.time()) + 7_200
                scope = request.query["resource"]
                token = {"access_token": f"for {scope}", "expires_on": str(until)}
                return web.json_response({**token, "resource": scope, "token_type": "Bearer"})

        async with Well({}).serve() as service:
            monkeypatch.setenv("IDENTITY_ENDPOINT", service.url)
            async with Identity() as ours:
                assert (await ours.get_token("https://a.example/.default")).token == "for https://a.example"
                told = await ours.get_token_info("https://b.example/.default")
                assert told.token == "for https://b.example"

    async def test_an_old_token_is_given_while_it_is_good_and_no_new_one_comes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Once(Busy):
            async def handle(self, request: web.Request) -> web.Response:
                self.asked += 1
                if self.asked > 1:
                    return web.Response(status=400)
                now = int(time.time())
                told = {"access_token": "old", "expires_on": str(now + 7_200), "refresh_on": str(now - 1)}
                return web.json_response({**told, "resource": "r", "token_type": "Bearer"})

        async with Once({}).serve() as service:
            monkeypatch.setenv("IDENTITY_ENDPOINT", service.url)
            async with Identity() as ours:
                given = [(await ours.get_token_info("https://a.example/.default")).token for _ in range(4)]
                assert given == ["old"] * 4
                # The second found none; the others did not ask so soon again.
                assert service.asked == 2
                with pytest.raises(ClientAuthenticationError):  # the old one was refused
                    await ours.get_token_info("https://a.example/.default", options={"claims": "{}"})

    async def test_who_asks_right_after_a_failure_does_not_wait_for_another_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(identity, "_SECONDS", 0.3)
        async with Busy({"Retry-After": "3600"}).serve() as service:
            monkeypatch.setenv("IDENTITY_ENDPOINT", service.url)
            async with Identity() as ours:
                for _ in range(5):
                    with pytest.raises(ClientAuthenticationError, match="no token within"):
                        await ours.get_token_info("https://a.example/.default")
            assert service.asked == 1
