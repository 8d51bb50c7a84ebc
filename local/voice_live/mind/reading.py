"""Everything one sentence says by itself, before the conversation gives it a meaning.

Reading depends only on the sentence, the tools and the clock, so it is done once for each sentence
however often the conversation is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import lru_cache

from local.voice_live.mind.acts import Act, read_acts
from local.voice_live.mind.addresses import find_address
from local.voice_live.mind.dates import find_dates
from local.voice_live.mind.lexicon import VENUE_LEADS, find_place, lexicon
from local.voice_live.mind.matching import Match
from local.voice_live.mind.names import find_name, name_at_end
from local.voice_live.mind.party import find_party
from local.voice_live.mind.patterns import Line, line_of
from local.voice_live.mind.schema import Schema
from local.voice_live.mind.spans import Found, places, texts
from local.voice_live.mind.times import find_times
from local.voice_live.mind.vocabulary import STOPWORDS, related
from local.voice_live.mind.words import Token, fluent, phrases, stem, tokenise

_CORRECTIONS = tuple(
    tuple(phrase.split())
    for phrase in phrases(
        """
        no sorry | no wait | i mean | i meant | or rather | make that | no | sorry | actually | rather |
        correction | well
        """
    )
)
"""Words with which callers correct themselves, the longer ones first."""
_THE_FIRST = 2
"""Words at most in "the first", be it a day or an entry of a list."""
_RELATED_WORD = 0.7
"""A word that means much the same as one of a tool's own counts this much of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence says.

    The `bare_` values are what it means if it answers the question for such a value.
    """

    text: str
    tokens: tuple[Token, ...]
    line: Line
    """The same with what is named as "it", to look for ways of asking in."""
    acts: frozenset[Act] = frozenset()
    day: Found[date] | None = None
    clock: Found[time] | None = None
    party: Found[int] | None = None
    person: Found[str] | None = None
    bare_clock: time | None = None
    bare_party: int | None = None
    bare_person: str | None = None
    choices: Mapping[str, tuple[Match, ...]] = field(default_factory=dict)
    """The options named for each parameter that has options, by parameter name, best first."""
    guess: Match | None = None
    """The subject that unknown words may have been, where none is named."""
    food: Match | None = None
    place: str = ""
    """What follows "in", "near" and the like; `venue` what follows "at" and the like."""
    venue: str = ""
    pull: Mapping[str, float] = field(default_factory=dict)
    """How strongly the words point to each tool, by tool name."""

    @property
    def words(self) -> list[str]:
        """The words alone."""
        return texts(self.tokens)

    def choice(self, parameter: str) -> Match | None:
        """The best match for a parameter."""
        return next(iter(self.choices.get(parameter, ())), None)


@lru_cache(maxsize=2048)
def read(text: str, schema: Schema, now: datetime, names: tuple[str, ...] = ()) -> Reading:
    """Read a sentence. `names` are things learnt from tool results; `now` is the stated local time.

    Where the caller corrects himself ("for four, no sorry, five"), what comes after the correction counts
    first.
    """
    tokens = fluent(tokenise(text))
    whole = replace(_read(tokens, schema, now, names), text=text, acts=read_acts(tokens, text))
    split = _correction(tokens)
    if split is None:
        return whole
    after = _read(tokens[split[1] :], schema, now, names)
    before = _read(tokens[: split[0]], schema, now, names)
    after = _continued(before, after)
    return replace(
        whole,
        day=after.day or before.day,
        clock=after.clock or before.clock,
        party=after.party or before.party or whole.party,
        person=after.person or before.person,
        bare_clock=after.bare_clock or whole.bare_clock,
        bare_party=after.bare_party or whole.bare_party,
        bare_person=after.bare_person or whole.bare_person,
        choices=dict(whole.choices) | {name: found for name, found in after.choices.items() if found},
        food=after.food or before.food,
    )


def _correction(tokens: Sequence[Token]) -> tuple[int, int] | None:
    """Where the last self-correction stands inside the sentence: its first token and the one after it."""
    words = texts(tokens)
    for i in range(len(words) - 2, 0, -1):
        for marker in _CORRECTIONS:
            if words[i - 1 : i + 1] == ["as", "well"] or words[i : i + 2] == ["rather", "than"]:
                continue
            if tuple(words[i : i + len(marker)]) == marker and i + len(marker) < len(words):
                return i, i + len(marker)
    return None


def _continued(before: Reading, after: Reading) -> Reading:
    """ "for four, no, five": a bare number after a correction is of the kind corrected."""
    if not after.tokens or after.tokens[0].cardinal is None:
        return after
    last = max(
        (one for one in (before.day, before.clock, before.party) if one), key=lambda f: f.end, default=None
    )
    if last is None or last is before.day:
        return after
    if last is before.party and after.party is None:
        return replace(after, party=Found(after.tokens[0].cardinal, 0, 1))
    if last is before.clock and after.clock is None and after.bare_clock is not None:
        return replace(after, clock=Found(after.bare_clock, 0, 1))
    return after


def _read(tokens: tuple[Token, ...], schema: Schema, now: datetime, names: tuple[str, ...]) -> Reading:
    words = texts(tokens)
    address = find_address(tokens)
    housed = address.places if address is not None else frozenset[int]()
    all_days = [day for day in find_dates(tokens, now.date()) if not day.places & housed]
    days = sorted(_affirmed(all_days, words), key=lambda day: _may_be_a_place(tokens, day))
    used = places(all_days) | housed
    all_clocks = find_times(tokens, now, used)
    clocks = _affirmed(all_clocks, words)
    used |= places(all_clocks)
    if all_clocks and not clocks:
        clocks = find_times(tokens, now, used, loose=True)  # "not seven thirty, eight"
        used |= places(clocks)
    parties = _affirmed([p] if (p := find_party(tokens, used)) else [], words)
    used |= places(parties)
    if parties and not clocks:
        clocks = find_times(tokens, now, used, for_hours=True)  # "a table for two on Friday for seven"
        used |= places(clocks)
    person = find_name(tokens, used, sure_only=True)
    used |= person.places if person else frozenset()
    rest = tuple(_blank(token) if i in used else token for i, token in enumerate(tokens))
    lex = lexicon(schema)
    choices: dict[str, tuple[Match, ...]] = {}
    options_named = lex.choices(rest, names)
    for name, found in options_named.items():
        denied = {m.option for m in found if _denied(m.start, words)}
        choices[name] = tuple(m for m in found if m.option not in denied)
    named = choices.get(schema.subject, ())
    food = lex.food(rest, named, options_named)
    if food is not None:  # "pad thai" asks for a dish, not for Thai food
        inside = [name for name in choices if name != schema.subject]
        choices |= {name: tuple(m for m in choices[name] if not m.places < food.places) for name in inside}
    taken = used | frozenset(place for found in choices.values() for m in found for place in m.places)
    person = person or find_name(tokens, taken)
    if person is None and named and parties and clocks:
        person = name_at_end(tokens, taken)
    bare_party = find_party(tokens, places(days) | places(clocks), loose=True)
    bare_person = find_name(tokens, places(days) | places(clocks), asked=True)
    return Reading(
        text="",
        tokens=tokens,
        line=line_of(tokens, [(match.start, match.end) for match in named]),
        day=days[0] if days else None,
        clock=clocks[0] if clocks else None,
        party=parties[0] if parties else None,
        person=person,
        bare_clock=_bare_clock(tokens, now, places(days)),
        bare_party=bare_party.value if bare_party else None,
        bare_person=bare_person.value if bare_person else None,
        choices=choices,
        food=food,
        guess=None if named else lex.guess(rest, taken | (food.places if food else frozenset())),
        place=find_place(rest),
        venue=find_place(rest, VENUE_LEADS),
        pull=_pull([t for i, t in enumerate(tokens) if not any(i in m.places for m in named)], schema),
    )


def _may_be_a_place(tokens: Sequence[Token], day: Found[date]) -> bool:
    """ "The first" may be an entry of a list; any other day in the sentence is surer to be the day."""
    return any(token.ordinal for token in tokens[day.start : day.end]) and day.end - day.start <= _THE_FIRST


def _bare_clock(tokens: tuple[Token, ...], now: datetime, used: frozenset[int]) -> time | None:
    found = find_times(tokens, now, used, loose=True)
    return found[0].value if found else None


def _blank(token: Token) -> Token:
    """A token that has been understood and must not be taken for something else."""
    return Token("", "", mark=token.mark)


def _affirmed[T](found: Sequence[Found[T]], words: list[str]) -> list[Found[T]]:
    """The findings that are not denied ("not Friday"); after a denial, the later ones count."""
    return [one for one in found if not _denied(one.start, words)]


_DENIALS = phrases(
    """
    not | not on | not at | not for | not the | not a | other than | apart from | except | except for |
    instead of | rather than | sick of | tired of | dont like | dont want | dont fancy | anything but
    """
)


def _denied(start: int, words: list[str]) -> bool:
    """True after "not", "other than" and the like."""
    before = " ".join(words[max(0, start - 2) : start])
    return any(f" {before}".endswith(f" {denial}") for denial in _DENIALS)


def _pull(tokens: Sequence[Token], schema: Schema) -> dict[str, float]:
    stems = {stem(token.text) for token in tokens if token.text not in STOPWORDS and len(token.text) > 2}
    lent = {word for token in tokens for word in related(stem(token.text))}
    pull: dict[str, float] = {}
    for tool in schema.tools:
        direct = sum(tool.weights.get(word, 0.0) for word in stems)
        by_meaning = max((tool.weights.get(word, 0.0) for word in lent - stems), default=0.0)
        pull[tool.name] = direct + _RELATED_WORD * by_meaning
    return pull
