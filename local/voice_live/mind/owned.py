"""The words of a sentence that speak of something the caller has: "my table on Friday", "the booking that I
made under Kim", "we have a reservation at the Fern".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from local.voice_live.mind.dates import find_dates
from local.voice_live.mind.lexicon import lexicon
from local.voice_live.mind.names import find_name
from local.voice_live.mind.patterns import Line, line_of
from local.voice_live.mind.roles import EXISTING
from local.voice_live.mind.schema import Kind, Schema
from local.voice_live.mind.spans import at, places, texts
from local.voice_live.mind.times import find_times
from local.voice_live.mind.words import Token, tokenise, word_set

_NOUNS = EXISTING | {"table", "tables"}
_MINE = word_set("my our mine ours")
_THE = word_set("the that this")
_HAVE = word_set("have had got made booked reserved")
_I = word_set("i we ive weve id")
_MADE = word_set("booked made reserved have had placed got")
_ASKS = word_set("can could may might shall should would like want need please to")
"""Words before "have a table" in a wish for one."""
_BEFORE_A_DETAIL = word_set("on for at under in from with by the name of that which is was")
_OF_THE_HOUSE = word_set("line desk office team department service system")
"""Words after which a "booking" is none: "is that the booking line?"."""
_MOST_ADJECTIVES = 3


@dataclass(frozen=True, slots=True)
class Detail:
    """Something said of the thing right after its noun: "on Friday", "at eight". `lead` is its first word."""

    kind: Kind
    lead: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Owned:
    """The thing spoken of: tokens `start` to `noun_end` are its noun, the details follow."""

    tokens: tuple[Token, ...]
    start: int
    noun_end: int
    details: tuple[Detail, ...]

    @property
    def end(self) -> int:
        """The token after the last that belongs to it."""
        return self.details[-1].end if self.details else self.noun_end

    @property
    def line(self) -> Line:
        """The sentence with the thing as "it"."""
        return line_of(self.tokens, [(self.start, self.end)])

    @property
    def said(self) -> str:
        """The words of the thing and its details."""
        return _raw(self.tokens[self.start : self.end])

    @property
    def rest(self) -> str:
        """The sentence with "it" for the thing."""
        before, after = _raw(self.tokens[: self.start]), _raw(self.tokens[self.end :])
        return f"{before} it {after}".strip()

    def without_last_detail(self) -> Owned:
        """The same, its last detail given back to the rest of the sentence."""
        return Owned(self.tokens, self.start, self.noun_end, self.details[:-1])


def _raw(tokens: Sequence[Token]) -> str:
    return " ".join(token.raw + token.mark for token in tokens)


@lru_cache(maxsize=1024)
def find_owned(text: str, schema: Schema, now: datetime, names: tuple[str, ...]) -> Owned | None:
    """What the caller has already, if the sentence speaks of any."""
    tokens = tokenise(text)
    words = texts(tokens)
    span = next(_nouns(words), None)
    if span is None:
        return None
    return Owned(tokens, *span, tuple(_details(tokens, span[1], schema, now, names)))


def _nouns(words: list[str]) -> Iterator[tuple[int, int]]:
    """Where a thing is named, the plainest way first: "my booking", "the booking", "I have a booking"."""
    nouns = [i for i, word in enumerate(words) if word in _NOUNS and at(words, i + 1) not in _OF_THE_HOUSE]
    for i in nouns:
        owner = next(
            (j for j in range(i - 1, max(-1, i - 1 - _MOST_ADJECTIVES), -1) if words[j] in _MINE), None
        )
        if owner is not None:
            yield owner, _past_making(words, i + 1)
    for i in nouns:
        end = _past_making(words, i + 1)
        if at(words, i - 1) in _THE and (words[i] in EXISTING or end > i + 1):
            yield i - 1, end
    for i in nouns:
        article = i - 1 if at(words, i - 1) in ("a", "an", "another") else i
        had = at(words, article - 1) in _HAVE and at(words, article - 2) in (*_I, "already", "have", "just")
        wished = bool(_ASKS & set(words[max(0, article - 5) : article - 1]))
        end = _past_making(words, i + 1)
        if (had and not wished) or (article < i and end > i + 1):
            yield article, end


def _past_making(words: list[str], end: int) -> int:
    """ "that I made", "we have", "I booked last week": who made the thing belongs to it."""
    place = end + (1 if at(words, end) in ("that", "which") else 0)
    if at(words, place) not in _I:
        return end
    place += 1
    while at(words, place) in ("have", "just", "already", "had"):
        place += 1
        if at(words, place) not in _MADE | {"just", "already"}:
            return place
    return place + 1 if at(words, place) in _MADE else end


def _details(
    tokens: Sequence[Token], start: int, schema: Schema, now: datetime, names: tuple[str, ...]
) -> Iterator[Detail]:
    days = find_dates(tokens, now.date())
    clocks = find_times(tokens, now, places(days))
    name = find_name(tokens, places(days) | places(clocks), sure_only=True)
    subjects = lexicon(schema).choices(tokens, names).get(schema.subject, [])
    known = [
        *((Kind.DATE, day.start, day.end) for day in days),
        *((Kind.TIME, clock.start, clock.end) for clock in clocks),
        *((Kind.PERSON, one.start, one.end) for one in ([name] if name is not None else [])),
        *((Kind.CHOICE, match.start, match.end) for match in subjects),
    ]
    words = texts(tokens)
    while start < len(tokens) and not (start and tokens[start - 1].mark in (".", "?", "!")):
        reach = start
        while at(words, reach) in _BEFORE_A_DETAIL:
            reach += 1
        found = next((one for one in known if start <= one[1] <= reach < one[2]), None)
        if found is None:
            return
        yield Detail(found[0], at(words, start), start, found[2])
        start = found[2]
