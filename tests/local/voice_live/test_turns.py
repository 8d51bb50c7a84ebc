"""Turn detection on real samples: when the caller is said to start and stop, and what follows from it."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from local.speech.audio import FloatAudio, pcm16_to_float
from local.speech.g711 import alaw_encode, ulaw_encode
from local.voice_live.faults import Faults
from local.voice_live.mind.outputs import Say
from local.voice_live.outbox import Recognize, Speak, Think
from tests.local.voice_live.doubles import Bench, ScriptedMind, ScriptedRecognizer, silence, tone, types

FRAME_MS = 32


def listening(detection: dict[str, object] | None, model: str = "azure-speech", **options: object) -> Bench:
    """A session with these turn-detection settings that transcribes with this model."""
    bench = Bench(**options)  # type: ignore[arg-type]  # the options of Bench, passed on
    bench.update(turn_detection=detection, input_audio_transcription={"model": model})
    return bench


def server_vad(**fields: object) -> dict[str, object]:
    return {"type": "server_vad", **fields}


def semantic_vad(**fields: object) -> dict[str, object]:
    return {"type": "azure_semantic_vad", **fields}


def test_start_counts_appended_audio_less_the_padding() -> None:
    bench = listening(server_vad(prefix_padding_ms=400))
    bench.hear(silence(2000), tone(600))
    [started] = bench.only("input_audio_buffer.speech_started")
    assert 1600 - FRAME_MS <= started["audio_start_ms"] <= 1600


def test_padding_never_reaches_back_into_the_turn_before() -> None:
    bench = listening(server_vad(prefix_padding_ms=2000, silence_duration_ms=200))
    bench.hear(tone(500), silence(400), tone(500))
    first_end = bench.last("input_audio_buffer.speech_stopped")["audio_end_ms"]
    assert bench.last("input_audio_buffer.speech_started")["audio_start_ms"] >= first_end


@pytest.mark.parametrize("silence_ms", [200, 500, 1200])
def test_stop_comes_after_the_silence_asked_for(silence_ms: int) -> None:
    bench = listening(server_vad(silence_duration_ms=silence_ms))
    bench.hear(silence(500), tone(1000), silence(1500))
    [stopped] = bench.only("input_audio_buffer.speech_stopped")
    assert 1500 + silence_ms - FRAME_MS <= stopped["audio_end_ms"] <= 1500 + silence_ms + 2 * FRAME_MS


def test_a_pause_shorter_than_the_silence_does_not_end_the_turn() -> None:
    bench = listening(server_vad(silence_duration_ms=500))
    bench.hear(tone(500), silence(400), tone(500), silence(600))
    assert len(bench.only("input_audio_buffer.speech_stopped")) == 1


@pytest.mark.parametrize(("kind", "sound_ms", "starts"), [(server_vad, 150, 0), (semantic_vad, 150, 1)])
def test_sound_must_last_as_long_as_its_kind_says(kind: object, sound_ms: int, starts: int) -> None:
    """200 ms for server_vad, 80 ms for the Azure kinds."""
    bench = listening(kind())  # type: ignore[operator]  # one of the two functions above
    bench.hear(silence(500), tone(sound_ms), silence(900))
    assert len(bench.only("input_audio_buffer.speech_started")) == starts


def test_speech_duration_can_be_set() -> None:
    bench = listening(server_vad(speech_duration_ms=600))
    bench.hear(tone(500), silence(900))
    assert bench.only("input_audio_buffer.speech_started") == []


def test_a_turn_is_committed_answered_and_transcribed_in_the_services_order() -> None:
    bench = listening(server_vad(), recognizer=ScriptedRecognizer("a table for two"))
    bench.hear(silence(300), tone(800), silence(700))
    item_id = bench.last("input_audio_buffer.committed")["item_id"]
    names = types(bench.log)
    assert names[names.index("input_audio_buffer.speech_stopped") :][:5] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "conversation.item.done",
        "response.created",
    ]
    completed = bench.last("conversation.item.input_audio_transcription.completed")
    assert completed["item_id"] == item_id
    assert completed["transcript"] == "a table for two"
    [asked] = bench.mind.asked
    assert asked[-1]["content"] == [{"type": "input_audio", "transcript": "a table for two"}]


def test_recognition_starts_before_the_turn_is_over() -> None:
    """The likely last words are recognized during the silence, so the reply need not wait for it."""
    bench = listening(server_vad(silence_duration_ms=500), model="whisper-1", by_hand=True)
    bench.hear(tone(350), silence(250))
    assert bench.only("input_audio_buffer.speech_stopped") == []
    bench.work(Recognize)
    bench.hear(silence(400))
    assert bench.only("input_audio_buffer.speech_stopped") != []
    assert [type(effect) for effect in bench.waiting] == [Think]


def test_recognition_knows_what_the_agent_said_last() -> None:
    """A name is heard better by who knows that a name was asked for."""
    mind = ScriptedMind([Say("What name, please?")])
    script = ScriptedRecognizer("a table for two", "Nolan")
    bench = listening(server_vad(), model="whisper-1", mind=mind, recognizer=script)
    bench.hear(tone(600), silence(700), tone(600), silence(700))
    assert script.asked == ["", "What name, please?"]


def test_an_early_result_is_thrown_away_when_the_caller_speaks_on() -> None:
    script = ScriptedRecognizer("a table", "a table for two")
    bench = listening(server_vad(), model="whisper-1", by_hand=True, recognizer=script)
    bench.hear(tone(350), silence(250), tone(350), silence(700))
    bench.work(Recognize)
    assert bench.waiting != []
    assert not any(isinstance(effect, Think) for effect in bench.waiting)
    bench.work(Recognize)
    bench.work(Think)
    assert bench.mind.asked[-1][-1]["content"][0]["transcript"] == "a table for two"


def test_partial_results_only_ever_extend_what_was_told() -> None:
    script = ScriptedRecognizer("I", "I like", "I like a", "I like a table", "I like a table for two")
    bench = listening(server_vad(), recognizer=script)
    bench.hear(tone(3000), silence(700))
    deltas = [e["delta"] for e in bench.only("conversation.item.input_audio_transcription.delta")]
    final = bench.last("conversation.item.input_audio_transcription.completed")["transcript"]
    assert len(deltas) > 1
    assert "".join(deltas) == final == "I like a table for two"


def test_whisper_tells_nothing_before_the_turn_is_over() -> None:
    bench = listening(server_vad(), model="whisper-1", recognizer=ScriptedRecognizer("a table for two"))
    bench.hear(tone(2000))
    assert bench.only("conversation.item.input_audio_transcription.delta") == []
    bench.hear(silence(700))
    [delta] = bench.only("conversation.item.input_audio_transcription.delta")
    assert delta["delta"] == "a table for two"


def test_nothing_is_transcribed_unless_asked_of_a_model_that_hears() -> None:
    bench = Bench(target="gpt-realtime")
    bench.hear(tone(800), silence(700))
    assert not [name for name in types(bench.log) if "transcription" in name]
    assert bench.mind.asked != []


def test_a_model_that_only_reads_always_transcribes() -> None:
    bench = Bench(target="gpt-4.1")
    bench.hear(tone(800), silence(700))
    assert bench.only("conversation.item.input_audio_transcription.completed") != []


def test_noise_gets_an_empty_transcript_and_no_words_in_reply() -> None:
    bench = listening(server_vad(), recognizer=ScriptedRecognizer(""))
    bench.hear(tone(800), silence(700))
    assert bench.last("conversation.item.input_audio_transcription.completed")["transcript"] == ""
    assert bench.last("response.done")["response"]["output"] == []
    assert bench.mind.asked == []


def test_a_failed_transcription_says_so_and_the_reply_still_comes() -> None:
    bench = listening(server_vad(), faults=Faults(transcription_failed=True))
    bench.hear(tone(800), silence(700))
    failed = bench.last("conversation.item.input_audio_transcription.failed")
    assert failed["item_id"] == bench.last("input_audio_buffer.committed")["item_id"]
    assert bench.only("conversation.item.input_audio_transcription.completed") == []
    assert bench.last("response.done")["response"]["output"] != []


def test_no_reply_is_made_when_create_response_is_off() -> None:
    bench = listening(server_vad(create_response=False))
    bench.hear(tone(800), silence(700))
    assert bench.only("input_audio_buffer.committed") != []
    assert bench.only("response.created") == []


def speaking(detection: dict[str, object]) -> Bench:
    """A session three words into a reply of six, 100 ms each."""
    bench = listening(detection, by_hand=True, mind=ScriptedMind([Say("One two three four five six.")]))
    bench.send("response.create")
    bench.work(Think)
    for _ in range(3):
        bench.work(Speak)
    return bench


def test_speech_interrupts_the_running_reply() -> None:
    bench = speaking(server_vad())
    bench.hear(tone(500))
    names = types(bench.log)
    assert names[names.index("input_audio_buffer.speech_started") :][:6] == [
        "input_audio_buffer.speech_started",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    response = bench.last("response.done")["response"]
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["transcript"] == "One two three "


def test_speech_does_not_interrupt_when_told_not_to() -> None:
    bench = speaking(server_vad(interrupt_response=False, create_response=False))
    bench.hear(tone(500), silence(700))
    while bench.waiting:
        bench.work()
    assert bench.last("response.done")["response"]["status"] == "completed"


def test_auto_truncate_keeps_what_real_time_playback_has_played() -> None:
    """300 ms were sent at once; 100 ms later the caller breaks in."""
    bench = speaking(server_vad(auto_truncate=True))
    bench.now += 0.1
    bench.hear(tone(500))
    [truncated] = bench.only("conversation.item.truncated")
    assert truncated["audio_end_ms"] == 100
    bench.send("conversation.item.retrieve", item_id=truncated["item_id"])
    assert bench.last("conversation.item.retrieved")["item"]["content"][0]["transcript"] == "One"


def test_auto_truncate_leaves_a_reply_alone_that_was_heard_whole() -> None:
    bench = speaking(server_vad(auto_truncate=True))
    while bench.waiting:
        bench.work()
    bench.now += 5
    bench.hear(tone(500))
    assert bench.only("conversation.item.truncated") == []


@pytest.mark.parametrize(("words", "turns"), [("Um, yeah.", 0), ("No, two people.", 1)])
def test_filler_words_pass_unheard_while_a_reply_is_given(words: str, turns: int) -> None:
    bench = listening(semantic_vad(remove_filler_words=True), recognizer=ScriptedRecognizer(words))
    bench.send("response.create")  # its audio is now played, for as long as the clock stands
    bench.hear(tone(600), silence(700))
    assert len(bench.only("input_audio_buffer.committed")) == turns
    assert len(bench.only("input_audio_buffer.speech_started")) == turns
    assert len(bench.only("input_audio_buffer.speech_stopped")) == turns


def test_filler_words_count_when_nothing_is_being_said() -> None:
    bench = listening(semantic_vad(remove_filler_words=True), recognizer=ScriptedRecognizer("Yeah."))
    bench.hear(tone(600), silence(700))
    assert len(bench.only("input_audio_buffer.committed")) == 1


def test_after_an_interruption_nothing_is_playing_that_a_filler_could_pass_under() -> None:
    script = ScriptedRecognizer("No, two people.", "No, two people.", "Yeah.")
    detection = semantic_vad(remove_filler_words=True, create_response=False)
    bench = listening(detection, model="whisper-1", recognizer=script)
    bench.send("response.create")
    bench.hear(tone(600), silence(700))
    bench.hear(tone(600), silence(700))
    assert len(bench.only("input_audio_buffer.committed")) == 2


def test_without_turn_detection_the_client_commits() -> None:
    bench = listening(None)
    bench.hear(tone(800), silence(1500))
    assert not [name for name in types(bench.log) if name.startswith("input_audio_buffer")]
    bench.send("input_audio_buffer.commit")
    assert bench.only("response.created") == []
    bench.send("response.create")
    assert bench.mind.asked[-1][-1]["content"][0]["transcript"] == "hello"


def test_a_reply_waits_for_a_turn_that_is_still_being_recognized() -> None:
    bench = listening(None, by_hand=True)
    bench.hear(tone(800))
    bench.send("input_audio_buffer.commit")
    bench.send("response.create")
    assert [type(effect) for effect in bench.waiting] == [Recognize]
    bench.work(Recognize)
    assert [type(effect) for effect in bench.waiting] == [Think]


def test_an_empty_buffer_cannot_be_committed() -> None:
    bench = listening(None)
    bench.hear(tone(800))
    bench.send("input_audio_buffer.clear")
    bench.send("input_audio_buffer.commit", event_id="mine")
    error = bench.last("error")["error"]
    assert error["code"] == "input_audio_buffer_commit_empty"
    assert error["event_id"] == "mine"


def g711_tone(encode: Callable[[FloatAudio], bytes]) -> bytes:
    return encode(pcm16_to_float(tone(20, 8000)))


@pytest.mark.parametrize(
    ("audio_format", "rate", "quiet", "loud"),
    [
        ("pcm16", 16000, silence(20, 16000), tone(20, 16000)),
        ("g711_ulaw", 8000, b"\xff" * 160, g711_tone(ulaw_encode)),
        ("g711_alaw", 8000, b"\xd5" * 160, g711_tone(alaw_encode)),
    ],
)
def test_the_clock_counts_in_the_input_format(
    audio_format: str, rate: int, quiet: bytes, loud: bytes
) -> None:
    """One second of quiet and then sound, in 20 ms pieces."""
    bench = Bench()
    bench.update(input_audio_format=audio_format, input_audio_sampling_rate=rate, turn_detection=server_vad())
    for piece in [quiet] * 50 + [loud] * 30:
        bench.send("input_audio_buffer.append", audio=base64.b64encode(piece).decode())
    started = bench.last("input_audio_buffer.speech_started")["audio_start_ms"]
    assert 600 - 2 * FRAME_MS <= started <= 600 + FRAME_MS
