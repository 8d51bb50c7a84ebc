"""The media socket when things go wrong.

Refused, broken, closed. Details: the SDK's MediaStreamingStatusDetails.
"""

from __future__ import annotations

import pytest

from tests.local.acs.harness import present, stack
from tests.local.acs.test_sdk_media import details, samples, talk_until_heard


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "authenticationFailure"), (403, "forbidden"), (404, "initialWebSocketConnectionFailed")],
)
async def test_a_refused_handshake_fails_the_stream_and_not_the_call(status: int, why: str) -> None:
    """The call stays up, silent; the app may start the stream again."""
    async with stack() as s:
        s.app.refuse_media.append(status)
        async with s.connected(stream=True) as (phone, call):
            assert details(await s.app.event("MediaStreamingFailed")) == why
            properties = await call.get_call_properties()
            assert properties.call_connection_state == "connected"
            assert present(properties.media_streaming_subscription).state == "inactive"
            await phone.listen(3)
            assert not any(phone.heard)
            await call.start_media_streaming()
            media = await s.app.next_media()
            await media.play(samples(480))
            await talk_until_heard(phone, samples(480))


async def test_an_app_that_is_not_there_fails_the_stream() -> None:
    """Nothing listens at the address."""
    async with stack() as s, s.connected(stream=True, transport_url="ws://127.0.0.1:1/x"):
        assert details(await s.app.event("MediaStreamingFailed")) == "initialWebSocketConnectionFailed"


async def test_a_broken_socket_is_opened_again() -> None:
    """A new handshake for the same call, metadata first, and audio flows on."""
    async with stack() as s, s.connected(stream=True) as (phone, _):
        first = await s.app.next_media()
        await first.next("AudioData")
        first.socket.transport.abort()
        second = await s.app.next_media()
        assert (await second.frames.get())["kind"] == "AudioMetadata"
        assert second.headers["x-ms-call-connection-id"] == first.headers["x-ms-call-connection-id"]
        assert second.headers["authorization"] != first.headers["authorization"]
        await second.next("AudioData")
        await second.play(samples(480))
        await talk_until_heard(phone, samples(480))
        assert details(await s.app.event("MediaStreamingFailed")) == "streamConnectionInterrupted"
        await s.app.until(lambda: s.app.kinds().count("MediaStreamingStarted") == 2)
        started = [event for event in s.app.events if event["type"].endswith("MediaStreamingStarted")]
        assert [details(event) for event in started] == [
            "subscriptionStarted",
            "streamConnectionReestablished",
        ]


async def test_a_protocol_error_is_an_interruption_too() -> None:
    """Close code 1011 is no good order."""
    async with stack() as s, s.connected(stream=True):
        await (await s.app.next_media()).socket.close(1011, "trouble")
        await (await s.app.next_media()).next("AudioMetadata")


async def test_the_service_gives_up_after_its_attempts() -> None:
    """Interrupted, then unsuccessful; the call stays up."""
    async with stack() as s, s.connected(stream=True) as (_, call):
        media = await s.app.next_media()
        s.app.refuse_media += [503, 503]
        media.socket.transport.abort()
        await s.app.until(lambda: s.app.kinds().count("MediaStreamingFailed") == 2)
        failed = [details(event) for event in s.app.events if event["type"].endswith("MediaStreamingFailed")]
        assert failed == ["streamConnectionInterrupted", "streamConnectionUnsuccessful"]
        assert (await call.get_call_properties()).call_connection_state == "connected"


@pytest.mark.parametrize("code", [1000, 1001])
async def test_an_app_that_closes_in_good_order_ends_the_stream(code: int) -> None:
    """Stopped, not failed, and not opened again; the call stays up."""
    async with stack() as s, s.connected(stream=True) as (_, call):
        await (await s.app.next_media()).socket.close(code)
        assert details(await s.app.event("MediaStreamingStopped")) == "subscriptionStopped"
        assert present((await call.get_call_properties()).media_streaming_subscription).state == "inactive"
        assert s.app.media.empty()


async def test_a_huge_frame_breaks_only_the_stream_it_came_on() -> None:
    """1009, then a new connection; another call does not notice."""
    async with stack() as s, s.connected(stream=True), s.connected(stream=True) as (other, _):
        first, second = await s.app.next_media(), await s.app.next_media()
        await first.socket.send("x" * 2_000_000)
        await first.ended.wait()
        assert first.socket.close_code == 1009
        await second.play(samples(480))
        await talk_until_heard(other, samples(480))


async def test_a_reset_on_request() -> None:
    """The fault switch breaks every socket; each comes back."""
    async with stack() as s, s.connected(stream=True):
        first = await s.app.next_media()
        await s.faults(media_reset=True)
        await first.ended.wait()
        assert first.socket.close_code == 1006
        await s.app.next_media()


async def test_hanging_up_closes_the_socket_in_good_order() -> None:
    """1000, and the stream's end is said before the call's."""
    async with stack() as s, s.connected(stream=True) as (_, call):
        media = await s.app.next_media()
        await call.hang_up(True)
        await media.ended.wait()
        assert media.socket.close_code == 1000
        await s.app.event("CallDisconnected")
        assert s.app.kinds()[-2:] == ["MediaStreamingStopped", "CallDisconnected"]
