"""What callers want kept about them or deleted, and what is worth keeping of what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.voice_live.mind.acts import Act, plainly_agrees
from local.voice_live.mind.asked import Wanted
from local.voice_live.mind.heard import Heard, Want
from local.voice_live.mind.matching import option_words
from local.voice_live.mind.reading import Reading
from local.voice_live.mind.roles import EXISTING, Role
from local.voice_live.mind.schema import Kind, Parameter, Tool
from local.voice_live.mind.slots import values_in
from local.voice_live.mind.talk import Talk
from local.voice_live.mind.words import plain, stem

_REMEMBER = re.compile(
    r"(?:^|\b(?:please|you|to|and|also|but|just) )(?:remember|note(?: down)?|keep in mind|bear in mind|"
    r"make a note|write down|dont forget|do not forget)(?: that| this| for next time)?\b[ ,:]*(?P<what>.*)$"
)
_NOT_HERE = re.compile(
    r"\b(?:remember|note) (?:me )?(?:to|what|when|where|how|which|the (?:code|name|time))\b"
)
_FORGET = """
    forget/delete/erase/remove/wipe/clear (all) (of) my/our data/details/information/number/record/records |
    forget/delete/erase/remove/wipe (about) me | forget/delete/erase * (that) you know/have/kept * me |
    forget/delete/erase everything/all (about/of) (me/us) | right to be forgotten | delete everything |
    forget/delete/erase my/our * allergy/allergies/preferences/name/language/places/party/history |
    forget that i am/like/have
"""
_KNOWS = """
    what/anything/everything * you know/remember/have/kept/got/stored (on/about) me/us |
    do you know/remember me/us | what is/do you keep/kept/known/stored about me/us
