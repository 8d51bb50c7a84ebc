"""Rules on recognized words: what is certain already, and what is no speech."""

import re

from local.speech.transcript import Transcript, is_noise

_FILLERS = frozenset({"ah", "um", "umm", "mm", "uh", "huh", "oh", "yeah", "hmm"})
"""What `remove_filler_words` ignores while a response is running (Voice Live how-to)."""

HESITATIONS = _FILLERS - {"oh", "yeah"}
"""Sounds of a speaker who is looking for words."""

_WORD = re.compile(r"[\w']+")


def spoken_text(transcript: Transcript) -> str:
    """What was said, or nothing when it was noise."""
    return "" if is_noise(transcript) else transcript.text


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def is_filler(text: str) -> bool:
    """True for "Um, yeah." and for nothing at all."""
    return all(word in _FILLERS for word in words_of(text))


class PartialTranscript:
    """Turns a row of partial results into deltas that only ever extend what was told.

    A word is told once two results in a row agree on it and on everything before it. Case and punctuation do
    not count: the recognizer ends every result like a sentence, wherever the speaker may be in it.
    """

    def __init__(self) -> None:
        self._last: list[str] = []
        self._told: list[str] = []

    def add(self, text: str) -> str:
        """Take the next partial result; returns the new delta, empty when nothing is certain yet."""
        now = text.split()
        agreed = 0
        while agreed < min(len(now), len(self._last)) and _bare(now[agreed]) == _bare(self._last[agreed]):
            agreed += 1
        self._last = now
        return self._extend(now[:agreed])

    def finish(self, text: str) -> str:
        """The last delta. Empty when the final text takes back a word already told."""
        return self._extend(text.split())

    def _extend(self, words: list[str]) -> str:
        told = len(self._told)
        if len(words) <= told or [_bare(word) for word in words[:told]] != [
            _bare(word) for word in self._told
        ]:
            return ""
        self._told = words
        return (" " if told else "") + " ".join(words[told:])


def _bare(word: str) -> str:
    """The word without case and punctuation; what is nothing else stays as it is."""
    return "".join(_WORD.findall(word.lower())) or word
