"""Frames an app sends on the media socket."""

import base64
import json


def audio_message(pcm: bytes) -> str:
    """AudioData in PascalCase."""
    data = base64.b64encode(pcm).decode()
    return json.dumps({"Kind": "AudioData", "AudioData": {"Data": data}, "StopAudio": None})


def stop_message() -> str:
    """StopAudio in PascalCase."""
    return json.dumps({"Kind": "StopAudio", "AudioData": None, "StopAudio": {}})