"""
_USUAL = (
    "the/my/our (same) usual | as usual | same as usual/always/before | same as last time | "
    "the same again | my/our regular/usual * | what i/we always/usually have/get/order"
)
_ORDER_WORDS = ("order", "delivery", "deliver", "food", "takeaway")
_ALLERGY = re.compile(
    r"\b(?:allergic to|allergy to|intolerant to|cant (?:eat|have)|cannot (?:eat|have)|must not (?:eat|have)) "
    r"(?P<to>[a-z ]+?)(?=[.,;!?]|$| and (?:i|we|my)\b| so\b| but\b)"
)
_ALLERGY_NOUN = re.compile(r"\b(?:an?|my|severe|bad|have|has) (?P<to>[a-z]+(?: [a-z]+)?) allergy\b")
_USUALLY = re.compile(r"\b(?:usually|always|normally|mostly)\b")
_FOLLOWS = re.compile(r"^(?:that )?(?:i am|im|we are|were|i|we|my|our)\b")
_PREFERS = re.compile(
    r"^(?:that )?(?:i|we)(?: (?:am|are|really|always|usually|would|do))* "
    r"(?:(?:like|love|prefer|want|enjoy|hate|dislike|need)(?: to (?:sit|have|eat))? )?(?P<what>.+)$"
)


def about_memory(talk: Talk, reading: Reading) -> Heard | None:
    """A wish about what is kept of the caller, or an answer to a question about it; else None."""
    keep, forget = talk.schema.with_role(Role.KEEP), talk.schema.with_role(Role.FORGET)
    asked = talk.asked.wanted if talk.asked is not None else None
    if asked is Wanted.KEEP and keep is not None and (answer := _answered(talk, reading, keep)) is not None:
        return answer
    if asked is Wanted.FORGET and forget is not None and plainly_agrees(reading.tokens, reading.acts):
        return Heard(Want.FORGET, reading.text, forget, talk.forgetting, agreed=True)
    if asked is Wanted.FORGET and Act.NO in reading.acts:
        return Heard(Want.DECLINE, reading.text)
    line, said = reading.line, plain(reading.text)
    if forget is not None and line.has(_FORGET) and not EXISTING & set(reading.words):
        return Heard(Want.FORGET, reading.text, forget, _only(forget, reading))
    if (keep is not None or talk.known.facts) and line.has(_KNOWS):
        return Heard(Want.KNOWN, reading.text)
    if keep is not None and (found := _REMEMBER.search(said)) and not _NOT_HERE.search(said):
        values = worth_keeping(keep, reading, explicit=found["what"])
        return Heard(Want.KEEP, reading.text, keep, values | _consent(keep, agreed=True))
    return _usual(talk, reading)


def _answered(talk: Talk, reading: Reading, keep: Tool) -> Heard | None:
    more = worth_keeping(keep, reading)
    if Act.NO in reading.acts and not more:
        return Heard(Want.KEEP, reading.text, keep, _consent(keep, agreed=False))
    if Act.YES in reading.acts and Act.NO not in reading.acts:
        values = {**talk.noted, **more}
        return Heard(Want.KEEP, reading.text, keep, values | _consent(keep, agreed=True))
    return None


def _consent(keep: Tool, *, agreed: bool) -> dict[str, Any]:
    flag = keep.of_kind(Kind.FLAG)
    return {flag.name: agreed} if flag is not None else {}


def _only(forget: Tool, reading: Reading) -> dict[str, Any]:
    """The one thing that is to be forgotten, where the tool knows it by a word of the sentence."""
    said = {stem(word) for word in reading.words}
    for parameter in forget.parameters:
        for option in parameter.options:
            if said & {stem(word) for word in option_words(option) if len(word) > 3}:
                return {parameter.name: option}
    return {}


def _usual(talk: Talk, reading: Reading) -> Heard | None:
    if not reading.line.has(_USUAL):
        return None
    begin, book = talk.schema.with_role(Role.BEGIN), talk.schema.with_role(Role.COMMIT)
    says_order = bool(set(_ORDER_WORDS) & set(reading.words)) or not talk.known.usual("table")
    if begin is not None and says_order and talk.known.usual("order"):
        return Heard(Want.ORDER, reading.text, begin, usual=True)
    values = talk.known.usual_values(book, "table") if book is not None else {}
    if book is None or not values:
        known = talk.known.facts or talk.schema.with_role(Role.KEEP) is not None
        return Heard(Want.NO_USUAL, reading.text) if known else None
    return Heard(Want.PREPARE, reading.text, book, values | values_in(reading, book, talk.schema, talk.now))


# --- what is worth keeping ---


def worth_keeping(keep: Tool, reading: Reading, explicit: str = "") -> dict[str, Any]:
    """What a sentence says of the caller, by the parameters of the tool that keeps it.

    `explicit` is what the caller asked to be remembered, in plain words.
    """
    said = plain(reading.text)
    found: dict[str, Any] = {}
    for parameter in keep.parameters:
        if _is_about(parameter, "allerg") and (allergies := _allergies(said)):
            found[parameter.name] = allergies
        elif parameter.kind is Kind.PARTY and _USUALLY.search(said) and reading.bare_party is not None:
            found[parameter.name] = reading.bare_party
        elif parameter.kind is Kind.PERSON and explicit and reading.person is not None:
            found[parameter.name] = reading.person.value
    liking = next((p for p in keep.parameters if _is_about(parameter=p, word="prefer")), None)
    if liking is not None and not found and (text := _preference(reading, explicit)):
        found[liking.name] = text
    return found


def _is_about(parameter: Parameter, word: str) -> bool:
    return word in parameter.label


def _allergies(said: str) -> str:
    found = [match["to"].strip() for match in (*_ALLERGY.finditer(said), *_ALLERGY_NOUN.finditer(said))]
    names = [
        name for one in found for name in re.split(r" (?:and|or) |, ", one) if name not in ("", "an", "a")
    ]
    return ", ".join(dict.fromkeys(name.removeprefix("a ").removeprefix("any ") for name in names))


_A_DIET = re.compile(
    r"\b(?:i am|im|we are|we both are|were|(?:we|i)(?: only)? eat)(?: an?| both| all| strictly)? "
    r"(?P<what>vegan|vegetarian|veggie|halal|kosher|coeliac|pescatarian|gluten free)s?\b"
)


def _preference(reading: Reading, explicit: str) -> str:
    diet = _A_DIET.search(plain(reading.text))
    if diet is not None:
        return diet["what"]
    if not explicit or not _FOLLOWS.match(explicit):
        return explicit.strip(" .!?")
    liked = _PREFERS.match(explicit)
    return (liked["what"] if liked is not None else explicit).strip(" .!?")


def keep_question(noted: Mapping[str, Any], keep: Tool) -> str:
    """The question whether something may be kept; an allergy is named in it."""
    allergy = next((noted[p.name] for p in keep.parameters if _is_about(p, "allerg") and p.name in noted), "")
    if not allergy:
        return "Shall I remember that for next time?"
    singular = ", ".join(one.removesuffix("s") for one in str(allergy).split(", "))
    return f"Shall I remember your {singular} allergy for next time?"


def forget_question(values: Mapping[str, Any]) -> str:
    """What would be deleted, and whether it should be."""
    what = " ".join(str(value).replace("_", " ") for value in values.values())
    kept = f"what is kept of your {what}" if what else "everything that is kept about you and what you said"
    return f"I would delete {kept}. That cannot be undone. Shall I delete it?"
