"""Names of people, as callers give them."""

from __future__ import annotations

from collections.abc import Sequence

from local.voice_live.mind.spans import Found, texts
from local.voice_live.mind.vocabulary import COMMON
from local.voice_live.mind.words import Token, phrases, word_set

_LEADS = phrases(
    """
    my name is | my names | the name is | the names | name is | names | my name | under name of |
    under the name of | under the name |
    in the name of | in the name | by the name of | name of | surname is | last name is |
    family name is | surname | last name | name to | name should be | under | call me | call it |
    im called | i am called | put it under | book it under | put it down as | put it down under |
    put down | use | say | its for | it is for | this is | i am | im | it is | its | thats | that is |
    for | name | make it
    """
)
_STRONG = frozenset(
    phrases(
        """
    my name is | my names | the name is | the names | name is | names | under name of |
    under the name of | under the name | in the name of |
    by the name of | name of | surname is | last name is | family name is | surname | last name |
    call me | im called | i am called | put it under | book it under
    """
    )
)
"""Leads after which a name follows whatever it looks like; after the others it must look like a name."""
_SURE_OF_CAPITALS = ("under", "its for", "it is for")
"""Leads after which a word with a capital is a name."""
_AFTERWARDS = (["is", "the", "name"], ["is", "my", "name"], ["is", "the", "surname"])
"""What follows a name that comes first: "Walsh is the name"."""
_OWNERS = word_set("my our his her their")
_LIKELY = frozenset(["under", "my name"])
"""Leads after which a name need not have a capital."""

_ENDS = word_set(
    """
    at on for please and with tomorrow tonight today to from in by so but thanks thank if or the number
    phone my we off confirmed is are was will would can could there that it actually of i party people
    christmas easter thanksgiving valentines
    """
)
_TITLES = word_set("mr mrs ms miss dr doctor professor sir madam")
_PARTICLES = word_set("van von de der den la le del di da dos bin al mac st")
_NOT_NAMES = COMMON - {
    "green",
    "black",
    "white",
    "mark",
    "bill",
    "rose",
    "park",
    "young",
    "love",
    "hope",
    "grace",
}
_ALSO_NAMES = word_set(
    """
    will may june april august summer dawn faith joy ivy iris hunter mason carter baker cook king gray rich
    frank jack art pat drew chase skip sunny christian miles page reed lane
    """
)
"""Everyday words that are names as well: believed in the answer to "What name?", where nothing goes on."""
_COURTESIES = word_set("please thanks thank you cheers")
_MISHEARD_LEADS = word_set("a an your four fore and in")
_MOST_WORDS = 4


def find_name(
    tokens: Sequence[Token],
    used: frozenset[int] = frozenset(),
    *,
    asked: bool = False,
    sure_only: bool = False,
) -> Found[str] | None:
    """The person a sentence names, skipping the positions in `used`.

    With `asked` a bare name counts: it answers "What name shall I put it under?". With `sure_only` only what
    follows "my name is", "under" and the like.
    """
    words = texts(tokens)
    for told in (_before(tokens, words), _anothers(tokens, words)):
        if told is not None and not told.places & used:
            return told
    for lead in _LEADS:
        if sure_only and lead not in _STRONG and lead not in _SURE_OF_CAPITALS:
            continue
        found = _after(tokens, words, lead, asked)
        if found is not None and not found.places & used:
            return found
    found = _bare(tokens) if asked else None
    return found if found is None or not found.places & used else None


def name_at_end(tokens: Sequence[Token], used: frozenset[int]) -> Found[str] | None:
    """The name that a whole booking ends with: "..., at half past seven, Collins, please."

    What leads to it may be misheard: "four Collins", "I'm a Collins".
    """
    end = len(tokens)
    while end and tokens[end - 1].text in _COURTESIES:
        end -= 1
    start = end
    while start and end - start < _MOST_WORDS and _looks_like_a_name(tokens[start - 1]):
        if start < end and tokens[start - 1].mark:
            break
        start -= 1
    led = start and (tokens[start - 1].mark or tokens[start - 1].text in _MISHEARD_LEADS)
    if not led or start == end or not used.isdisjoint(range(start, end)):
        return None
    return Found(" ".join(_written(token) for token in tokens[start:end]), start, end)


