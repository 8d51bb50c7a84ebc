"""How many people: "for four", "two people", "me and my wife", and what recognisers write for them."""

from __future__ import annotations

from collections.abc import Sequence

from local.voice_live.mind.spans import Found, at, has_any, texts
from local.voice_live.mind.words import HOMOPHONES, Token, word_set

_PEOPLE = word_set("people persons person guests guest adults adult diners pax seats covers peoples heads")
_COMPANIONS = word_set(
    """
    wife husband partner girlfriend boyfriend friend mother father mum mom dad sister brother son daughter
    colleague boss date fiance neighbour client baby child grandmother aunt uncle
    """
)
_SEVERAL = word_set("friends kids children sons daughters colleagues brothers sisters guests others clients")
_COMPANY = _COMPANIONS | _SEVERAL | word_set("me myself i and plus my our a an the of couple parents both")
_ARE = (
    ("we", "are"), ("were",), ("there", "are"), ("theres",), ("there", "is"), ("will", "be"), ("itll", "be"),
    ("therell", "be"), ("well", "be"), ("would", "be"), ("wed", "be"), ("it", "is"), ("its",),
)  # fmt: skip
"""Words before a number that counts the party: "there will be four"."""
_PHRASES = {
    "just me": 1, "only me": 1, "just myself": 1, "by myself": 1, "on my own": 1, "for myself": 1,
    "me alone": 1, "dining alone": 1, "eating alone": 1,
    "a couple of us": 2, "a couple of people": 2, "a couple": 2, "both of us": 2, "the pair of us": 2,
    "half a dozen": 6, "half dozen": 6, "a dozen": 12, "dozen": 12,
}  # fmt: skip
_BOOKED = word_set(
    """
    table booking reservation tables dinner lunch party group family brunch book it reserve room spot
    place
    """
)
_NOT_PEOPLE = word_set(
    """
    oclock am pm thirty fifteen past days hours minutes courses euros nights stars oh ish sharp
    """
)
_FEW = 20
_MOST = 200


def find_party(
    tokens: Sequence[Token], used: frozenset[int] = frozenset(), *, loose: bool = False
) -> Found[int] | None:
    """The party size a sentence names.

    With `loose` a bare number counts: it answers "For how many people?".
    """
    words = texts(tokens)
    company, counted = _with_companions(tokens, words), _counted(tokens, words, used)
    numbered = _for_number(tokens, words, used)
    tabled = numbered if numbered is not None and at(words, numbered.start - 1) in _BOOKED else None
    stated = counted or tabled
    if stated is not None and company is not None and not stated.places & company.places:
        company = None  # "my wife and I want a table for six": the count says more
    return (
        company
        or counted
        or _phrase(words)
        or _only(tokens, words, used)
        or numbered
        or _standing(tokens, words, used)
        or (_bare(tokens, words, used) if loose else None)
    )


def _value(tokens: Sequence[Token], i: int, used: frozenset[int], *, homophones: bool = True) -> int | None:
    """The number at `i`, a homophone counted as one; "zero" is no party."""
    if not 0 <= i < len(tokens) or i in used or tokens[i].ordinal:
        return None
    value = tokens[i].number
    if value is None and homophones:
        value = HOMOPHONES.get(tokens[i].text)
    return value if value is not None and 1 <= value <= _MOST else None


def _with_companions(tokens: Sequence[Token], words: list[str]) -> Found[int] | None:
    """ "me and my wife" is two, "my wife, my two kids and I" four, "with three friends" four as well."""
    place = 0
    while place < len(words):
        end = place
        while end < len(words) and (words[end] in _COMPANY or tokens[end].cardinal is not None):
            end += 1
        found = _company(tokens, words, place, end) if end > place else None
        if found is not None:
            return found
        place = end + 1
    return None


def _company(tokens: Sequence[Token], words: list[str], start: int, end: int) -> Found[int] | None:
    """The party that an unbroken row of people makes, the speaker among them or bringing them along."""
    said = words[start:end]
    with_them = at(words, start - 1) == "with" and not {"table", "people"} & set(words)
    speaker = bool({"me", "myself"} & set(said)) or has_any(said, ("and i", "i and"))
    others = sum(_companions_at(tokens, words, i) for i in range(start, end))
    if others and (with_them or (speaker and {"and", "plus"} & set(said))):
        return Found(1 + others, start, end)
    for i in range(start, end - 2):
        more = _value(tokens, i + 2, frozenset(), homophones=False)
        joined = words[i] in ("me", "myself") and words[i + 1] in ("and", "plus")
        if joined and more and at(words, i + 3) not in _NOT_PEOPLE:
            return Found(1 + more, i, i + 3)  # "me plus three"
    return None


def _companions_at(tokens: Sequence[Token], words: list[str], i: int) -> int:
    """How many companions the word at `i` stands for: "my wife" is one, "my parents" two."""
    if words[i] in _COMPANIONS:
        return 1 if at(words, i - 1) in ("my", "a", "our", "the", "and") else 0
    if words[i] == "parents":
        return 2
    if words[i] in _SEVERAL:
        if words[max(0, i - 3) : i] == ["a", "couple", "of"]:
            return 2
        near = next((j for j in (i - 1, i - 2) if j >= 0 and tokens[j].cardinal is not None), i - 1)
        return _value(tokens, near, frozenset(), homophones=False) or 0
    return 0


