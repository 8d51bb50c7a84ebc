"""Ears and mouth of the cloud on one machine: recognition, voice activity, synthesis, and audio formats."""

from local.speech.adapter import ModelError
from local.speech.audio import FloatAudio, float_to_pcm16, pcm16_to_float
from local.speech.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from local.speech.recognizer import Recognizer
from local.speech.resampler import Resampler
from local.speech.speaker import Speaker
from local.speech.transcript import Transcript, is_noise
from local.speech.voice_activity import VoiceActivity
from local.speech.voices import VOICES
from local.speech.wav import AudioError, read_wav

__all__ = [
    "VOICES",
    "AudioError",
    "FloatAudio",
    "ModelError",
    "Recognizer",
    "Resampler",
    "Speaker",
    "Transcript",
    "VoiceActivity",
    "alaw_decode",
    "alaw_encode",
    "float_to_pcm16",
    "is_noise",
    "pcm16_to_float",
    "read_wav",
    "ulaw_decode",
    "ulaw_encode",
]
