"""Whether a caller only asks for the last turn again: "sorry?", "wie bitte?". No I/O."""

from __future__ import annotations

import re
import unicodedata

_LONGEST_REPAIR = 12
"""Words. Who says more than that has said something; and matching stays cheap."""

_SOFTENERS = {
    "en": r"um|uh|er|oh|ah|wait|please|hello|but|again",
    "de": r"ah|oh|hm|moment|bitte|hallo|mal|aber",
    "fr": r"euh|ah|oh|attendez|s il vous plait|allo|bonjour|mais",
    "es": r"eh|ah|oh|espere|por favor|hola|oiga|pero",
    "it": r"ehm|ah|oh|aspetti|per favore|per piacere|pronto|ma",
}
"""Words that change nothing about asking again."""

_REPAIRS = {
    "en": (
        r"(?:i m |im )?(?:so |very )?sorry|(?:i beg your )?pardon(?: me)?|excuse me|what|huh|eh",
        r"come again|(?:once )?again please|once more|one more time|you re breaking up",
        r"what (?:was|is) (?:that|it)|what (?:did|do|have) you (?:just )?(?:say|said|mean)",
        r"(?:can|could|would|will) you (?:please )?(?:say|repeat) (?:that|it|what you said|yourself)",
        r"(?:can|could) you (?:please )?(?:repeat|speak up|(?:speak|talk) (?:louder|slower|more slowly))",
        r"(?:say|repeat)(?: that| it)?|would you mind (?:saying|repeating) (?:that|it)",
        r"i (?:didn ?t|did not|don ?t|do not|can ?t|can not|cannot) (?:quite |really )?"
        r"(?:catch|get|hear|follow|understand)(?: you| that| it| what you said| a word)?"
        r"(?: very well| properly)?",
        r"can you hear me|are you (?:still )?there",
    ),
    "de": (
        r"wie|was|wie war das|ha|sorry|pardon|entschuldigung|entschuldigen sie|verzeihung",
        r"noch ?mals?|noch einmal",
        r"was (?:haben sie|hast du) (?:da |gerade |eben )?gesagt|was meinen sie(?: damit)?",
        r"(?:konnen|konnten|wurden) sie (?:das |es )?(?:bitte )?(?:noch ?mal |noch einmal )?(?:bitte )?"
        r"(?:wiederholen|sagen|lauter sprechen|langsamer sprechen)",
        r"(?:das |ich )?(?:habe|hab) (?:ich |sie |das |es |jetzt )*(?:akustisch )?nicht (?:ganz )?"
        r"(?:verstanden|gehort|mitbekommen)",
        r"(?:ich )?verstehe (?:sie |das )?nicht|ich kann sie (?:nicht|kaum) (?:horen|verstehen)",
        r"horen sie mich|sind sie noch da",
    ),
    "fr": (
        r"pardon|comment|quoi|hein|desolee?|excusez moi|je vous demande pardon|vous dites|encore une fois",
        r"(?:vous pouvez|pouvez vous|vous pourriez|pourriez vous) (?:s il vous plait )?(?:me |le )?"
        r"(?:repeter|redire(?: ca)?|parler plus (?:fort|lentement))",
        r"repetez|qu est ce que vous (?:avez dit|dites)|qu avez vous dit|c est a dire",
        r"(?:je n ai|j ai) pas (?:bien |tout )?(?:compris|entendu|saisi)",
        r"je (?:ne |n )?(?:vous )?(?:comprends|entends) (?:pas|rien)",
        r"vous m entendez|vous etes (?:toujours )?la",
    ),
    "es": (
        r"perdone?|disculpe|lo siento|como|que|mande|como dice|otra vez|de nuevo|una vez mas",
        r"(?:me |lo )?(?:puede|podria|puedes) "
        r"(?:repetir|repetirlo|repetirmelo|decirlo|hablar mas (?:alto|despacio))",
        r"repita(?:lo)?|que (?:ha dicho|dijo|dice|has dicho)|que quiere decir",
        r"no (?:lo |la |le |te |se )?(?:he )?(?:entendido|entiendo|entendi|oigo|oye|oi|oido|escucho|escuche)"
        r"(?: bien| nada)?",
        r"me (?:oye|escucha)|sigue ahi",
    ),
    "it": (
        r"(?:mi )?(?:scusi|scusa|perdoni)|pardon|come|cosa|che cosa|che|eh|come dice",
        r"ancora una volta|di nuovo|un altra volta",
        r"(?:puo|potrebbe|puoi) (?:ripetere|ripeterlo|dirlo|parlare piu (?:forte|piano|lentamente))",
        r"ripeta|(?:che )?cosa (?:ha|hai) detto|che ha detto|come ha detto|cosa (?:vuol dire|intende)",
        r"non (?:ho |la |lo |ti )*(?:capito|capisco|sentito|sento|afferrato)(?: bene| niente)?",
        r"mi sente|e ancora li",
    ),
}
"""Ways to ask for the last turn again without a word about the matter (open-class repair initiators), as
`plain_words` leaves them. `come` and `que` are among them, so only whole turns are compared."""


def plain_words(text: str) -> list[str]:
    """The words of `text` without case, accents and punctuation: recognisers differ in all three."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(sign for sign in folded if not unicodedata.combining(sign)))


def asks_again(text: str, language: str) -> bool:
    """Whether a whole turn of the caller, in a language such as "en-US", only asks for the last one again.

    In a language that has no entry here, nothing does.
    """
    words = plain_words(text)
    pattern = _PATTERNS.get(language.split("-")[0].casefold())
    if pattern is None or len(words) > _LONGEST_REPAIR:
        return False
    return pattern.fullmatch(" ".join(words)) is not None


def _repair_pattern(language: str) -> re.Pattern[str]:
    repair, softener = "|".join(_REPAIRS[language]), _SOFTENERS[language]
    return re.compile(rf"(?:(?:{softener}) )*(?:{repair})(?: (?:{repair}|{softener}))*")


LANGUAGES = tuple(_REPAIRS)
"""The languages with an entry here."""

_PATTERNS = {language: _repair_pattern(language) for language in _REPAIRS}
