"""The unmodified SDK client against the stand-in: streaming, playing, keys and recordings."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import numpy as np
import pytest
from azure.communication.callautomation import (
    AudioFormat,
    DtmfTone,
    FileSource,
    MediaStreamingAudioChannelType,
    PhoneNumberIdentifier,
    RecordingChannel,
    RecordingContent,
    RecordingFormat,
    TextSource,
)
from azure.core.exceptions import HttpResponseError

from tests.local.acs.harness import CALLER, RESOURCE_ID, Phone, present, request, stack
from tests.local.acs.wire import audio_message, stop_message

ME = PhoneNumberIdentifier(CALLER)


def samples(count: int, start: int = 1) -> bytes:
    """Samples that can each be told from the others, none of them silence."""
    return bytes(np.arange(start, start + count, dtype="<i2"))


def details(event: dict[str, Any]) -> str:
    """mediaStreamingStatusDetails."""
    text: str = event["data"]["mediaStreamingUpdate"]["mediaStreamingStatusDetails"]
    return text


async def talk_until_heard(phone: Phone, wanted: bytes) -> None:
    """Listen until a piece of audio was heard whole."""
    await phone.listen(until=lambda: wanted in phone.heard)


async def test_the_media_socket_opens_as_documented() -> None:
    """A JWT of 24 hours, the call's ids, the path as given, metadata first."""
    async with (
        stack() as s,
        s.connected(stream=True, transport_url=f"{s.app.media_url}/acs/x/y?z=1") as (_, call),
    ):
        media = await s.app.next_media()
        assert (await media.frames.get())["audioMetadata"]["sampleRate"] == 24_000
        assert media.socket.request is not None
        assert media.socket.request.path == "/acs/x/y?z=1"
        properties = await call.get_call_properties()
        assert media.headers["x-ms-call-connection-id"] == properties.call_connection_id
        assert media.headers["x-ms-call-correlation-id"] == properties.correlation_id
        assert "sec-websocket-extensions" not in media.headers
        token = media.headers["authorization"].removeprefix("Bearer ")
        keys = jwt.PyJWKSet.from_dict(await request("GET", f"{s.url}/calling/keys"))
        claims = jwt.decode(token, keys.keys[0], algorithms=["RS256"], audience=RESOURCE_ID)
        assert claims["exp"] - claims["iat"] == 24 * 3600
        assert details(await s.app.event("MediaStreamingStarted")) == "subscriptionStarted"
        assert present(properties.media_streaming_subscription).state == "active"


async def test_what_the_phone_says_is_what_the_app_gets() -> None:
    """Sample for sample, and the same in the phone's own left channel."""
    async with stack() as s, s.connected(stream=True) as (phone, _):
        media = await s.app.next_media()
        said = samples(480 * 6)
        await phone.send(said)
        await phone.listen(until=lambda: said in phone.said)
        got = b""
        while said not in got:
            frame = await media.next("AudioData")
            data = base64.b64decode(frame["audioData"]["data"])
            assert frame["audioData"]["silent"] is (data == bytes(960))
            got += data


async def test_what_the_app_sends_is_what_the_phone_hears() -> None:
    """In pieces of any size, cut within a sample, in one run."""
    async with stack() as s, s.connected(stream=True) as (phone, _):
        media = await s.app.next_media()
        audio = samples(480 * 10)
        for start in range(0, len(audio), 777):
            await media.play(audio[start : start + 777])
        await talk_until_heard(phone, audio)


async def test_stop_audio_drops_what_is_queued() -> None:
    """Ten seconds are queued; after StopAudio only the new words are heard."""
    async with stack() as s, s.connected(stream=True) as (phone, _):
        media = await s.app.next_media()
        await media.play(samples(480) + b"\x01\x01" * 24_000 * 10)
        await talk_until_heard(phone, samples(480))
        await media.socket.send(stop_message())
        after = samples(480, 5000)
        await media.socket.send(audio_message(after))
        await talk_until_heard(phone, after)
        heard = bytes(phone.heard)
        old = heard[heard.index(samples(480)) + 960 : heard.index(after)]
        assert len(old) < 24_000 * 2 * 9
        assert set(old) <= {0, 1}


async def test_frames_that_make_no_sense_are_counted_and_harm_nothing() -> None:
    """The next good frame is heard."""
    async with stack() as s, s.connected(stream=True) as (phone, _):
        media = await s.app.next_media()
        for nonsense in ("hello", '{"kind":"Mark"}', '{"kind":"AudioData","audioData":{"data":"%"}}', b"\0"):
            await media.socket.send(nonsense)
        await media.play(samples(480))
        await talk_until_heard(phone, samples(480))
        counters = (await s.inspect())["calls"][0]["media"]
        for reason in ("not_json", "unknown_kind", "bad_base64", "binary"):
            assert counters[f"ignored_{reason}"] == 1


