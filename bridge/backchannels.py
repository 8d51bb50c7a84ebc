"""Words that only say "I am listening", in the languages of callers, as speech recognisers spell them.

"Mm-hmm", "okay", "oh nice": whoever talks goes on talking. What is not listed here takes the floor, so that a
real word is never passed over.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_MOST_WORDS = 6
"""More signs of listening in a row are a wish to speak: "yeah yeah yeah okay okay okay okay"."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

_SOUND = re.compile(r"[hm]*m[hm]*|u+[hm]+|u+h+u+h+|a+h[ah]*|o+h*|w+o+w+|(?:ha){2,}h?")
"""Sounds that mean the same everywhere, however long they are drawn: "mm", "mhm", "hmm", "uhhuh", "ahh"."""

_EVERYWHERE = "okay, ok, o k, okey, okey dokey, super, bravo"

_LISTS = {
    "en": """
        yeah, yea, yah, ya, yep, yup, yes, right, all right, alright, sure, sure thing, huh, kay,
        okay then, ok then, all right then, alright then, right then, okie dokie,
        i see, i know, got it, i got it, got you, gotcha, i understand, understood,
        of course, good, very good, that's good, that is good, good to know, great, that's great,
        sounds great, nice, very nice, that's nice, cool, very cool, wonderful, lovely, that's lovely,
        perfect, excellent, awesome, amazing, fantastic, brilliant, sounds good, sounds nice,
        sounds lovely, fine, that's fine, fair enough, makes sense, make sense, that makes sense,
        interesting, really, exactly, absolutely, definitely, totally, true, indeed, that's right,
        that's true, my god, god, gosh, my, man, thanks, thank you, er, erm, oh well
    """,
    "de": """
        ja, jap, jo, joa, jawohl, genau, ach, so, achso, alles klar, klar, na klar, gut, sehr gut,
        ist gut, na gut, schön, sehr schön, toll, prima, wunderbar, perfekt, verstehe, ich verstehe,
        verstanden, stimmt, das stimmt, richtig, sicher, natürlich, in ordnung, gerne, interessant,
        wirklich, echt, passt, das passt, danke, äh, ähm, öh, einverstanden, nett, spitze, klasse,
        klingt gut, das klingt gut
    """,
    "fr": """
        oui, ouais, mouais, d'accord, daccord, bien, très bien, c'est bien, bon, c'est bon, bien sûr,
        je vois, je comprends, compris, j'ai compris, c'est ça, voilà, exactement, tout à fait, parfait,
        génial, excellent, formidable, entendu, ça marche, ça va, vraiment, intéressant, sympa,
        chouette, merci, euh, hum, ben, bah, eh bien, absolument, effectivement, en effet, certainement,
        cool
    """,
    "es": """
        sí, si, ajá, aja, vale, claro, claro que sí, ya, ya veo, bien, muy bien, está bien, qué bien,
        bueno, qué bueno, de acuerdo, entiendo, lo entiendo, entendido, comprendo, perfecto, genial,
        estupendo, excelente, exacto, exactamente, eso es, por supuesto, interesante, de verdad,
        en serio, cierto, correcto, gracias, eh, em, ay, guay
    """,
    "it": """
        sì, si, già, va bene, bene, molto bene, benissimo, d'accordo, certo, certamente, capito,
        ho capito, capisco, esatto, esattamente, giusto, perfetto, ottimo, bello, che bello, davvero,
        interessante, ecco, chiaro, è chiaro, naturalmente, vero, è vero, buono, grazie, eh, ehm, mh,
        beh
    """,
}
"""Signs of listening by language; a row of them is one as well, so "oh nice" need not be listed."""

_MISHEARD = "ma, mama, meh"
"""What recognisers make of a short "mm-hmm"."""

_MEANS_NO = re.compile(r"\bn?uh uh\b")

_HEARD_IN_NOISE = frozenset(
    {
        ("you",),
        ("thanks", "for", "watching"),
        ("thank", "you", "for", "watching"),
        ("we'll", "be", "right", "back"),
    }
)
"""What recognisers that learnt from films make of breath and hum."""

type _Words = tuple[str, ...]


def has_words(text: str) -> bool:
    """Whether a transcript holds speech, and not only what a recogniser makes of noise: "", "♪", "You"."""
    words = _words(text)
    return bool(words) and words not in _HEARD_IN_NOISE


def is_backchannel(text: str, language: str) -> bool:
    """Whether a whole transcript is a sign of listening: "Mm-hmm.", "Yeah, right", but not "okay but wait".

    `language` is a BCP-47 tag such as "en-US", or several with commas while the caller's is not known. Of a
    language not known here only what is understood everywhere counts. A text without words is none.
    """
    words = _words(text)
    return bool(words) and len(words) in _ends(words, language) and not _MEANS_NO.search(" ".join(words))


def may_become_backchannel(text: str, language: str) -> bool:
    """Whether the first words of a transcript leave it open: "I" may become "I see", or "I want sushi"."""
    words = _words(text)
    if _MEANS_NO.search(" ".join(words)):
        return False
    begun = _phrases(language)
    return any(
        end == len(words) or any(phrase[: len(words) - end] == words[end:] for phrase in begun)
        for end in _ends(words, language)
    )


def _words(text: str) -> _Words:
    plain = unicodedata.normalize("NFC", text.casefold()).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return tuple(_WORD.findall(plain))


@cache
def _phrases(language: str) -> frozenset[_Words]:
    tags = (tag.split("-")[0].strip().lower() for tag in language.split(","))
    return frozenset().union(*(_PHRASES.get(tag, _PHRASES[""]) for tag in tags))


def _ends(words: _Words, language: str) -> set[int]:
    """After how many of the words a row of backchannels may end; 0 is always one of them."""
    phrases = _phrases(language)
    most = min(len(words), _MOST_WORDS)
    ends = {0}
    for start in range(most):
        if start not in ends:
            continue
        if _SOUND.fullmatch(words[start]):
            ends.add(start + 1)
        ends |= {end for end in range(start + 1, most + 1) if words[start:end] in phrases}
    return ends


def _listed(language: str) -> frozenset[_Words]:
    phrases = ",".join((_EVERYWHERE, _MISHEARD, _LISTS.get(language, ""))).split(",")
    return frozenset(tuple(phrase.split()) for phrase in phrases if phrase.strip())


_PHRASES = {language: _listed(language) for language in ("", *_LISTS)}
