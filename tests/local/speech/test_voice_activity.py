"""Voice activity on real speech."""

from __future__ import annotations

import numpy as np
import pytest

from local.speech import Speaker, VoiceActivity
from local.speech.voice_activity import CHUNK
from tests.local.speech.measures import spoken, tone


def test_speech_is_told_from_what_is_none(speaker: Speaker) -> None:
    silence = np.zeros(16_000, np.float32)
    speech = spoken(speaker, "Can you recommend an Italian restaurant?", "low")
    probabilities = np.array(VoiceActivity().feed(np.concatenate([silence, speech])))
    before = probabilities[: len(silence) // CHUNK]
    assert before.max() < 0.2
    assert np.mean(probabilities[len(silence) // CHUNK :] > 0.5) > 0.6
    assert max(VoiceActivity().feed(tone(440, 1.0, 16_000))) < 0.5


@pytest.mark.parametrize("size", [1, 160, 512, 700])
def test_the_size_of_chunks_does_not_matter(speaker: Speaker, size: int) -> None:
    speech = spoken(speaker, "Four.")[:8_000]
    activity = VoiceActivity()
    pieces = [activity.feed(speech[start : start + size]) for start in range(0, len(speech), size)]
    assert [probability for piece in pieces for probability in piece] == VoiceActivity().feed(speech)


def test_each_stream_has_a_state_of_its_own(speaker: Speaker) -> None:
    speech = spoken(speaker, "Tomorrow.")
    first, second = VoiceActivity(), VoiceActivity()
    alone = VoiceActivity().feed(speech)
    mixed = []
    for start in range(0, len(speech), CHUNK):
        mixed += first.feed(speech[start : start + CHUNK])
        second.feed(np.zeros(CHUNK, np.float32))
    assert mixed == alone