async def test_without_bidirectional_the_caller_hears_nothing() -> None:
    """What the app sends is ignored."""
    async with stack() as s, s.connected(stream=True, enable_bidirectional=False) as (phone, _):
        media = await s.app.next_media()
        await media.play(samples(480))
        await phone.listen(15)
        assert not any(phone.heard)


async def test_sixteen_kilohertz_is_converted_both_ways() -> None:
    """Frames of 640 bytes; a second of tone is a second of tone."""
    async with (
        stack() as s,
        s.connected(
            stream=True,
            audio_format=AudioFormat.PCM16_K_MONO,
            audio_channel_type=MediaStreamingAudioChannelType.UNMIXED,
        ) as (phone, _),
    ):
        media = await s.app.next_media()
        metadata = (await media.next("AudioMetadata"))["audioMetadata"]
        assert (metadata["sampleRate"], metadata["length"]) == (16_000, 640)
        frame = (await media.next("AudioData"))["audioData"]
        assert len(base64.b64decode(frame["data"])) == 640
        assert frame["participantRawID"] == f"4:{CALLER}"
        await media.play(bytes((np.sin(np.arange(3200) * 2 * np.pi * 500 / 16_000) * 9000).astype("<i2")))
        await phone.listen(until=lambda: any(phone.heard) and not any(phone.heard[-960:]))
        heard = np.trim_zeros(np.frombuffer(bytes(phone.heard), "<i2").astype(float))
        assert len(heard) == pytest.approx(4800, abs=100)
        spectrum = np.abs(np.fft.rfft(heard, 24_000))
        assert int(spectrum.argmax()) == pytest.approx(500, abs=5)


async def test_keys_reach_the_app() -> None:
    """On the socket, and as events once recognition is on."""
    async with stack() as s, s.connected(stream=True) as (phone, call):
        media = await s.app.next_media()
        await call.start_continuous_dtmf_recognition(ME, operation_context="keys")
        await phone.send({"type": "dtmf", "digits": "5*"})
        assert [(await media.next("DtmfData"))["dtmfData"]["data"] for _ in "5*"] == ["5", "*"]
        tone = await s.app.event("ContinuousDtmfRecognitionToneReceived")
        assert (tone["data"]["tone"], tone["data"]["operationContext"]) == ("five", "keys")
        await call.stop_continuous_dtmf_recognition(ME, operation_context="end")
        await s.app.event("ContinuousDtmfRecognitionStopped")


async def test_sent_tones_are_heard() -> None:
    """The pair of frequencies of the key."""
    async with stack() as s, s.connected() as (phone, call):
        result = await call.send_dtmf_tones([DtmfTone.POUND], ME, operation_context="send")
        assert result.operation_context == "send"
        await s.app.event("SendDtmfTonesCompleted")
        await phone.listen(until=lambda: any(phone.heard) and not any(phone.heard[-960:]))
        spectrum = np.abs(np.fft.rfft(np.frombuffer(bytes(phone.heard), "<i2").astype(float), 24_000))
        assert int(spectrum[:1100].argmax()) == pytest.approx(941, abs=5)
        assert int(spectrum[1100:].argmax()) + 1100 == pytest.approx(1477, abs=5)


async def test_streaming_starts_and_stops_on_request() -> None:
    """A new socket for each start; the events carry the operation's context."""
    async with stack() as s, s.connected(stream=True, start_media_streaming=False) as (_, call):
        assert present((await call.get_call_properties()).media_streaming_subscription).state == "inactive"
        await call.start_media_streaming(
            operation_context="on", operation_callback_url=f"{s.app.url}/callbacks/on"
        )
        media = await s.app.next_media()
        started = await s.app.event("MediaStreamingStarted")
        assert started["data"]["operationContext"] == "on"
        await media.next("AudioData")
        await call.stop_media_streaming(operation_context="off")
        assert (await s.app.event("MediaStreamingStopped"))["data"]["operationContext"] == "off"
        await media.ended.wait()
        assert media.socket.close_code == 1000
        await call.start_media_streaming()
        await (await s.app.next_media()).next("AudioMetadata")
        with pytest.raises(HttpResponseError, match="active already"):
            await call.start_media_streaming()


