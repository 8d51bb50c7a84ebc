"""What the agent says word for word, in one language: a table `[phrases.en]` of agent.toml."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from shared.config_check import Table

type Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]

_PLACE = "{place}"
_NUMBER = re.compile(r"\d+")

_AN_AI = re.compile(
    r"(?<![A-Za-z])(AI|A\.I\.|KI|IA)(?![A-Za-z])"
    r"|(?i:\b(artifici\w+|künstlich\w*|autom[aá]t\w+|virtu\w+|digital\w*|numérique|\w*bot|robot\w*|comput\w+)\b)"
)
"""By these words callers are told what speaks, in any language we know. In small letters "ai" is French."""


def says_ai(text: str) -> bool:
    """Whether it tells the caller that an AI speaks."""
    return _AN_AI.search(text) is not None


class Phrases(Table, frozen=True, kw_only=True):
    """The fixed phrases of one language. All are needed: a caller must not fall into another language."""

    greeting: Line
    """Spoken first. Says that an AI speaks and ends with a question."""
    welcome_back: Line
    """In place of the greeting, for a caller who was cut off and rings again. Says that an AI speaks, and
    asks whether to go on."""
    apology: Line
    """When a reply does not come; ends with a question."""
    farewell: Line
    """When the call has reached its longest time."""
    still_there: Line
    """The first check when nobody has spoken for a while."""
    still_there_again: Line
    silence_goodbye: Line
    """Before hanging up because nobody speaks."""
    not_heard: Line
    """The caller's words could not be made out: say it again."""
    not_heard_again: Line
    """A second time: a question that a few words answer."""
    press_a_key: Line
    """A third time: names the keys of `keypad.menu`."""
    press_zero: Line
    """Follows it while there is somebody to transfer to: 0 for a person."""
    fillers: Annotated[tuple[Line, ...], msgspec.Meta(min_length=2, max_length=10)]
    """While a tool takes long; said in turn, so that none is heard twice in a row."""
    transferring: Line
    """Before the call is put through to a person."""
    transfer_failed: Line
    """The person did not answer and the agent is back; ends with a question."""
    no_person: Line
    """Nobody can be reached now; ends with a question."""
    trouble: Line
    """Before hanging up because the model does not answer."""
    waiting: Line
    """First to a caller for whom there is no place yet: that they wait in line."""
    waiting_place: Line
    """Then, and again every so often: where they stand in it, as {place}."""
    waiting_goodbye: Line
    """Before hanging up on a caller who has waited too long."""
    recording_notice: Line | None = None
    """That the call is recorded, and that the caller may say no: for `recording.mode` "announce"."""
    recording_question: Line | None = None
    """Whether the call may be recorded: for `recording.mode` "ask"."""

    def waiting_at(self, place: int) -> str:
        """Where in line a caller stands, from 1."""
        return self.waiting_place.replace(_PLACE, str(place))

    @property
    def keys_named(self) -> set[str]:
        """The keys that `press_a_key` names, as digits."""
        return set(_NUMBER.findall(self.press_a_key))

    def key_offer(self, *, person: bool) -> str:
        """Which keys can be pressed; `person` tells whether somebody is there to be handed over to."""
        return f"{self.press_a_key} {self.press_zero}" if person else self.press_a_key

    def __post_init__(self) -> None:
        for key in ("greeting", "welcome_back"):
            if not says_ai(getattr(self, key)):
                raise ValueError(
                    f"{key}: does not say that an AI speaks; say so with a word such as AI, KI, IA, "
                    "artificial, automatic, virtual, digital or robot, in its language"
                )
        if _PLACE not in self.waiting_place:
            raise ValueError(
                f"waiting_place: does not say where in line a caller stands; write {_PLACE} for the number"
            )
        if self.recording_question and not self.recording_question.rstrip().endswith("?"):
            raise ValueError("recording_question: is no question; end it with a question mark")
        if "0" in self.keys_named:
            raise ValueError(
                "press_a_key: names 0; leave it to press_zero, which is said while a person is there"
            )
        if "0" not in _NUMBER.findall(self.press_zero):
            raise ValueError("press_zero: does not name key 0, which asks for a person")
