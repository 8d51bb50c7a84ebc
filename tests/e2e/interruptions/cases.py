"""What callers utter while the agent talks, and whether the agent should let them have the floor.

Nothing is recorded: the words are synthesised when a test runs, the noises made by `noises`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["backchannel", "noise", "interruption"]

BACKCHANNELS = (
    "Mm-hmm.",
    "Uh-huh.",
    "Okay.",
    "Yeah.",
    "Right.",
    "I see.",
    "Got it.",
    "Oh nice.",
    "Sure.",
    "Alright.",
    "Yes.",
    "Yep.",
    "Oh okay.",
    "Yeah, yeah.",
    "Okay, great.",
    "Great.",
    "Cool.",
    "Perfect.",
    "Sounds good.",
    "Oh wow.",
    "Right, okay.",
    "Makes sense.",
    "Oh really?",
    "Mm.",
    "Good.",
    "Ah, I see.",
    "Wonderful.",
    "Of course.",
    "Interesting.",
    "Exactly.",
    "Fair enough.",
    "Oh, lovely.",
)
"""Signs of listening: the agent goes on."""

INTERRUPTIONS = (
    "No.",
    "Stop.",
    "Wait.",
    "Actually, make it for four people.",
    "What?",
    "Hold on.",
    "Seven thirty.",
    "No, not Italian, I want sushi.",
    "Do they have vegan food?",
    "Sorry, can you repeat that?",
    "How much is it?",
    "That's enough, thank you.",
    "Is there anything cheaper?",
    "Okay, but wait, is it open on Sunday?",
    "Yeah, but is it far?",
    "Book that one.",
    "The first one.",
    "Can I speak to a person?",
    "Excuse me.",
    "I have a question.",
    "I'd rather have Indian.",
    "What's the address?",
    "For two people.",
    "Not tonight, tomorrow.",
    "One second.",
    "Hello?",
    "My name is Sarah.",
    "Golden Lotus, please.",
    "You misunderstood me.",
    "I don't eat meat.",
    "Yes, book it.",
    "Right, and what are the opening hours?",
    "Cancel that.",
    "Never mind.",
)
"""The caller wants the floor, however few the words."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Bursts of band-passed noise. Times in ms, frequencies in Hz, level in dB below full scale."""

    name: str
    bursts_ms: tuple[int, ...]
    band_hz: tuple[int, int]
    level_db: float = -22.0


NOISES = (
    Noise("a click of the tongue", (150,), (1500, 5000)),
    Noise("a short cough", (200,), (300, 2500)),
    Noise("a cough", (300,), (250, 2000), -18.0),
    Noise("two coughs", (250, 300), (250, 2500), -18.0),
    Noise("a deep cough", (400,), (120, 1200), -18.0),
    Noise("a breath into the phone", (600,), (200, 3800), -28.0),
    Noise("a knock", (150, 150), (80, 600)),
    Noise("paper", (600,), (2000, 6000), -26.0),
    Noise("a sneeze", (150, 350), (500, 5000), -16.0),
    Noise("a chair", (500,), (150, 900), -24.0),
    Noise("a throat cleared", (250, 450), (150, 1500), -20.0),
    Noise("a door", (350,), (60, 500), -16.0),
)
"""What a telephone picks up for half a second."""


@dataclass(frozen=True, slots=True)
class Cough:
    """A burst, a hiss through a vocal tract of this size (1: average) and a groan of `pitch` Hz (0: none)."""

    times: int
    size: float
    pitch: float

    @property
    def name(self) -> str:
        return f"{self.times} x cough, tract {self.size:g}, {self.pitch:g} Hz"


COUGHS = (
    Cough(1, 1.0, 0.0),
    Cough(2, 1.0, 0.0),
    Cough(1, 1.3, 120.0),
    Cough(2, 1.2, 120.0),
    Cough(3, 0.8, 220.0),
    Cough(1, 0.8, 220.0),
    Cough(2, 1.5, 100.0),
    Cough(2, 0.9, 200.0),
    Cough(1, 1.5, 90.0),
    Cough(3, 1.1, 130.0),
)
