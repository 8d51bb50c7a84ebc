"""Failure messages turned into words for the caller.

A tool writes them for a model: "The restaurant is closed on Monday. Ask the caller for another day." The
caller hears the fact and a question.
"""

from __future__ import annotations

import re

from local.voice_live.mind.results import sentence, shorten


def say_failure(message: str) -> str:
    """A failure in words for the caller.

    The message is written for a model: "The restaurant is closed on Monday. Ask the caller for another day."
    Advice becomes the question itself, and talk about the caller becomes talk to the caller.
    """
    said = [_from_advice(part) for part in re.split(r"(?<=[.!?])\s+", message.strip()) if part]
    said.sort(key=lambda part: part.endswith("?"))  # the question last
    text = shorten(" ".join(part for part in said if part))
    return text or "I am sorry, that did not work."


_CALLER = r"(?:to )?(?:the )?(?:caller|customer|user|guest|them)\b"
_SO = re.compile(
    r"^(?:say so(?: if they have not been told)?|say only that|tell (?:them|the caller) so|apologi[sz]e)"
    r"(?:,? and\b|[;:,.])?\s*",
    re.IGNORECASE,
)
_ASK = re.compile(rf"^(?:please |then |so )?ask(?: {_CALLER})?\s+", re.IGNORECASE)
_OFFER = re.compile(rf"^(?:please |then |so )?offer(?: {_CALLER})?\s+", re.IGNORECASE)
_TELL = re.compile(
    rf"^(?:please )?(?:say|tell|inform|let|remind)\b(?: {_CALLER})?(?: know)?(?: that\b|:)?\s+", re.IGNORECASE
)
_FOR_THE_MODEL = re.compile(
    r"^(?:call|try|use|do not|don't|never|retry|give|pass|correct)\b.*"
    r"\b(?:tool|again|argument|parameter|call)",
    re.IGNORECASE,
)


_RULES = re.compile(r"^(?:nothing may be|take no more of|transfer again only|do not ask)\b", re.IGNORECASE)
"""Sentences that bind the model and are nothing to the caller."""
_A_TOOL = re.compile(r"\b[a-z]+_[a-z_]+\b")
"""The name of a tool, which is nothing to the caller."""
_IF_ASK = re.compile(rf"^(if .+?), ask(?: {_CALLER})? for (.+?)[ .]*$", re.IGNORECASE)
_STILL_WITH_US = re.compile(rf",? and {_CALLER} is still (?:with you|there|on the line)\b", re.IGNORECASE)
_WRITTEN = re.compile(r",? which is \d{4}-\d{2}-\d{2}[ T]?[\d:]*")
"""A moment as the tool takes it, after the same in words."""
_AND_CALL = re.compile(r",? and call again\b.*$", re.IGNORECASE)


def _from_advice(part: str) -> str:
    part = _WRITTEN.sub("", _STILL_WITH_US.sub("", part))
    part = _AND_CALL.sub("", _SO.sub("", part))
    part = re.sub(rf"[;,] [^;,.]*{_A_TOOL.pattern}[^;.]*", "", part)
    if not part or _FOR_THE_MODEL.match(part) or _RULES.match(part):
        return ""
    if condition := _IF_ASK.match(part):
        return f"{sentence(to_caller(condition[1]))[:-1]}, could you tell me {to_caller(condition[2])}?"
    if asking := _ASK.match(part):
        wish, _, aside = to_caller(part[asking.end() :].rstrip(" .?!")).partition("; ")
        aside = "" if _A_TOOL.search(aside) or aside.startswith("or ") else aside
        return f"{sentence(aside)} {_as_question(wish)}" if aside else _as_question(wish)
    if offering := _OFFER.match(part):
        return _as_offer(to_caller(part[offering.end() :].rstrip(" .?!")))
    if telling := _TELL.match(part):
        return sentence(to_caller(part[telling.end() :]))
    return sentence(to_caller(part))


def _as_offer(rest: str) -> str:
    if rest.startswith(("help", "to help")):
        instead = rest.partition(" or to ")[2]
        return (
            f"Shall I {instead}?"
            if instead and not instead.startswith("try again")
            else "What else can I do for you?"
        )
    if rest.startswith("to "):
        wish, _, aside = rest[3:].partition(": ")
        return f"{sentence(aside)} Shall I {wish}?" if aside else f"Shall I {wish}?"
    return f"Here is {rest}." if ": " in rest else f"I could offer {rest}. Would that suit you?"


def _as_question(rest: str) -> str:
    """ "for another time" or "which day they mean" as a question to the caller."""
    lowered = rest.lower()
    if lowered.startswith(("whether ", "if ")):
        clause = rest.split(" ", 1)[1]
        flipped = re.match(r"you (would|will|can|could|should|may|are|have) (.*)", clause)
        if flipped:
            return f"{flipped[1].capitalize()} you {flipped[2]}?"
        if re.match(r"you (mean|want|need|like|prefer|have)\b", clause):
            return f"Do {clause}?"
        modal = re.match(r"(.*?) (would|will|can|could|is|are) (.*)", clause)
        if modal:
            return f"{modal[2].capitalize()} {modal[1]} {modal[3]}?"
        return f"Could you tell me whether {clause}?"
    if lowered.startswith("to "):
        return f"Could you {rest[3:]}?"
    if question := re.match(
        r"(which|what|when|where|who|how)\b(.*?) you (would|will|want|mean|have|like|prefer|can)\b(.*)", rest
    ):
        head, helper, tail = f"{question[1]}{question[2]}", question[3], question[4]
        if helper in ("want", "mean", "have", "like", "prefer"):
            return f"{head.capitalize()} do you {helper}{tail}?"
        return f"{head.capitalize()} {helper} you{tail}?"
    if lowered.startswith("for which "):
        return f"{rest.capitalize()}?"
    if lowered.startswith(("at what ", "how many", "what ", "which ")):
        return f"{rest[:1].upper()}{rest[1:]}?"
    return f"Could I ask you {rest}?" if lowered.startswith("for ") else f"{rest[:1].upper()}{rest[1:]}?"


_PERSONS = (
    (r"\bthe (?:caller|customer|user|guest)'s\b", "your"),
    (r"\bthe (?:caller|customer|user) (mean|want|need|like|prefer)s\b", r"you \1"),
    (r"\b(?:the )?(?:caller|customer|user) has\b", "you have"),
    (r"\bthe (?:caller|customer|user)\b", "you"),
    (r"\bthey are\b", "you are"),
    (r"\bthey're\b", "you are"),
    (r"\bthey\b", "you"),
    (r"\btheirs?\b", "your"),
    (r"\bthem\b", "you"),
)
"""Talk about the caller, and the same to the caller."""


def to_caller(text: str) -> str:
    """Talk about the caller turned into talk to the caller."""
    for pattern, word in _PERSONS:
        text = re.sub(pattern, word, text, flags=re.IGNORECASE)
    return text
