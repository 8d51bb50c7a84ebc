"""Callbacks that fail or are spoiled on request, and phones that do what phones should not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.acs.harness import CALLED, CALLER, stack


async def test_a_failed_callback_is_tried_again_before_the_next() -> None:
    """Order holds through retries; each attempt has its own token."""
    async with stack() as s:
        statuses = [500, 503]
        s.app.answer_callback = lambda _: statuses.pop(0) if statuses else 200
        async with s.connected():
            await s.app.event("ParticipantsUpdated")
            assert s.app.kinds()[:2] == ["CallConnected", "ParticipantsUpdated"]
            assert len(s.app.posted) == 4
            assert len({posted.headers["authorization"] for posted in s.app.posted}) == 4


async def test_a_callback_is_given_up_and_the_next_one_sent() -> None:
    """A bounded number of attempts."""
    async with stack() as s:
        s.app.answer_callback = lambda posted: 500 if b"CallConnected" in posted.body else 200
        async with s.connected():
            await s.app.event("ParticipantsUpdated")
        assert s.app.kinds()[0] == "ParticipantsUpdated"
        assert (await s.inspect())["callbacks"]["given_up"] == 1


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ({"callback_drop": 1}, ["ParticipantsUpdated", "CallDisconnected"]),
        (
            {"callback_duplicate": 1},
            ["CallConnected", "CallConnected", "ParticipantsUpdated", "CallDisconnected"],
        ),
        ({"callback_reorder": 1}, ["ParticipantsUpdated", "CallConnected", "CallDisconnected"]),
        ({"callback_delay_ms": 1}, ["CallConnected", "ParticipantsUpdated", "CallDisconnected"]),
    ],
)
async def test_callbacks_are_spoiled_on_request(fault: dict[str, int], kinds: list[str]) -> None:
    """Dropped, doubled, overtaken, late."""
    async with stack() as s:
        await s.faults(**fault)
        async with s.connected() as (_, call):
            await call.hang_up(True)
            await s.app.event("CallDisconnected")
            assert s.app.kinds() == kinds


@pytest.mark.parametrize(
    ("dial", "says"),
    [
        ({"type": "dial", "from": CALLER}, "to: missing"),
        ({"type": "dial", "from": "5550100", "to": CALLED}, "from"),
        ({"type": "dial", "from": CALLER, "to": "+15550198"}, "not a number of this resource"),
        ({"type": "hang_up"}, "type"),
        (b"\0\0", "first frame"),
    ],
)
async def test_a_bad_dial_is_an_error_and_the_end_of_the_line(
    dial: dict[str, Any] | bytes, says: str
) -> None:
    """The message names the field."""
    async with stack() as s, s.phone() as phone:
        await phone.send(dial)
        error = await phone.text()
        assert error["type"] == "error"
        assert says in error["message"]
        await phone.socket.wait_closed()


async def test_a_frame_that_makes_no_sense_does_not_end_the_call() -> None:
    """The phone is told; the call goes on."""
    async with stack() as s, s.connected() as (phone, _):
        for nonsense in ("{", '{"type": "sing"}', '{"type": "dtmf", "digits": "xyz"}'):
            await phone.socket.send(nonsense)
            assert (await phone.text())["type"] == "error"
        await phone.send(b"\1")
        await phone.listen(3)


@pytest.mark.parametrize(
    ("caller", "raw_id", "kind"),
    [("anonymous", "4:anonymous", "phoneNumber"), ("8:acs:somebody", "8:acs:somebody", "communicationUser")],
)
async def test_callers_without_a_number(caller: str, raw_id: str, kind: str) -> None:
    """A withheld number, and a caller over the internet."""
    async with stack() as s, s.dial(**{"from": caller}) as (_, data):
        assert (data["from"]["rawId"], data["from"]["kind"]) == (raw_id, kind)


async def test_a_call_that_cannot_be_announced_fails() -> None:
    """The topic is not there."""
    async with stack() as s:
        s.app.topic_status = 400
        async with s.phone() as phone:
            await phone.send({"type": "dial", "from": CALLER, "to": CALLED})
            assert (await phone.text())["type"] == "ringing"
            assert (await phone.text())["reason"] == "failed"
