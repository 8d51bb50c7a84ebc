"""A call that goes on at another bridge, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ServiceRequestError
from websockets.exceptions import InvalidStatus

import bridge.admission
import bridge.call
from bridge.media_owner import MediaOwner
from bridge.resuming import Resumed
from bridge.server import BridgeServer
from bridge.voicelive import wire
from shared.calls import Call, CallEvent, EventKind, ToolRun, Turn, apply
from tests.bridge import test_server
from tests.bridge.stage import Stage, soon
from tests.bridge.stand_ins import Caller, ModelSession, call_record
from tests.shared.until import until

stage = test_server.stage

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SPEECH = "AAAAAAAA"


@pytest.fixture
async def other(stage: Stage) -> AsyncIterator[Stage]:
    """Another bridge of the same system."""
    server = BridgeServer(replace(stage.services, name="the-other"))
    port = await server.start()
    yield replace(stage, server=server, url=f"ws://127.0.0.1:{port}")
    await server.drain(0)


async def on_record(stage: Stage, call: Call) -> None:
    """The bridge has written that it has the call."""
    for _ in range(400):
        known = await stage.services.store.get(call.id)
        if known is not None and known.media_epoch and await stage.services.store.turns(call.id):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the call is not on record")


async def told(session: ModelSession) -> list[tuple[str, str]]:
    """What a session is told before it is asked for a reply."""
    items: list[tuple[str, str]] = []
    while True:
        event = await soon(session.received.get())
        match event["type"]:
            case "conversation.item.create" if event["item"]["type"] == "message":
                items.append((event["item"]["role"], event["item"]["content"][0]["text"]))
            case "response.create":
                return items


def ended(stage: Stage, end: str) -> float:
    return stage.services.metrics.registry.get_sample_value("tabletalk_calls_total", {"end": end}) or 0.0


class TestAnotherBridgeTakesTheCall:
    """The media socket broke, and the carrier's next one came there."""

    async def test_and_goes_on_with_all_that_was_said(self, stage: Stage, other: Stage) -> None:
        call, caller, session = await stage.talk()
        await session.speak("r1", "There is Sakura House.", bytes(960))
        await on_record(stage, call)
        caller.socket.transport.abort()
        await Caller.dial(other.url, call, stage.acs.token())
        there = await soon(stage.model.sessions.get())
        items = await told(there)
        assert ("assistant", "There is Sakura House.") in items
        assert items[-1][0] == "system"
        known = await stage.services.store.get(call.id)
        assert known is not None
        assert (known.media_owner, known.media_epoch) == ("the-other", 2)

    async def test_and_the_first_one_neither_speaks_nor_hangs_up(self, stage: Stage, other: Stage) -> None:
        call, caller, _ = await stage.talk()
        await on_record(stage, call)
        caller.socket.transport.abort()
        again = await Caller.dial(other.url, call, stage.acs.token())
        await soon(stage.model.sessions.get())
        await soon(stage.server.drain(20))
        assert ended(stage, "moved") == 1
        assert stage.acs.of(":terminate") == []
        await again.say("AAAAAAAA")

    async def test_the_record_has_the_turns_of_both(self, stage: Stage, other: Stage) -> None:
        call, caller, _ = await stage.talk()
        await on_record(stage, call)
        caller.socket.transport.abort()
        again = await Caller.dial(other.url, call, stage.acs.token())
        there = await soon(stage.model.sessions.get())
        await soon(there.next("response.create"))
        await there.speak("back", "I am back.", bytes(960))
        await soon(again.hears())
        turns = await self._two_turns(stage, call)
        assert [turn.text for turn in turns] == ["Hello.", "I am back."]
        assert len({turn.seq for turn in turns}) == 2

    async def _two_turns(self, stage: Stage, call: Call) -> list[Turn]:
        for _ in range(400):
            turns = await stage.services.store.turns(call.id)
            if len(turns) == 2:
                return turns
            await asyncio.sleep(0.02)
        raise AssertionError("the second turn is not on record")