def _standing(tokens: Sequence[Token], words: list[str], used: frozenset[int]) -> Found[int] | None:
    """A number that can only count people: "we are four", "Two at the Fern", or right after a time."""
    for i, token in enumerate(tokens):
        value = _value(tokens, i, used, homophones=False)
        if value is None or token.number is None or at(words, i + 1) in _NOT_PEOPLE:
            continue
        follows = at(words, i + 1) in (
            "",
            "and",
            "so",
            "at",
            "on",
            "for",
            "now",
            "then",
            "instead",
            "altogether",
            "in",
        )
        ends = follows or bool(token.mark) or i + 1 in used
        said = any(tuple(words[max(0, i - len(are)) : i]) == are for are in _ARE) and ends
        opens = (
            i == 0 and len(tokens) > 3 and at(words, 1) in ("at", "for", "in", "tonight", "tomorrow", "on")
        )
        if said or opens or (i - 1 in used and value <= _FEW):
            return Found(value, i, i + 1)
    return None


def _counted(tokens: Sequence[Token], words: list[str], used: frozenset[int]) -> Found[int] | None:
    """ "four people", "two adults and two children", "six of us", "for people" heard for "four people"."""
    total, start, end = 0, None, 0
    for i, word in enumerate(words):
        following = at(words, i + 1) if at(words, i + 1) != "more" else at(words, i + 2)
        of_us = following == "of" and at(words, i + 2) in ("us", "them")
        children = following in ("children", "kids", "child", "kid", "babies", "baby", "toddlers") and total
        if not (following in _PEOPLE or following == "couples" or of_us or children):
            continue
        who_follows = at(words, i + 2) in ("who", "that", "with", "whose", "like")
        if word == "one" and of_us:
            continue  # "one of us has an allergy" counts nobody
        if word in HOMOPHONES and (who_follows or (of_us and word == "or")):
            continue  # "a place for people who like fish" counts nobody
        one = children and word in ("a", "an", "and") and not following.endswith(("s", "children"))
        value = 1 if one else _value(tokens, i, used)
        if value is None:
            continue
        value *= 2 if following == "couples" else 1
        total, start, end = total + value, i if start is None else start, i + (3 if of_us else 2)
    return Found(total, start, end) if start is not None else None


def _only(tokens: Sequence[Token], words: list[str], used: frozenset[int]) -> Found[int] | None:
    """ "Just two, please." as the whole sentence: nobody says that of a time."""
    said = words[:-1] if words[-1:] == ["please"] else words
    if len(said) == 2 and said[0] in ("just", "only"):
        value = _value(tokens, 1, used)
        if value is not None:
            return Found(value, 0, 2)
    return None


def _phrase(words: list[str]) -> Found[int] | None:
    for phrase, value in _PHRASES.items():
        parts = phrase.split()
        for i in range(len(words) - len(parts) + 1):
            if words[i : i + len(parts)] == parts and at(words, i + len(parts)) != "of":
                return Found(value, i, i + len(parts))
    return None


def _for_number(tokens: Sequence[Token], words: list[str], used: frozenset[int]) -> Found[int] | None:
    """ "for four", "party of six", "table for for", "a table four for", "make it five"."""
    for i, word in enumerate(words):
        booked = at(words, i - 1) in _BOOKED
        four = word in ("four", "fore", "4")
        if word in ("for", "of", "four", "fore", "4") and booked:
            if word == "of" and words[i - 1] not in ("party", "group", "family", "table", "booking"):
                continue
            skip = 1 if at(words, i + 1) in ("the", "about", "around", "only", "just", "like", "us") else 0
            value = _value(tokens, i + 1 + skip, used)
            if value is not None and at(words, i + 2 + skip) not in _NOT_PEOPLE:
                return Found(value, i, i + 2 + skip)
            if four and i not in used and words[i - 1] in ("table", "booking", "reservation", "party"):
                return Found(4, i, i + 1)  # "a table four at eight": "for" was swallowed
        elif word == "for" or words[max(0, i - 1) : i + 1] in (
            ["make", "it"],
            ["make", "that"],
            ["were", "now"],
        ):
            skip = 1 if at(words, i + 1) in ("the", "about", "around", "only", "just", "us") else 0
            place = i + 1 + skip
            value = _value(tokens, place, used, homophones=_closes(tokens, words, place))
            if (
                value is not None
                and at(words, place + 1) not in _NOT_PEOPLE
                and not _minutes_follow(tokens, place)
            ):
                return Found(value, i, place + 1)
    return None


def _closes(tokens: Sequence[Token], words: list[str], i: int) -> bool:
    """True where a homophone can only be a number: nothing follows it that "to" or "for" could lead."""
    return (
        i >= len(tokens) - 1
        or bool(tokens[i].mark)
        or at(words, i + 1) in ("at", "on", "please", "tonight", "tomorrow", "under", "my")
    )


def _minutes_follow(tokens: Sequence[Token], i: int) -> bool:
    value = tokens[i + 1].cardinal if i + 1 < len(tokens) else None
    return value is not None and 10 <= value <= 59 and not tokens[i].mark


def _bare(tokens: Sequence[Token], words: list[str], used: frozenset[int]) -> Found[int] | None:
    """A number as the whole answer: "Four.", "Four, please.", "For." or "there will be four"."""
    for i, token in enumerate(tokens):
        if (token.number is not None and token.text not in HOMOPHONES) and at(
            words, i + 1
        ) not in _NOT_PEOPLE:
            value = _value(tokens, i, used)
            if value is not None and not (
                token.text == "one" and at(words, i - 1) in ("the", "that", "this")
            ):
                return Found(value, i, i + 1)
    content = [
        i for i, word in enumerate(words) if word not in ("please", "um", "uh", "er", "just", "yes", "oh")
    ]
    if len(content) == 1 and words[content[0]] in HOMOPHONES:
        return Found(HOMOPHONES[words[content[0]]], content[0], content[0] + 1)
    return None
