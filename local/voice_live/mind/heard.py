"""One sentence of the caller, interpreted: what is wanted with it and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from local.voice_live.mind.cart import Cart
from local.voice_live.mind.existing import Errand
from local.voice_live.mind.schema import Tool


class Want(Enum):
    """What the caller wants with one sentence, given the conversation so far."""

    CONFIRM = auto()
    """Yes to the read-back."""
    REFUSE = auto()
    """No to the read-back, without saying what is wrong."""
    REQUEST = auto()
    """A lookup or a search, now."""
    PREPARE = auto()
    """To commit something: begin or go on collecting for it."""
    ANSWER = auto()
    """Values for what is being prepared, new or corrected."""
    SELECT = auto()
    """Names one of the things told, no more."""
    COMPARE = auto()
    DECLINE = auto()
    ASK_MORE = auto()
    """Yes to "anything else?"."""
    LEAVE = auto()
    CANCEL = auto()
    REPEAT = auto()
    ERRAND = auto()
    """Something with a booking that exists."""
    PERSON = auto()
    """To be put through to a human."""
    KEEP = auto()
    """To have something remembered, or an answer to whether it may be."""
    FORGET = auto()
    """To have what is kept about the caller deleted."""
    RECORD = auto()
    """To be recorded, or not to be."""
    KNOWN = auto()
    """To hear what is known of the caller."""
    NO_USUAL = auto()
    """The usual, which nobody knows."""
    GO_ON = auto()
    """To go on where an earlier call stopped."""
    ORDER = auto()
    """To order things, or something about the order under way."""
    HERE = auto()
    """To be still on the line, or to be helped further."""
    WAIT = auto()
    GREET = auto()
    THANK = auto()
    INTRODUCE = auto()
    HELP = auto()
    OFF_TOPIC = auto()
    CHAT = auto()
    """Anything, where there are no tools."""
    LOST = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence of the caller, interpreted."""

    want: Want
    text: str = ""
    tool: Tool | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    rivals: tuple[str, ...] = ()
    """Several options that fit what was said; ask which."""
    anything: bool = False
    """The caller leaves the choice open."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What the sentence states for another tool: when searching for a booking, when booking for a search."""
    noted: Mapping[str, Any] = field(default_factory=dict)
    """What it says that is worth keeping for later calls."""
    agreed: bool = False
    """True for a plain yes to what was asked."""
    usual: bool = False
    """True for a wish of what the caller usually has."""
    cart: Cart | None = None
    """The order as it stands after this sentence."""
    errand: Errand | None = None
    """What is wanted with a thing that exists, as it stands after this sentence."""