def wav(pcm: bytes, *, rate: int = 16_000, channels: int = 1) -> bytes:
    """A WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(pcm)
    return out.getvalue()


async def test_playing_a_file_is_heard() -> None:
    """16 kHz mono WAV by address: started, heard, completed."""
    async with stack() as s, s.connected() as (phone, call):
        tone = bytes((np.sin(np.arange(1600) * 2 * np.pi * 440 / 16_000) * 9000).astype("<i2"))
        s.app.files["tone.wav"] = wav(tone)
        await call.play_media_to_all(FileSource(url=f"{s.app.url}/files/tone.wav"), operation_context="p")
        completed = await s.app.event("PlayCompleted")
        assert completed["data"]["operationContext"] == "p"
        await s.app.event("PlayStarted")
        await phone.listen(until=lambda: any(phone.heard) and not any(phone.heard[-960:]))
        assert np.abs(np.frombuffer(bytes(phone.heard), "<i2")).max() == pytest.approx(9000, rel=0.05)


@pytest.mark.parametrize(
    ("file", "sub_code"),
    [
        (b"no wav", 8535),
        (wav(b"\0\0" * 100, rate=44_100), 8535),
        (wav(b"\0" * 400, channels=2), 8535),
        (None, 8536),
    ],
)
async def test_a_file_that_cannot_be_played_fails(file: bytes | None, sub_code: int) -> None:
    """Another format than the service takes, or no file at all; the index says which source."""
    async with stack() as s, s.connected() as (_, call):
        s.app.files["good.wav"] = wav(b"\1\0" * 320)
        if file is not None:
            s.app.files["bad.wav"] = file
        sources = [FileSource(url=f"{s.app.url}/files/{name}.wav") for name in ("good", "bad")]
        await call.play_media(sources, operation_context="p")
        failed = (await s.app.event("PlayFailed"))["data"]
        assert (failed["resultInformation"]["subCode"], failed["failedPlaySourceIndex"]) == (sub_code, 1)


async def test_text_is_spoken_by_the_synthesiser_if_there_is_one() -> None:
    """Its audio is heard as it is."""

    def speak(text: str) -> Iterator[bytes]:
        yield samples(480, start=len(text))

    async with stack(synthesiser=speak) as s, s.connected() as (phone, call):
        await call.play_media(TextSource(text="hello", voice_name="en-US-AvaNeural"), [ME])
        await talk_until_heard(phone, samples(480, start=5))
    async with stack() as s, s.connected() as (_, call):
        await call.play_media(TextSource(text="hello"))
        assert (await s.app.event("PlayFailed"))["data"]["resultInformation"]["subCode"] == 8565


async def test_a_loop_is_cancelled() -> None:
    """PlayCanceled, and silence."""
    async with stack() as s, s.connected() as (phone, call):
        s.app.files["a.wav"] = wav(b"\1\1" * 320)
        await call.play_media_to_all(
            FileSource(url=f"{s.app.url}/files/a.wav"), loop=True, operation_context="l"
        )
        await phone.listen(until=lambda: any(phone.heard))
        await call.cancel_all_media_operations()
        assert (await s.app.event("PlayCanceled"))["data"]["operationContext"] == "l"


@pytest.mark.parametrize("channel", [RecordingChannel.MIXED, RecordingChannel.UNMIXED])
async def test_a_recording_from_start_to_stop(channel: RecordingChannel) -> None:
    """Start, get, pause, resume, stop; the file holds what was said and heard."""
    async with stack() as s, s.connected(stream=True) as (phone, call):
        media = await s.app.next_media()
        properties = await call.get_call_properties()
        recording = await s.client.start_recording(
            call_connection_id=present(properties.call_connection_id),
            recording_state_callback_url=f"{s.app.url}/callbacks/recording",
            recording_content_type=RecordingContent.AUDIO,
            recording_channel_type=channel,
            recording_format_type=RecordingFormat.WAV,
        )
        assert recording.recording_id is not None
        assert recording.recording_state == "active"
        await media.play(samples(480))
        await talk_until_heard(phone, samples(480))
        await s.client.pause_recording(recording.recording_id)
        paused = await s.client.get_recording_properties(recording.recording_id)
        assert paused.recording_state == "inactive"
        await s.client.resume_recording(recording.recording_id)
        await s.client.stop_recording(recording.recording_id)
        await s.app.until(lambda: s.app.kinds().count("RecordingStateChanged") == 4)
        changes = [json.loads(p.body)[0] for p in s.app.posted if p.path == "/callbacks/recording"]
        assert [change["data"]["state"] for change in changes] == ["active", "inactive", "active", "inactive"]
        assert changes[0]["source"].startswith("calling/recordings/")
        path = Path((await s.inspect())["calls"][0]["recordings"][recording.recording_id])
        with wave.open(str(path)) as file:
            channels = file.getnchannels()
            heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")[channels - 1 :: channels]
        assert samples(480) in bytes(heard)
        with pytest.raises(HttpResponseError):
            await s.client.stop_recording(recording.recording_id)


async def test_a_recording_by_server_call_id() -> None:
    """The other way to name the call."""
    async with stack() as s, s.connected() as (_, call):
        server_call_id = present((await call.get_call_properties()).server_call_id)
        recording = await s.client.start_recording(server_call_id=server_call_id)
        assert recording.recording_state == "active"
