"""What a tool does to the conversation, read from its name and description."""

from __future__ import annotations

import re
from enum import Enum, auto

from local.voice_live.mind.words import phrases, plain, word_set


class Role(Enum):
    """What a tool does to the conversation."""

    SEARCH = auto()
    """Gives things to choose from."""
    LOOKUP = auto()
    """Tells something; changes nothing."""
    COMMIT = auto()
    """Changes something in the world: read back, then wait for a yes."""
    RECALL = auto()
    """Tells what exists already for this caller, such as their bookings."""
    CHANGE = auto()
    """Changes what exists: read back, then wait for a yes."""
    UNDO = auto()
    """Cancels what exists: read back, then wait for a yes."""
    KEEP = auto()
    """Keeps something about the caller for later calls."""
    FORGET = auto()
    """Deletes what is kept about the caller."""
    RECORD = auto()
    """Takes down whether the caller wants to be recorded."""
    BEGIN = auto()
    """Begins an order, to which things are added one by one."""
    ADD = auto()
    """Puts a thing into the order that was begun, changes it or takes it out."""
    REVIEW = auto()
    """Tells the order as it stands."""
    PLACE = auto()
    """Commits the order that was begun: read back, then wait for a yes."""
    HAND_OVER = auto()
    """Puts the caller through to a person."""
    END = auto()
    """Hangs up."""


ON_EXISTING = frozenset({Role.RECALL, Role.CHANGE, Role.UNDO})
"""Roles of tools for what exists; a caller calls for them in set phrases only."""
OF_AN_ORDER = frozenset({Role.BEGIN, Role.ADD, Role.REVIEW, Role.PLACE})
"""Roles of the tools with which an order is made, one thing after the other."""
IN_SET_PHRASES = frozenset(
    {Role.END, Role.HAND_OVER, Role.KEEP, Role.FORGET, Role.RECORD, *ON_EXISTING, *OF_AN_ORDER}
)
"""Roles of tools that no likeness of words calls for."""
EXISTING = word_set("booking bookings reservation reservations appointment appointments order orders")
"""What a caller may have already."""
ORDERS = word_set("order orders delivery deliveries takeaway takeout cart basket")
_RECALL_VERBS = word_set("find get look list check show read retrieve search fetch")
_CHANGE_VERBS = word_set("move change update amend modify edit reschedule rebook")
_UNDO_VERBS = word_set("cancel delete remove undo revoke")
_SEARCH_VERBS = word_set("find search list recommend suggest discover browse")
_COMMIT_VERBS = word_set(
    """
    book reserve order cancel create place pay send transfer update change delete add remove schedule
    submit confirm buy make set move
    """
)
_END_NAMES = frozenset(
    phrases(
        """
    end call | hang up | hangup | end conversation | finish call | terminate call | close call | end the
    call | goodbye | disconnect
    """
    )
)
_HAND_OVER_VERBS = word_set("transfer connect handover hand escalate forward")
_PERSON_WORDS = word_set("person human agent operator staff representative colleague team someone manager")
_TRACK_WORDS = word_set("status track")
_BEGIN_VERBS = word_set("start begin open new create")
_PLACE_VERBS = word_set("place submit confirm send checkout finish")
_REVIEW_VERBS = word_set("review show view read get check total")
_ITEM_WORDS = word_set("item items dish product line")
_KEEP_VERBS = word_set("remember memorize memorise note save keep")
_FORGET_VERBS = word_set("forget erase delete wipe")
_ABOUT_CALLERS = word_set("me caller customer memory data preferences profile")


def split_name(name: str) -> str:
    """An identifier as words: "partySize" and "party_size" are "party size"."""
    return re.sub(r"[_\-.\s]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).strip().lower()


def family(words: str) -> str:
    """Of which kind a thing is: orders are one, bookings of all sorts the other."""
    return "order" if ORDERS & set(split_name(words).split()) else "booking"


def role_of(name: str, description: str, *, has_code: bool, has_number: bool) -> Role:
    """The role of a tool. `has_code` when it takes the code of something that exists, `has_number` when it
    takes a quantity.
    """
    words = split_name(name).split() or [""]
    about = plain(description)
    return (
        _on_existing(words, has_code=has_code)
        or _of_an_order(words, has_number=has_number)
        or _of_memory(words)
        or _of_a_talk(words, about)
        or _of_answers(words[0], about)
    )


def _on_existing(words: list[str], *, has_code: bool) -> Role | None:
    if not EXISTING & set(words) or not has_code:
        return None
    if _TRACK_WORDS & set(words):
        return Role.RECALL
    verbs = (_RECALL_VERBS, Role.RECALL), (_CHANGE_VERBS, Role.CHANGE), (_UNDO_VERBS, Role.UNDO)
    return next((role for some, role in verbs if words[0] in some), None)


def _of_an_order(words: list[str], *, has_number: bool) -> Role | None:
    if not ORDERS & set(words):
        return None
    if _ITEM_WORDS & set(words):
        return Role.ADD if has_number else None
    verbs = (_BEGIN_VERBS, Role.BEGIN), (_PLACE_VERBS, Role.PLACE), (_REVIEW_VERBS, Role.REVIEW)
    return next((role for some, role in verbs if words[0] in some), None)


def _of_memory(words: list[str]) -> Role | None:
    if words[0] == "record":
        return Role.RECORD
    alone = len(words) == 1 or bool(_ABOUT_CALLERS & set(words))
    if words[0] in _KEEP_VERBS and alone:
        return Role.KEEP
    return Role.FORGET if words[0] in _FORGET_VERBS and alone else None


def _of_a_talk(words: list[str], about: str) -> Role | None:
    if " ".join(words) in _END_NAMES or about.startswith(("hang up", "end the call", "ends the call")):
        return Role.END
    if set(words) & _HAND_OVER_VERBS and {*words, *about.split()} & _PERSON_WORDS:
        return Role.HAND_OVER
    return None


def _of_answers(first: str, about: str) -> Role:
    asks_first = re.search(
        r"\b(read back|read-back|commits?|(caller|user|customer) (has|must|confirms?))\b", about
    )
    if first in _COMMIT_VERBS or (asks_first and "confirm" in about) or "read back" in about:
        return Role.COMMIT
    if first in _SEARCH_VERBS or about.startswith(tuple(_SEARCH_VERBS)):
        return Role.SEARCH
    return Role.LOOKUP