class TestTheStoreIsAway:
    """And the media socket breaks."""

    @pytest.mark.parametrize("hangs", [False, True])
    async def test_its_next_one_comes_to_the_bridge_that_has_the_call(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch, hangs: bool
    ) -> None:
        monkeypatch.setattr(bridge.admission, "_SECONDS", 0.05)
        call, caller, session = await stage.talk()
        await on_record(stage, call)
        monkeypatch.setattr(stage.services.store, "get", _hanging if hangs else _away)
        caller.socket.transport.abort()
        await until(lambda: stage.server._waits(call.id) is not None)
        again = await Caller.dial(stage.url, call, stage.acs.token())
        await again.say(SPEECH)
        while await soon(session.audio.get()) != SPEECH:
            pass  # what was said before the break

    async def test_one_of_a_call_that_nobody_has_here_is_refused(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call = await stage.call()
        monkeypatch.setattr(stage.services.store, "get", _away)
        with pytest.raises(InvalidStatus, match="503"):
            await Caller.dial(stage.url, call, stage.acs.token())

    async def test_a_wrong_secret_opens_nothing(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        call, caller, _ = await stage.talk()
        await on_record(stage, call)
        monkeypatch.setattr(stage.services.store, "get", _away)
        caller.socket.transport.abort()
        await until(lambda: stage.server._waits(call.id) is not None)
        with pytest.raises(InvalidStatus, match="403"):
            await Caller.dial(stage.url, call, stage.acs.token(), "another-secret")


async def _away(call_id: str) -> Call:
    raise ServiceRequestError("away")


async def _hanging(call_id: str) -> Call:
    await asyncio.Event().wait()
    raise AssertionError


class TestTheDrain:
    """A bridge that must go gives its calls to others."""

    async def test_breaks_the_media_socket_once_all_is_on_record(
        self, stage: Stage, other: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.call, "_PAUSE_WITHIN", 0.1)
        call, caller, session = await stage.talk()
        await session.speak("r1", "There is Sakura House.", bytes(960))
        draining = asyncio.create_task(stage.server.drain(0.05, gives_away=True))
        await soon(caller.socket.wait_closed())
        assert caller.socket.close_code == 1006, "a close in good order would end the stream"
        await Caller.dial(other.url, call, stage.acs.token())
        there = await soon(stage.model.sessions.get())
        assert ("assistant", "There is Sakura House.") in await told(there)
        await soon(draining)
        assert stage.acs.of(":terminate") == []

    async def test_takes_no_socket_of_a_call_that_it_gave_away(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.call, "_PAUSE_WITHIN", 0.0)
        call, _, _ = await stage.talk()
        draining = asyncio.create_task(stage.server.drain(0.01, gives_away=True))
        await asyncio.sleep(0)
        with pytest.raises((InvalidStatus, OSError)):
            await Caller.dial(stage.url, call, stage.acs.token())
        await soon(draining)


class TestOwner:
    """Of several bridges one has the call."""

    async def test_one_of_two_that_take_it_at_once(self, stage: Stage) -> None:
        call = await stage.call()
        owners = [MediaOwner(stage.services.store, call.id, name, 0) for name in ("a", "b", "c")]
        taken = await asyncio.gather(*(owner.take() for owner in owners))
        assert sorted(taken) == [False, False, True]
        elsewhere = await asyncio.gather(*(owner.is_elsewhere() for owner in owners))
        assert elsewhere == [not its for its in taken]

    async def test_taking_it_again_changes_nothing(self, stage: Stage) -> None:
        """A write that is tried again may have been done already."""
        call = await stage.call()
        owner = MediaOwner(stage.services.store, call.id, "a", 0)
        assert [await owner.take(), await owner.take()] == [True, True]

    async def test_a_call_that_is_over_is_nobodys(self, stage: Stage) -> None:
        call = await stage.call()
        over = CallEvent(EventKind.DISCONNECTED, NOW)
        await stage.services.store.update(call.id, lambda known: apply(known, over))
        owner = MediaOwner(stage.services.store, call.id, "a", 0)
        assert not await owner.take()
        assert not await owner.is_elsewhere()


def test_a_tool_whose_end_nobody_wrote_down_may_be_done_or_not() -> None:
    """The model is told to look before it books again."""
    run = ToolRun(4, "book_table", "{}", "", 0, NOW)
    call, output = Resumed(call_record(), [], [run]).items
    assert isinstance(call, wire.FunctionCallItem)
    assert isinstance(output, wire.FunctionOutputItem)
    assert "outcome_unknown" in output.output


def test_what_the_first_bridge_still_writes_is_not_overwritten() -> None:
    runs = [ToolRun(seq, "book_table", "{}", "{}", 0, NOW) for seq in (3, 9)]
    assert Resumed(call_record(), [], runs).first_seq > 9 + 20


@pytest.mark.parametrize(
    ("passed", "seconds"), [(0, 0.0), (300, 300.0), (650, 650.0), (-120, 0.0), (3_600, 0.0), (86_400, 0.0)]
)
def test_how_long_a_call_has_been_going_is_no_more_than_can_be(passed: int, seconds: float) -> None:
    """A bridge whose clock is an hour ahead does not send the callers of the other one away."""
    begun = replace(call_record(), media_connected_at=NOW)
    assert Resumed(begun, [], []).seconds(NOW + timedelta(seconds=passed), 600.0) == seconds
