"""What recognisers write for words of the same sound, wherever the sentence itself shows what was meant."""

from __future__ import annotations

import re

_TOGETHER = {
    "to night": "tonight", "to morrow": "tomorrow", "to day": "today", "good bye": "goodbye",
    "week end": "weekend", "mid day": "midday", "some wear": "somewhere", "some where": "somewhere",
    "any where": "anywhere", "some thing": "something", "any thing": "anything", "o clock": "oclock",
    "a m": "am", "p m": "pm", "mon day": "monday", "tues day": "tuesday", "choose day": "tuesday",
    "wednes day": "wednesday", "thurs day": "thursday", "third day": "thursday", "fry day": "friday",
    "satur day": "saturday", "sun day": "sunday", "have pathate": "half past eight",
    "pass date": "past eight", "jump me": "just me", "trust me": "just me", "see food": "seafood",
    "pete za": "pizza", "japan ease": "japanese", "it alien": "italian", "tie land": "thailand",
    "veg an": "vegan", "wheel chair": "wheelchair",
}  # fmt: skip
"""What is written apart, or for another word of the same sound, whatever stands around it."""
_JOIN = re.compile(r"\b(" + "|".join(_TOGETHER) + r")\b", re.IGNORECASE)
_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MINUTES = "fifteen|thirty|forty[ -]five"
_SITES = (
    "river|harbou?r|sea|water|station|university|uni|park|centre|center|church|window|door|old town|docks"
)
_IN_CONTEXT = tuple(
    (re.compile(pattern, re.IGNORECASE), meant)
    for pattern, meant in (
        # "a masala dose" is a dosa, "what time dose it close" asks
        (r"(?<!\ba )(?<!masala )(?<!cheese )(?<!chicken )(?<!some )(?<!plain )\bdose\b", "does"),
        (rf"\bbuy(?= (?:the )?(?:{_SITES})\b)", "by"),
        (r"\ball (?=(?:town|part of (?:the )?(?:town|city))\b)", "old "),
        (r"\barbou?r\b", "harbour"),
        (
            rf"\b(?:half|halve|hof|harp)[ -](?:a|of|the|pas|part|bath|path)[ -](?=(?:{_HOURS})\b)",
            "half past ",
        ),
        (rf"\b(?:quarter|water|cord?er) (?:passed|pass|part|pas|paste) (?=(?:{_HOURS})\b)", "quarter past "),
        (rf"\b(?:water|cord?er|quarters?) (?:to|too|two) (?=(?:{_HOURS})\b)", "quarter to "),
        (rf"\bhalf, (?=(?:{_HOURS})\b)", "half "),
        (rf"\b({_HOURS}), (?=(?:{_MINUTES})\b(?! (?:people|persons|guests|of us|euros)\b))", r"\1 "),
        (r"\bneer\b", "near"),
        (r"\bwood\b(?! ?-?(?:oven|fire|fired|burning|panel|panels|floor))", "would"),
        (r"\bwere (?=is\b)", "where "),
        (r"\bveg[eio]n(s?)\b", r"vegan\1"),
        (r"\bt[iy]e?(?= (?:food|place|restaurant|cuisine|meal|joint|spot|curry)s?\b)", "thai"),
        (r"(?<=\bpad )t[iy]e?\b|(?<=\bpat )t[iy]e?\b", "thai"),
        (r"\bty\b", "thai"),
        (r"\bpit[sz]a(s?)\b", r"pizza\1"),
        (r"\btheir (?=(?:is|are|a|any|anywhere|somewhere)\b)", "there "),
        (r"(?<=\bis )their\b|(?<=\bare )their\b", "there"),
    )
)


def as_meant(text: str) -> str:
    """The text with the words that were meant."""
    text = _JOIN.sub(lambda found: _TOGETHER[found[1].lower()], text)
    for pattern, meant in _IN_CONTEXT:
        text = pattern.sub(meant, text)
    return text