def _looks_like_a_name(token: Token) -> bool:
    return token.capital and token.number is None and token.text not in _NOT_NAMES | _ENDS


def _after(tokens: Sequence[Token], words: list[str], lead: str, asked: bool) -> Found[str] | None:
    parts = lead.split()
    for start in range(len(words) - len(parts)):
        if words[start : start + len(parts)] != parts:
            continue
        place = start + len(parts)
        if words[place : place + 3] == ["the", "name", "of"]:
            place += 3
        sure = lead in _STRONG
        likely = sure or asked or lead in _LIKELY
        found = _read(tokens, place, believe_lower=likely, believe_common=sure, asked=asked)
        if found is not None:
            return Found(found.value, start, found.end)
    return None


def _before(tokens: Sequence[Token], words: list[str]) -> Found[str] | None:
    """ "Walsh is the name", "Anna Kelly is my name": the longest name that ends there."""
    for end in range(1, len(words) - 2):
        if words[end : end + 3] not in _AFTERWARDS:
            continue
        for start in range(max(0, end - _MOST_WORDS), end):
            found = _read(tokens, start, believe_lower=False)
            if found is not None and found.end == end:
                return Found(found.value, start, end + 3)
    return None


def _anothers(tokens: Sequence[Token], words: list[str]) -> Found[str] | None:
    """ "Put it under my wife's name, please, Priya"."""
    for i in range(2, len(words) - 1):
        if words[i] != "name" or words[i - 2] not in _OWNERS or not tokens[i - 1].raw.endswith("s"):
            continue
        place = i + 1
        while place < len(words) and words[place] in (
            "please",
            "instead",
            "thats",
            "its",
            "so",
            "which",
            "is",
        ):
            place += 1
        found = _read(tokens, place, believe_lower=False)
        if found is not None:
            return Found(found.value, i - 2, found.end)
    return None


def _read(
    tokens: Sequence[Token],
    start: int,
    *,
    believe_lower: bool,
    believe_common: bool = False,
    asked: bool = False,
) -> Found[str] | None:
    """The name that begins at `start`, up to a mark or a word no name goes on with."""
    if (spelled := _spelled(tokens, start)) is not None:
        return spelled
    parts: list[str] = []
    end = start
    for token in tokens[start : start + _MOST_WORDS]:
        word = token.text
        first = not parts or parts[-1].lower() in _TITLES
        alone = asked and first and word in _ALSO_NAMES and (token.mark or end + 1 == len(tokens))
        if token.number is not None or (word in _ENDS and word not in _PARTICLES and not alone):
            break
        if word in _NOT_NAMES and not alone and not (believe_common and first and word not in _ENDS):
            break
        if not token.capital and not believe_lower:
            break
        parts.append(_written(token))
        end += 1
        if token.mark and word not in _TITLES:
            break
    if not parts or parts[-1].lower() in _PARTICLES | _TITLES:
        return None
    return Found(" ".join(parts), start, end)


def _bare(tokens: Sequence[Token]) -> Found[str] | None:
    """The whole answer is a name: "Sarah Johnson, please."."""
    start = 0
    while start < len(tokens) and tokens[start].text in (
        "um",
        "uh",
        "er",
        "oh",
        "yes",
        "yeah",
        "sure",
        "okay",
        "ok",
        "well",
    ):
        start += 1
    return _read(tokens, start, believe_lower=True, asked=True)


def _spelled(tokens: Sequence[Token], start: int) -> Found[str] | None:
    """Single letters in a row, at least three: "J O N E S" is Jones."""
    end = start
    while end < len(tokens) and len(tokens[end].text) == 1 and tokens[end].text.isalpha():
        end += 1
    if end - start < 3:
        return None
    return Found("".join(token.text for token in tokens[start:end]).capitalize(), start, end)


def _written(token: Token) -> str:
    """The name as written when it has a capital inside ("McDonald", "O'Brien"), else capitalised."""
    if token.text in _PARTICLES:
        return token.raw
    if any(c.isupper() for c in token.raw[1:]) and not token.raw.isupper():
        return token.raw
    parts = token.raw.split("'")  # "o'connor", but "johnson's"
    return "'".join(p[:1].upper() + p[1:].lower() if len(p) > 1 or not i else p for i, p in enumerate(parts))
